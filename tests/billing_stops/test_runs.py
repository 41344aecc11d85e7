"""A run from end to end: read, checked, published by one switch; and what keeps one from being published."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import ACTIVE, HOME, ISSUE, Desk
from tests.live import Live
from tranche.kernel.db.pool import Connection


def test_a_run_reads_everybody_and_shows_the_stops(desk: Desk, company: Company) -> None:
    run = desk.run()
    assert run["status"] == "completed", run
    (found,) = company.ask(
        "SELECT count(*) AS pairs, count(DISTINCT crp_acct_id) AS accounts FROM ci_acct_rel WHERE end_dttm IS NULL"
    )
    assert (run["details_count"], run["summary_count"]) == (found["pairs"], found["accounts"])
    analysis = desk.analysis(limit=1000, summary_limit=1000)
    totals = analysis["totals"]
    assert totals["total_cpc_count"] == found["pairs"]
    assert totals["bill_stop_count"] + totals["active_billing_count"] == found["pairs"]
    assert analysis["details"]["total"] == totals["bill_stop_count"] == len(analysis["details"]["rows"])
    assert {row["billing_status"] for row in analysis["details"]["rows"]} == {ISSUE}
    counts = [row["bill_stop_count"] for row in analysis["summary"]["rows"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == totals["bill_stop_count"]


def test_old_data_stay_while_a_new_run_works_and_after_it_failed(desk: Desk, company: Company) -> None:
    first = desk.run()
    before = desk.analysis()
    company.run("DELETE FROM ci_acct_rel WHERE crp_acct_id > 'CRP000005'")
    failed = desk.run()
    assert (failed["status"], failed["details_count"] is not None) == ("failed", True)
    assert "less than half" in failed["error_message"]
    assert desk.analysis() == before
    state = desk.status()
    assert (state["published_run_id"], state["last"]["run_id"]) == (first["run_id"], failed["run_id"])
    forced = desk.run(force=True)
    assert forced["status"] == "completed"
    assert desk.analysis()["snapshot_id"] == forced["run_id"]


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        ("DELETE FROM ci_acct_rel", "no_rows", "returned no rows"),
        ("UPDATE ci_ft SET cur_amt = 'NaN' WHERE ft_id = 'F000000071'", "bad_row", "not a finite number"),
        ("ALTER TABLE ci_ft DROP COLUMN cur_amt", "source_refused", "cur_amt does not exist"),
        (("UPDATE ci_acct SET acct_id = '' WHERE acct_id = 'CPC0000007'; UPDATE ci_acct_rel SET acct_id = '' "
         "WHERE acct_id = 'CPC0000007'"), "bad_row", "a key is empty"),
        (("ALTER TABLE ci_acct_rel DROP CONSTRAINT ci_acct_rel_pkey; INSERT INTO ci_acct_rel SELECT * FROM ci_acct_rel "
         "WHERE acct_id = 'CPC0000007'"), "duplicates", "CPC0000007 under CRP"),
        (("ALTER TABLE ci_per ALTER entity_name TYPE text; UPDATE ci_per SET entity_name = repeat('x', 256) "
         "WHERE per_id = 'P00000007'"), "bad_row", "customer_name is longer than the column"),
        ("UPDATE ci_bseg SET end_dt = 'infinity' WHERE bseg_id = 'B000000070'", "bad_row", "not a day of the calendar"),
        ("ALTER TABLE ci_ft ALTER cur_amt TYPE numeric; UPDATE ci_ft SET cur_amt = 1e14 WHERE ft_id = 'F000000071'",
         "bad_row", "too large"),
    ],
)  # fmt: skip
def test_a_source_gone_wrong_ends_the_run_with_its_reason_and_leaves_nothing(
    desk: Desk, company: Company, owner: Connection, *, damage: str, code: str, said: str
) -> None:
    company.run(damage)
    failed = desk.run()
    assert (failed["status"], said in failed["error_message"]) == ("failed", True), failed
    operation = desk.live.wait(failed["operation_id"])
    assert operation["error"]["code"] == code
    assert desk.client.get(f"{HOME}/bill-stop-analysis").status_code == 404
    left = owner.execute(r"SELECT relname FROM pg_class WHERE relname LIKE 'snapshot\_%%' AND relkind = 'r'").fetchall()
    assert {row["relname"] for row in left} == {"snapshot_sources"}


def test_nothing_known_of_a_customer_is_no_fault(desk: Desk, company: Company) -> None:
    company.run("DELETE FROM ci_ft WHERE sa_id = 'S00000007'; DELETE FROM ci_bseg WHERE sa_id = 'S00000007'")
    company.run("UPDATE ci_acct SET prem_id = NULL WHERE acct_id = 'CPC0000007'")
    desk.run()
    (row,) = desk.details(search="CPC0000007")
    assert (row["address"], row["last_bill_date"], row["billing_status"]) == (None, None, ISSUE)


@pytest.mark.parametrize(("rule", "last", "status"), [
    ({}, 35, ACTIVE),
    ({}, 36, ISSUE),
    ({"ruleDays": 10}, 11, ISSUE),
    ({"rule": "month"}, "first", ACTIVE),
    ({"rule": "month"}, "before", ISSUE),
])  # fmt: skip
def test_the_rule_decides_by_the_last_bill(
    desk: Desk, company: Company, rule: dict[str, object], last: int | str, status: str
) -> None:
    today = company.ask("SELECT (now() AT TIME ZONE 'UTC')::date AS day")[0]["day"]
    first = today.replace(day=1)
    days = {"first": first, "before": first - timedelta(days=1)}
    day: date = days[last] if isinstance(last, str) else today - timedelta(days=last)
    company.run(f"UPDATE ci_bseg SET end_dt = '{day}' WHERE sa_id = 'S00000007'")
    desk.use({"kind": "sample", **rule}).run()
    (row,) = desk.details(search="CPC0000007", billing_status="all")
    assert (row["last_bill_date"], row["billing_status"]) == (day.isoformat(), status)


def test_a_query_of_ones_own_may_give_the_status_itself(desk: Desk) -> None:
    folder = desk.live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "own.sql").write_text(
        "SELECT 'A' AS crp_account_no, acct_id AS cpc_customer_no, NULL AS customer_name, NULL AS address, "
        "NULL::date AS last_bill_date, 12345678901.23 AS current_balance, 'Active Billing' AS billing_status "
        "FROM ci_acct LIMIT 3;"
    )
    run = desk.use({"kind": "sample", "query": "own.sql"}).run()
    assert run["status"] == "completed", run
    rows = desk.details(billing_status=ACTIVE)
    assert len(rows) == 3
    assert Decimal(str(rows[0]["current_balance"])) == Decimal("12345678901.23")
    for name in ("../own.sql", "none.sql", "own.sh"):
        assert desk.use({"kind": "sample", "query": name}).run()["status"] == "failed"


def test_two_triggers_at_once_make_one_run(company: Company, open_live: Callable[..., Live]) -> None:
    live = open_live(working=False, sample_database=company.name)
    desk = Desk(live).use({"kind": "sample"})
    first = desk.trigger()
    again = desk.trigger()
    assert (first.status_code, again.status_code) == (202, 409)
    assert again.json()["errors"] == [
        {"pointer": "run_id", "detail": str(first.json()["run_id"]), "code": "already_running"}
    ]
    assert desk.status()["is_running"] is True
    assert desk.status()["current"]["run_id"] == first.json()["run_id"]
    live.start_worker()
    live.wait(first.json()["operation_id"])
    assert desk.run()["run_id"] > first.json()["run_id"]


def test_of_many_triggers_at_the_same_moment_one_starts_a_run(
    company: Company, open_live: Callable[..., Live], owner: Connection
) -> None:
    live = open_live(working=False, sample_database=company.name)
    Desk(live).use({"kind": "sample"})
    gate = threading.Barrier(8)

    def press(_: int) -> httpx.Response:
        with httpx.Client(base_url=live.url, headers=live.client.headers, timeout=30) as client:
            gate.wait(timeout=20)
            return Desk(live, client).trigger()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    assert owner.execute("SELECT FROM snapshots").rowcount == 1
    assert owner.execute("SELECT FROM operations WHERE kind = 'bill_stop_snapshot'").rowcount == 1


def test_the_clock_starts_a_run_and_none_beside_one_that_works(
    company: Company, open_live: Callable[..., Live]
) -> None:
    live = open_live(sample_database=company.name)
    desk = Desk(live)
    assert _by_the_clock(live) == "No source is set up, so there is nothing to run."
    folder = live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "waits.sql").write_text(
        "SELECT 'CRP1' AS crp_account_no, acct_id AS cpc_customer_no, pg_sleep(60)::text AS customer_name, "
        "NULL AS address, NULL AS last_bill_date, 1 AS current_balance FROM ci_acct"
    )
    desk.use({"kind": "sample", "query": "waits.sql"})
    (first,) = re.findall(r"^Started run (\d+)\.$", _by_the_clock(live))
    assert f"Run {first} is under way" in _by_the_clock(live)
    assert [run["run_id"] for run in desk.history()] == [int(first)]
    assert live.client.post(f"/api/operations/{desk.entry(int(first))['operation_id']}/cancel").is_success


def _by_the_clock(live: Live) -> str:
    """What a run of the schedule says that it did."""
    path = "/api/schedules/bill-stop-batch"
    assert live.client.post(f"{path}/run").is_success
    ends = time.monotonic() + 30
    while (found := live.client.get(path).json()["data"])["isUnderWay"]:
        assert time.monotonic() < ends, found
        time.sleep(0.05)
    return str(found["lastRun"]["result"])


def test_a_cancelled_run_is_a_failed_one_and_a_next_may_follow(
    company: Company, open_live: Callable[..., Live]
) -> None:
    live = open_live(working=False, sample_database=company.name)
    desk = Desk(live).use({"kind": "sample"})
    started = desk.trigger().json()
    assert live.client.post(f"/api/operations/{started['operation_id']}/cancel").status_code < 300
    live.start_worker()
    live.wait(started["operation_id"])
    entry = desk.entry(started["run_id"])
    assert (entry["status"], entry["error_message"]) == ("failed", "The run was cancelled.")
    assert desk.run()["status"] == "completed"


def test_retention_keeps_so_many_and_a_cursor_of_a_dropped_one_is_gone(desk: Desk) -> None:
    desk.use({"kind": "sample", "keepDetails": 1, "keepSummaries": 2})
    first = desk.run()
    page = desk.analysis(limit=5)
    cursor = page["details"]["next_cursor"]
    assert desk.client.get(f"{HOME}/bill-stop-analysis", params={"cursor": cursor}).status_code == 200
    second = desk.run()
    gone = desk.client.get(f"{HOME}/bill-stop-analysis", params={"cursor": cursor})
    assert (gone.status_code, gone.json()["code"]) == (410, "snapshot_dropped")
    assert [run["is_kept"] for run in desk.history()] == [True, False]
    third = desk.run()
    kept = [run["run_id"] for run in desk.history() if run["is_kept"]]
    assert kept == [third["run_id"]]
    trend = desk.client.get(f"{HOME}/bill-stop-analysis/trend").json()["data"]
    assert [point["snapshotId"] for point in trend] == [first["run_id"], second["run_id"], third["run_id"]]


def test_the_log_file_tells_each_step_in_the_documents_words(desk: Desk) -> None:
    run = desk.run()
    text = (desk.live.settings.home / "logs" / "combined.log").read_text()
    lines = [line for line in text.splitlines() if f"Bill Stop Batch {run['run_id']} " in line]
    assert len(lines) >= 3
    assert "started" in lines[0]
    assert "completed in" in lines[-1]
    assert "CPC00" not in text, "no customer stands in a log"
