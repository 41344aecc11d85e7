"""The API around the four endpoints: what is refused, who may do what, walls, credentials, plans, what is told."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import openpyxl
import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import ACTIVE, HOME, ISSUE, Desk
from tests.databases import Copier
from tests.live import Live, living
from tests.plans import explain
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.queries import pages
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection

ANALYSIS = f"{HOME}/bill-stop-analysis"
_POSTGRES = {
    "kind": "postgresql", "host": "db.example.test", "port": 5432, "database": "ccb", "user": "reader",
    "password": "tiger-secret",
}  # fmt: skip


@pytest.fixture
def idle(open_live: Callable[..., Live]) -> Live:
    return open_live(working=False)


@pytest.fixture(scope="module")
def read(
    copies: Copier, template: str, sample_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A desk with one run behind it, for all tests that only read."""
    home = tmp_path_factory.mktemp("house")
    with (
        copies.copy(sample_template) as source,
        copies.copy(template) as urls,
        living(urls, home, working=True, sample_database=source.name) as house,
    ):
        found = Desk(house).use({"kind": "sample"})
        found.run()
        yield found


@pytest.mark.parametrize("sort", list(pages.DETAIL_ORDERS))
@pytest.mark.parametrize("status", [ISSUE, "all"])
def test_every_sort_pages_through_all_rows_once(read: Desk, sort: str, status: str) -> None:
    (run,) = read.history()
    rows = read.details(sort=sort, billing_status=status, limit=60)
    keys = {(row["crp_account_no"], row["cpc_customer_no"]) for row in rows}
    assert len(keys) == len(rows) == (run["details_count"] if status == "all" else run["bill_stop_count"])
    shown = [row[sort] or "" for row in rows]
    assert shown == sorted(shown, reverse=sort == "current_balance")


def test_filters_search_and_summary_pages(read: Desk) -> None:
    page = read.analysis(summary_limit=10)
    following = read.analysis(summary_limit=10, summary_cursor=page["summary"]["next_cursor"])
    assert not {row["crp_account_no"] for row in page["summary"]["rows"]} & {
        row["crp_account_no"] for row in following["summary"]["rows"]
    }
    account = page["summary"]["rows"][0]
    found = read.analysis(crp_account_no=account["crp_account_no"], billing_status=ACTIVE)["details"]
    assert found["total"] == account["active_billing_count"] == len(found["rows"])
    searched = read.analysis(search="CPC000001", billing_status="all")["details"]
    assert (searched["total"], len(searched["rows"])) == (10, 10)


@pytest.mark.parametrize("params", [
    {"limit": 0}, {"limit": 1001}, {"colour": "red"}, {"sort": "address"}, {"billing_status": "Stopped"},
    {"cursor": "x"}, {"cursor": "W10"}, {"search": "x" * 51}, {"snapshot_id": "0"},
])  # fmt: skip
def test_what_cannot_be_asked_is_refused(read: Desk, params: dict[str, Any]) -> None:
    answer = read.client.get(ANALYSIS, params=params)
    assert answer.status_code == 400, answer.text


def test_without_source_and_without_data_the_next_step_is_said(idle: Live) -> None:
    none = idle.client.post(f"{HOME}/bill-stop-batch/trigger")
    assert (none.status_code, none.json()["code"]) == (409, "no_source")
    empty = idle.client.get(ANALYSIS)
    assert (empty.status_code, empty.json()["code"]) == (404, "no_snapshot")


def test_other_organizations_see_nothing_of_it(desk: Desk) -> None:
    run = desk.run()
    context, client = desk.live.join()
    with client:
        other = Desk(desk.live, client)
        assert client.get(ANALYSIS).status_code == 404
        foreign = client.get(ANALYSIS, params={"snapshot_id": run["run_id"]})
        unknown = client.get(ANALYSIS, params={"snapshot_id": 999_999})
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["code"] == unknown.json()["code"] == "unknown_snapshot"
        assert other.history() == []
        assert other.use({"kind": "sample"}).run()["status"] == "completed"
        assert other.analysis()["snapshot_id"] != run["run_id"]
    with desk.live.database.transaction(context.organization_id) as conn:
        counted = conn.execute("SELECT count(DISTINCT snapshot_id) AS n FROM bill_stop_detail_rows").fetchall()
    assert counted == [{"n": 1}]
    assert desk.analysis()["snapshot_id"] == run["run_id"]


def test_a_sample_that_was_not_made_says_how_it_is(open_live: Callable[..., Live]) -> None:
    desk = Desk(open_live(sample_database="tranche_no_sample")).use({"kind": "sample"})
    assert "The sample is made by tranche bill-stop sample" in desk.run()["error_message"]


def test_a_word_that_is_no_status_is_told_the_words_that_are(idle: Live) -> None:
    answer = idle.client.get(ANALYSIS, params={"billing_status": "stopped"})
    assert answer.json()["message"] == "billing_status must be one of Bill Stop Issue, Active Billing, all."


def test_roles(idle: Live) -> None:
    for role, trigger, source in ((Role.VIEWER, 403, 403), (Role.OPERATOR, 409, 403), (Role.ADMIN, 409, 409)):
        with httpx.Client(base_url=idle.url, headers={"Authorization": f"Bearer {idle.key_for(role)}"}) as client:
            assert client.get(f"{HOME}/bill-stop-batch/status").status_code == 200
            assert client.post(f"{HOME}/bill-stop-batch/trigger").status_code == trigger
            assert client.get(f"{HOME}/bill-stop-source").status_code == source


