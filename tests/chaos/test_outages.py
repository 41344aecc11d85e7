"""The database goes down in the middle of an import, and comes back with an empty stage."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.chaos.crash import CrashingPostgres, crashing_postgres
from tests.chaos.drag import slow_down
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.follower import Follower
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_imported
from tests.chaos.waiting import eventually
from tests.homes import clear
from tests.ports import free_port

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

_INNARDS = ("Traceback", "psycopg", "SELECT", "postgresql://", "/src/tranche", "OperationalError")


@pytest.fixture(scope="module")
def postgres(session_home: Path) -> Iterator[CrashingPostgres]:
    """Below the session's home, so that it is cleared away even when the session is killed."""
    home = session_home / f"crash-{os.getpid()}"
    with crashing_postgres(home) as server:
        yield server
    clear(home)


@pytest.fixture
def house(postgres: CrashingPostgres, tmp_path: Path) -> Iterator[House]:
    made = House(app_url=postgres.app_url, owner_url=postgres.owner_url, home=tmp_path / "home")
    slow_down(made, seconds_per_order=0.0006)
    yield made
    made.close()


def test_an_import_survives_crashes_of_the_database_and_its_watchers_see_the_end(
    postgres: CrashingPostgres, house: House, crew: Crew
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    crew.server(port)
    for number in range(SCALE.rounds):
        file = make_file(f"D{number}", orders=4_000)
        started = house.upload(file)
        steady = Follower(url, house.key, operation_id=started.operation_id)
        restless = Follower(url, house.key, operation_id=started.operation_id)
        assert steady.begun.wait(30)
        assert restless.begun.wait(30)
        workers = [crew.worker() for _ in range(2)]  # only now: on a slow machine all would be done before they look
        house.wait_for_commits(started, orders=300)
        with postgres.away(seconds=3):
            restless.drop()
            _assert_polite(url, house.key, started)
        house.wait(started)
        _assert_read_again(house, file, started)
        _assert_saw_the_end(steady)
        _assert_saw_the_end(restless)
        assert restless.connections >= 2
        assert set(restless.refusals) <= {503}
        for worker in workers:
            worker.kill()


def test_a_crash_while_the_file_is_read_or_the_work_is_paused_costs_only_time(
    postgres: CrashingPostgres, house: House, crew: Crew
) -> None:
    crew.workers(1)
    file = make_file("S", orders=4_000)
    started = house.upload(file)
    eventually(house.claims, seconds=30, what="a claim")
    with postgres.away(seconds=0.5):
        pass
    house.wait(started)
    assert_imported(house, file, started)

    # So many that the chunks which are under way at the pause cannot be all that is left.
    paused = make_file("Q", orders=16_000)
    started = house.upload(paused)
    house.wait_for_commits(started, orders=300)
    with house.database.transaction(house.ctx.organization_id) as conn:
        house.operations.pause(conn, house.ctx, operation_id=started.operation_id)
    eventually(lambda: not house.claims(), seconds=30, what="the end of the chunks that were under way")
    with postgres.away(seconds=0.5):
        pass
    house.resume(started)
    house.wait(started)
    _assert_read_again(house, paused, started)


def _assert_read_again(house: House, file: OrdersFile, started: Started) -> None:
    assert_imported(house, file, started)
    events = house.rows(
        "SELECT event FROM operation_events WHERE operation_id = %(id)s ORDER BY id", {"id": started.operation_id}
    )
    assert "restarted" in [row["event"] for row in events], "the crash missed the stage, so the test proved nothing"


def _assert_polite(url: str, key: str, started: Started) -> None:
    """While the database is away: 503 with the time to come back, and nothing of our insides."""
    headers = {"Authorization": f"Bearer {key}"}
    operation = f"/api/operations/{started.operation_id}"
    upload = {"file": ("x.csv", b"orderId,quantity,unitPrice\nX,1,1\n")}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client, ThreadPoolExecutor(5) as pool:
        sent = [pool.submit(client.get, path) for path in (operation, "/api/orders/batches", f"{operation}/events")]
        sent.append(pool.submit(client.post, f"{operation}/pause"))
        sent.append(pool.submit(client.post, "/api/orders/upload", files=upload))
        answers = [one.result(60) for one in sent]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.json()["status"] == 503
        assert not [word for word in _INNARDS if word in answer.text]


def _assert_saw_the_end(follower: Follower) -> None:
    assert follower.finished.wait(20), f"it did not see the end: {follower.last}"
    assert follower.versions == sorted(set(follower.versions)), "an event came twice, or out of order"
    follower.close()
