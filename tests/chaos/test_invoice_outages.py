"""Runs of invoices while the database, a connection or a server goes away, and while clients repeat themselves."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.chaos.crash import CrashingPostgres, crashing_postgres
from tests.chaos.drag import house_do
from tests.chaos.follower import Follower
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew
from tests.chaos.proxy import Proxy
from tests.chaos.scale import SCALE
from tests.chaos.selling import Sale, assert_invoiced, begin_run, make_sale, slow_invoices
from tests.chaos.waiting import eventually
from tests.homes import clear
from tests.ports import free_port

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

_ORDERS = 10_000 if SCALE.is_long else 1_500
_CRASHES = 5 if SCALE.is_long else 2
_CLICKS = 8
_BATCH = "/functions/v1/batch-invoice-orders"
_INNARDS = ("Traceback", "psycopg", "SELECT", "postgresql://", "/src/tranche", "OperationalError")
_WHOSE = ["one chunk at a time", "chunks side by side"]


@pytest.fixture(scope="module")
def crashing(session_home: Path) -> Iterator[CrashingPostgres]:
    """Below the session's home, so that it is cleared away even when the session is killed."""
    home = session_home / f"crash-invoices-{os.getpid()}"
    with crashing_postgres(home) as server:
        yield server
    clear(home)


@pytest.mark.parametrize("tracked", [True, False], ids=_WHOSE)
def test_a_run_survives_crashes_of_the_database_and_its_watchers_see_the_end(
    crashing: CrashingPostgres, tmp_path: Path, *, tracked: bool
) -> None:
    house = House(app_url=crashing.app_url, owner_url=crashing.owner_url, home=tmp_path / "home")
    crew = Crew(house, tmp_path)
    try:
        _crash_often(house, crew, crashing, tracked=tracked)
    finally:
        crew.close()
        house.close()


def _crash_often(house: House, crew: Crew, crashing: CrashingPostgres, *, tracked: bool) -> None:
    slow_invoices(house, seconds_per_invoice=0.002 if SCALE.is_long else 0.004)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    crew.workers(2)
    crew.server(port)
    sale = make_sale(house, orders=_ORDERS, tracked=tracked)
    started = begin_run(house)
    follower = Follower(url, house.key, operation_id=started.operation_id)
    step = _ORDERS // (2 * _CRASHES)
    for number in range(_CRASHES):
        _wait_for(house, started, invoices=1 + number * step)
        with crashing.away(seconds=1):
            _assert_polite(url, house.key, sale)
    house.wait(started, seconds=300)
    assert_invoiced(house, sale)
    assert follower.finished.wait(30), f"it did not see the end: {follower.last}"
    assert follower.versions == sorted(set(follower.versions)), "an event came twice, or out of order"
    assert set(follower.refusals) <= {503}
    assert follower.last["succeeded"] == len(sale.order_ids)
    follower.close()


def test_a_worker_that_loses_its_database_without_a_word_leaves_nothing_half_done(house: House, crew: Crew) -> None:
    slow_invoices(house, seconds_per_invoice=0.001)
    sale = make_sale(house, orders=_ORDERS)
    with Proxy(house.app_url) as proxy:
        crew.workers(1, DATABASE_URL=proxy.url)
        started = begin_run(house)
        _wait_for(house, started, invoices=100)
        proxy.vanish()
        lost = time.monotonic()
        time.sleep(2)  # what had been sent before is done by now
        before = house.operation(started)
        assert not before.status.is_terminal
        eventually(lambda: house.operation(started).version > before.version, seconds=30, what="any progress")
        assert time.monotonic() - lost < 30
        house.wait(started, seconds=180)
    assert_invoiced(house, sale)


