"""What a source may do in the middle of a run, and what readers see meanwhile."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import HOME, Desk
from tests.chaos.proxy import Proxy
from tests.live import Live
from tranche.billing_stops.sources import feed
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import connect

_SLOW = (
    "SELECT 'CRP1' AS crp_account_no, n::text AS cpc_customer_no, pg_sleep({pause})::text AS customer_name, "
    "NULL AS address, NULL AS last_bill_date, 1 AS current_balance FROM generate_series(1, {rows}) AS n"
)


@pytest.fixture
def proxy(company: Company) -> Any:
    with Proxy(company.url) as way:
        yield way


@pytest.fixture
def far(proxy: Proxy, company: Company, open_live: Callable[..., Live]) -> Desk:
    """A house whose source is reached by TCP, with a user and a password."""
    live = open_live()
    folder = live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "slow.sql").write_text(_SLOW.format(pause="0.02", rows=3_000))
    return Desk(live).use(_by_tcp(proxy, company))


def _by_tcp(proxy: Proxy, company: Company, **more: Any) -> dict[str, Any]:
    port = int(proxy.url.rpartition(":")[2].partition("/")[0])
    return {
        "kind": "postgresql", "host": "127.0.0.1", "port": port, "database": company.name, "user": "tranche_app",
        "password": "not asked for", **more,
    }  # fmt: skip


def test_a_source_by_tcp_is_read_as_the_sample_is(far: Desk) -> None:
    assert far.run()["status"] == "completed"


def test_a_source_killed_in_mid_run_leaves_the_old_data(
    far: Desk, proxy: Proxy, company: Company, postgres: EmbeddedPostgres
) -> None:
    first = far.run()
    before = far.analysis()
    far.use(_by_tcp(proxy, company, query="slow.sql"))
    started = far.trigger().json()
    far.until_running()
    ends = time.monotonic() + 40
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'tranche snapshot' AND datname = current_database()"
    )
    with connect(postgres.url("postgres", database=company.name)) as superuser:
        while far.status()["is_running"]:
            assert time.monotonic() < ends, "the run does not end"
            superuser.execute(kill.encode())
            time.sleep(0.1)
    operation = far.live.wait(started["operation_id"])
    assert (operation["status"], operation["error"]["code"]) == ("failed", "source_unavailable")
    assert far.analysis() == before
    assert far.status()["published_run_id"] == first["run_id"]
    assert far.status()["last"]["status"] == "failed"


def test_a_silent_source_counts_as_gone(
    far: Desk, proxy: Proxy, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_POLL", 0.1)
    far.use(_by_tcp(proxy, company, query="slow.sql", timeoutSeconds=10))
    started = far.trigger().json()
    company.wait_until_read()
    proxy.mute()
    operation = far.live.wait(started["operation_id"], seconds=110)
    assert operation["status"] == "failed"
    assert operation["error"]["code"] in {"source_stalled", "source_unavailable", "source_timeout"}


def test_a_source_whose_machine_vanishes_is_noticed_and_read_again_from_the_beginning(
    far: Desk, proxy: Proxy, company: Company
) -> None:
    (far.live.settings.home / "queries" / "slow.sql").write_text(_SLOW.format(pause="0.01", rows=1_000))
    far.use(_by_tcp(proxy, company, query="slow.sql"))  # whose own patience is an hour
    started = far.trigger().json()
    company.wait_until_read()
    proxy.vanish()
    far.live.wait(started["operation_id"], seconds=90)
    entry = far.entry(started["run_id"])
    assert (entry["status"], entry["details_count"]) == ("completed", 1_000)
    log = (far.live.settings.home / "logs" / "combined.log").read_text()
    assert log.count("started, reads everything") == 2, "it was begun anew, once"


def test_a_run_that_waits_for_its_source_can_be_cancelled(far: Desk, proxy: Proxy, company: Company) -> None:
    far.use(_by_tcp(proxy, company, query="slow.sql"))
    started = far.trigger().json()
    far.until_running()
    begun = time.monotonic()
    assert far.client.post(f"/api/operations/{started['operation_id']}/cancel").is_success
    far.live.wait(started["operation_id"])
    assert time.monotonic() - begun < 10
    assert far.entry(started["run_id"])["error_message"] == "The run was cancelled."
    ends = time.monotonic() + 10
    busy = "SELECT FROM pg_stat_activity WHERE application_name = 'tranche snapshot' AND datname = current_database()"
    while company.ask(busy):
        assert time.monotonic() < ends, "the query at the source goes on"
        time.sleep(0.05)


def test_a_worker_that_ends_in_mid_run_hands_it_on_and_it_begins_anew(
    far: Desk, proxy: Proxy, company: Company
) -> None:
    (far.live.settings.home / "queries" / "slow.sql").write_text(_SLOW.format(pause="0.002", rows=1_500))
    far.use(_by_tcp(proxy, company, query="slow.sql"))
    started = far.trigger().json()
    far.until_running()
    far.live.stop_worker()
    assert far.status()["is_running"]
    far.live.start_worker()
    far.live.wait(started["operation_id"])
    entry = far.entry(started["run_id"])
    assert (entry["status"], entry["details_count"]) == ("completed", 1_500)


@pytest.mark.parametrize(("host", "reason"), [
    ("169.254.169.254", "metadata"),
    ("169.254.1.1", "link-local"),
    ("0.0.0.0", "no host"),  # noqa: S104  # what must be refused
    ("::ffff:169.254.169.254", "metadata"),
])  # fmt: skip
def test_a_source_where_nobody_may_call_is_not_called(far: Desk, host: str, reason: str) -> None:
    far.use({"kind": "postgresql", "host": host, "port": 5432, "database": "x", "user": "u", "password": "p"})
    failed = far.run()
    assert (failed["status"], reason in failed["error_message"]) == ("failed", True)
    answer = far.client.post(f"{HOME}/bill-stop-source/test")
    assert (answer.status_code, reason in answer.json()["detail"]) == (400, True)


def test_a_private_network_is_open_unless_the_installation_shuts_it(open_live: Callable[..., Live]) -> None:
    desk = Desk(open_live(source_allow_private=False))
    desk.use({"kind": "postgresql", "host": "127.0.0.1", "port": 5, "database": "x", "user": "u", "password": "p"})
    assert "this machine" in desk.run()["error_message"]


def test_readers_see_one_complete_snapshot_at_every_moment(desk: Desk, company: Company) -> None:
    desk.run()
    company.run("UPDATE ci_bseg SET end_dt = current_date - 300 WHERE sa_id < 'S00000500'")
    seen: list[dict[str, Any]] = []
    is_over = threading.Event()

    def look() -> None:
        with httpx.Client(base_url=desk.live.url, headers=desk.client.headers, timeout=30) as client:
            while not is_over.is_set():
                answer = client.get(f"{HOME}/bill-stop-analysis", params={"summary_limit": 1000, "limit": 1})
                assert answer.status_code == 200, answer.text
                seen.append(answer.json())

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    new = desk.run()
    time.sleep(0.2)
    is_over.set()
    for reader in readers:
        reader.join()
    assert {one["snapshot_id"] for one in seen} == {new["run_id"] - 1, new["run_id"]}
    for one in seen:
        rows = one["summary"]["rows"]
        assert {row["batch_date"] for row in rows} == {one["batch_date"]}
        assert sum(row["bill_stop_count"] for row in rows) == one["totals"]["bill_stop_count"]
        assert sum(row["total_cpc_count"] for row in rows) == one["totals"]["total_cpc_count"]
        assert one["details"]["total"] == one["totals"]["bill_stop_count"]


def test_pages_of_one_walk_stay_with_the_snapshot_they_began_with(desk: Desk, company: Company) -> None:
    first = desk.run()
    page = desk.analysis(limit=20)
    company.run("UPDATE ci_per SET entity_name = 'Changed'")
    company.run("UPDATE ci_bseg SET end_dt = current_date")
    desk.run()
    rows = page["details"]["rows"]
    while cursor := page["details"]["next_cursor"]:
        page = desk.analysis(limit=20, cursor=cursor)
        assert (page["snapshot_id"], page["is_published"]) == (first["run_id"], False)
        rows += page["details"]["rows"]
    assert len(rows) == page["totals"]["bill_stop_count"]
    assert "Changed" not in {row["customer_name"] for row in rows}