def test_credentials_go_in_and_never_come_out(idle: Live, owner: Connection) -> None:
    desk = Desk(idle).use(_POSTGRES)
    shown = desk.client.get(f"{HOME}/bill-stop-source")
    assert (shown.json()["data"]["hasCredentials"], "tiger" in shown.text) == (True, False)
    (row,) = owner.execute("SELECT settings::text AS settings, sealed FROM snapshot_sources").fetchall()
    assert b"tiger" not in bytes(row["sealed"])
    assert "tiger" not in row["settings"]
    kept = {key: value for key, value in _POSTGRES.items() if key not in {"user", "password"}}
    assert desk.use({**kept, "ruleDays": 40}).client.get(f"{HOME}/bill-stop-source").json()["data"]["hasCredentials"]
    moved = desk.client.put(f"{HOME}/bill-stop-source", json={"data": {**kept, "host": "elsewhere.example.test"}})
    assert moved.status_code == 400, "a stored password is sent to no other place"
    assert "tiger" not in str(owner.execute("SELECT detail FROM audit_entries").fetchall())


@pytest.mark.parametrize(("change", "field"), [
    ({"host": "/tmp"}, "host"),  # noqa: S108  # a socket's folder
    ({"host": "a,b"}, "host"),
    ({"port": 70000}, "port"),
    ({"database": ""}, "database"),
    ({"keepDetails": 0}, "keepDetails"),
    ({"mails": ["no address"]}, "address"),
    ({"password": ""}, None),
    ({"kind": "mysql"}, "kind"),
    ({"colour": 1}, "colour"),
])  # fmt: skip
def test_a_source_that_cannot_be_is_refused_by_its_field(idle: Live, change: dict[str, Any], field: str | None) -> None:
    answer = idle.client.put(f"{HOME}/bill-stop-source", json={"data": {**_POSTGRES, **change}})
    assert answer.status_code == (400 if field else 200), answer.text
    if field:
        assert field in answer.text


def test_the_test_of_a_source_says_whether_it_answers(desk: Desk, company: Company) -> None:
    found = desk.client.post(f"{HOME}/bill-stop-source/test").json()["data"]
    assert found["rows"] > 1_000
    company.run("DROP TABLE ci_ft")
    assert desk.client.post(f"{HOME}/bill-stop-source/test").status_code == 400


def test_people_and_operators_are_told_of_the_end(desk: Desk, company: Company, owner: Connection) -> None:
    desk.use({"kind": "sample", "mails": ["ops@example.test"]})
    run = desk.run()
    company.run("DELETE FROM ci_acct_rel")
    desk.run()
    told = owner.execute("SELECT channel, event, body FROM notifications ORDER BY id").fetchall()
    events = {(row["channel"], row["event"]) for row in told}
    assert {
        ("mail", "bill_stop.completed"), ("alert", "bill_stop.completed"), ("mail", "bill_stop.failed"),
        ("alert", "operation.failed"),
    } <= events  # fmt: skip
    assert any(f"{run['details_count']:,} CPC customers" in row["body"] for row in told)


def test_the_age_of_the_data_is_told_once(desk: Desk, owner: Connection) -> None:
    desk.run()
    owner.execute("UPDATE snapshots SET as_of = now() - interval '27 hours'")
    assert desk.status()["is_old"] is True
    for _ in range(2):
        asked = desk.client.post("/api/schedules/bill-stop-age/run")
        assert asked.is_success, asked.text
        while desk.client.get("/api/schedules/bill-stop-age").json()["data"]["isUnderWay"]:
            pass
    told = owner.execute("SELECT FROM notifications WHERE event = 'bill_stop.old'").fetchall()
    assert len(told) == 1


def test_the_export_holds_every_row_and_no_formula(desk: Desk, company: Company) -> None:
    company.run("UPDATE ci_per SET entity_name = '=1+1' WHERE per_id = 'P00000008'")
    run = desk.run()
    answer = desk.client.get(f"{ANALYSIS}/export", params={"format": "csv", "billing_status": "all"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == run["details_count"] + 1
    assert ",'=1+1," in answer.text
    book = openpyxl.load_workbook(
        io.BytesIO(desk.client.get(f"{ANALYSIS}/export", params={"format": "xlsx"}).content), read_only=True
    )
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == run["bill_stop_count"] + 1
    assert isinstance(rows[1][6], int | float)


def test_pages_are_read_through_indexes_as_the_plain_role(read: Desk) -> None:
    (run,) = read.history()
    with read.live.database.transaction(read.live.context.organization_id) as conn:
        conn.execute("SET LOCAL enable_seqscan = off")
        for name, order in pages.DETAIL_ORDERS.items():
            rows = pages.list_details(conn, **_asked(run, order))
            after = tuple(getattr(rows[-1], column) for column in order.columns)
            plan = explain(conn, partial(pages.list_details, **_asked(run, order, after)))
            scans = plan.scans(f"snapshot_{run['run_id']}_detail")
            assert all("idx" in scan for scan in scans), (name, scans)
            assert sum(node["Node Type"] == "Sort" for node in plan.nodes) <= 1, "only the merge of both states sorts"


def _asked(run: dict[str, Any], order: pages.Order, after: Any = None) -> dict[str, Any]:
    return {
        "snapshot_id": run["run_id"], "batch_date": run["batch_date"], "statuses": [ISSUE, ACTIVE], "crp": None,
        "search": None, "order": order, "after": after, "limit": 20,
    }  # fmt: skip


def test_the_tables_are_those_of_the_declaration(owner: Connection) -> None:
    columns = owner.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'bill_stop_%_rows'"
    ).fetchall()
    named = {(row["table_name"], row["column_name"]) for row in columns}
    assert {("bill_stop_detail_rows", name) for name in BILL_STOP.names} <= named
    assert {("bill_stop_summary_rows", measure.name) for measure in BILL_STOP.measures} <= named