def test_a_run_of_which_no_worker_hears_is_begun_at_the_next_poll(house: House, crew: Crew) -> None:
    poll = 5.0 if SCALE.is_long else 2.0
    crew.workers(1, TRANCHE_SWEEP_SECONDS=str(poll))
    sale = make_sale(house, orders=300)
    house_do(house, "ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
    started = begin_run(house)
    eventually(lambda: house.operation(started).started_at, seconds=poll + 2, what="the start")
    house.wait(started)
    assert_invoiced(house, sale)


def test_many_clicks_at_once_make_one_run_and_many_runs_invoice_every_order_once(house: House, crew: Crew) -> None:
    port = free_port()
    crew.server(port)
    sale = make_sale(house, orders=_ORDERS)
    body = {"filter": {"search": "SO", "status": "open"}}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ThreadPoolExecutor(_CLICKS) as pool,
    ):
        client.headers["Authorization"] = f"Bearer {house.key}"

        def click(key: str | None) -> httpx.Response:
            return client.post(_BATCH, json=body, headers={"Idempotency-Key": key} if key else {})

        same = list(pool.map(click, ["click"] * _CLICKS))
        assert {answer.status_code for answer in same} <= {202, 409}, [answer.text for answer in same]
        assert len({answer.json()["job_id"] for answer in same if answer.status_code == 202}) == 1
        others = [answer.json() for answer in pool.map(click, [None] * 2)]
        assert click("click").json() == next(answer.json() for answer in same if answer.status_code == 202)
    runs = house.rows("SELECT id FROM operations ORDER BY id")
    assert len(runs) == 3, "a click that was repeated began a run of its own"
    assert {other["total_items"] for other in others} == {_ORDERS}
    crew.workers(2)
    ended = [house.wait(Started(operation_id=run["id"], import_id=0, batch_id=0), seconds=300) for run in runs]
    assert [operation.status for operation in ended] == ["completed"] * 3
    assert sum(operation.succeeded for operation in ended) == _ORDERS
    assert sum(operation.skipped for operation in ended) == 2 * _ORDERS
    assert_invoiced(house, sale, in_order=False)


def test_a_server_with_watchers_of_a_run_ends_within_5_seconds_and_the_run_goes_on(house: House, crew: Crew) -> None:
    slow_invoices(house, seconds_per_invoice=0.002)
    ports = free_port(), free_port()
    server = crew.server(ports[0])
    crew.workers(2)
    sale = make_sale(house, orders=_ORDERS)
    started = begin_run(house)
    url = f"http://127.0.0.1:{ports[0]}"
    followers = [Follower(url, house.key, operation_id=started.operation_id) for _ in range(10)]
    for follower in followers:
        eventually(lambda: follower.versions, seconds=30, what="an open stream")  # noqa: B023  # asked at once
        follower.move(f"http://127.0.0.1:{ports[1]}")
    begun = time.monotonic()
    server.terminate()
    assert server.wait(5) == 0, server.said()
    assert time.monotonic() - begun < 5
    crew.server(ports[1])
    house.wait(started, seconds=180)
    for follower in followers:
        assert follower.finished.wait(20), follower.last
        assert follower.versions == sorted(set(follower.versions))
        follower.close()
    assert [follower.broken for follower in followers] == [0] * len(followers)
    assert_invoiced(house, sale)


def _wait_for(house: House, started: Started, *, invoices: int) -> None:
    def some() -> bool:
        found = house.operation(started)
        assert not found.status.is_terminal, f"it ended before the fault could strike: {found}"
        return found.succeeded >= invoices

    eventually(some, seconds=120, what=f"{invoices} invoices")


def _assert_polite(url: str, key: str, sale: Sale) -> None:
    """While the database is away: 503 with the time to come back, and nothing of our insides."""
    headers = {"Authorization": f"Bearer {key}"}
    one = {"order_id": sale.order_ids[-1]}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client, ThreadPoolExecutor(5) as pool:
        sent = [pool.submit(client.get, path) for path in ("/api/batch-jobs", "/api/invoices")]
        sent.append(pool.submit(client.post, _BATCH, json={"order_ids": sale.order_ids[-2:]}))
        sent.append(pool.submit(client.post, "/functions/v1/process-batch-jobs"))
        sent.append(pool.submit(client.post, "/functions/v1/create-invoice-from-order", json=one))
        answers = [each.result(60) for each in sent]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["status"] == 503
        assert not [word for word in _INNARDS if word in answer.text]
