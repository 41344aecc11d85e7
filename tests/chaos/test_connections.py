"""Connections that fall silent without a word, and notifications that never come."""

import time
from collections.abc import Iterator

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.drag import house_do, slow_down
from tests.chaos.files import make_file
from tests.chaos.follower import Follower
from tests.chaos.house import House
from tests.chaos.processes import Crew
from tests.chaos.proxy import Proxy
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_imported
from tests.chaos.waiting import eventually
from tests.databases import DatabaseUrls
from tests.ports import free_port
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import connect

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

_NOTICED_WITHIN = 30.0
_MOST_ENDED = 25
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = %(database)s AND application_name LIKE 'tranche%%'"
_LIVING_QUEUE = "SELECT FROM procrastinate_workers WHERE last_heartbeat > clock_timestamp() - interval '3 seconds'"


@pytest.fixture
def proxy(house: House) -> Iterator[Proxy]:
    with Proxy(house.app_url) as made:
        yield made


def test_a_worker_notices_within_30_seconds_that_its_database_vanished(house: House, crew: Crew, proxy: Proxy) -> None:
    slow_down(house, seconds_per_order=0.001)
    file = make_file("H", orders=2_400)
    crew.workers(1, DATABASE_URL=proxy.url)
    started = house.upload(file)
    house.wait_for_commits(started, orders=100)
    proxy.vanish()
    lost = time.monotonic()
    time.sleep(2)  # what had been sent before is done by now
    before = house.operation(started)
    assert not before.status.is_terminal
    eventually(
        lambda: house.operation(started).version > before.version,
        seconds=_NOTICED_WITHIN - (time.monotonic() - lost),
        what="any progress after the connection was lost",
    )
    # The queue's own connections were lost as well.
    eventually(
        lambda: house.rows(_LIVING_QUEUE),
        seconds=_NOTICED_WITHIN - (time.monotonic() - lost),
        what="a sign of life of the worker's queue",
    )
    house.wait(started)
    assert_imported(house, file, started)
    following = make_file("I", orders=100)
    again = house.upload(following)
    eventually(lambda: house.operation(again).started_at, seconds=10, what="the start of the next import")
    house.wait(again)
    assert_imported(house, following, again)


def test_sessions_that_are_ended_at_random_cost_only_time(
    house: House, crew: Crew, postgres: EmbeddedPostgres, database_urls: DatabaseUrls
) -> None:
    chance = make_chance()
    slow_down(house, seconds_per_order=0.001)
    workers = crew.workers(2)
    for number in range(SCALE.rounds):
        file = make_file(f"T{number}", orders=4_000)
        started, ended = house.upload(file), 0
        with connect(postgres.superuser_url) as conn:
            while not house.operation(started).status.is_terminal:
                time.sleep(chance.uniform(0.05, 0.4))
                sessions = conn.execute(_SESSIONS, {"database": database_urls.name}).fetchall()
                if sessions and ended < _MOST_ENDED:
                    conn.execute("SELECT pg_terminate_backend(%(pid)s)", chance.choice(sessions))
                    ended += 1
        assert ended
        assert_imported(house, file, started)
    assert all(worker.lives for worker in workers)


def test_a_missed_notification_costs_a_worker_at_most_one_poll(house: House, crew: Crew) -> None:
    crew.workers(1, TRANCHE_SWEEP_SECONDS="60")  # the sweep would find it too
    house_do(house, "ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
    for number in range(SCALE.rounds):
        file = make_file(f"N{number}", orders=100)
        started = house.upload(file)
        eventually(lambda: house.operation(started).started_at, seconds=20, what="the start, one poll later")  # noqa: B023
        house.wait(started)
        assert_imported(house, file, started)


def test_a_watcher_sees_the_end_although_the_servers_ear_is_deaf(house: House, crew: Crew, proxy: Proxy) -> None:
    port = free_port()
    crew.server(port, TRANCHE_LISTEN_URL=proxy.url)
    file = make_file("W", orders=3_000)
    started = house.upload(file)
    follower = Follower(f"http://127.0.0.1:{port}", house.key, operation_id=started.operation_id)
    eventually(lambda: follower.versions, seconds=20, what="the first event")
    proxy.mute()
    crew.workers(1)
    house.wait(started)
    assert follower.finished.wait(float(SCALE.timings.get("TRANCHE_SWEEP_SECONDS", "5")) + 3), follower.last
    follower.close()
    assert_imported(house, file, started)
