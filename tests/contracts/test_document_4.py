"""Document 4 as it is written: its paths, its columns and types, its words, its SQL, its settings."""

import io
from collections.abc import Callable

import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.conftest import company, desk, sample_template
from tests.billing_stops.desk import ACTIVE, ISSUE, Desk
from tests.live import Live
from tests.shell import Shell, make_shell
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Invalid
from tranche.kernel.settings import Settings
from tranche.modules import make_modules, make_tasks

__all__ = ["company", "desk", "make_shell", "sample_template"]

_TABLES = {
    "bill_stop_summary": {
        "crp_account_no": "character varying(50)", "total_cpc_count": "integer", "bill_stop_count": "integer",
        "active_billing_count": "integer", "bill_stop_percentage": "numeric(5,2)", "batch_date": "date",
    },
    "bill_stop_details": {
        "crp_account_no": "character varying(50)", "cpc_customer_no": "character varying(50)",
        "customer_name": "character varying(255)", "address": "text", "last_bill_date": "date",
        "billing_status": "character varying(50)", "current_balance": "numeric(15,2)", "batch_date": "date",
    },
    "bill_stop_batch_log": {
        "batch_date": "date", "start_time": "timestamp without time zone", "end_time": "timestamp without time zone",
        "status": "character varying(20)", "summary_count": "integer", "details_count": "integer",
        "duration_seconds": "integer", "error_message": "text",
    },
}  # fmt: skip
_SQL = (
    "SELECT * FROM bill_stop_batch_log ORDER BY batch_date DESC LIMIT 5;",
    "SELECT * FROM bill_stop_batch_log WHERE status = 'completed' ORDER BY batch_date DESC LIMIT 1;",
    (
        "SELECT batch_date, start_time, end_time, status, summary_count, details_count, "
        "duration_seconds/60 as duration_minutes FROM bill_stop_batch_log ORDER BY batch_date DESC LIMIT 1;"
    ),
    "SELECT MAX(batch_date) as latest_data, COUNT(*) as crps_with_issues FROM bill_stop_summary;",
)


@pytest.mark.parametrize("table", _TABLES)
def test_the_tables_have_the_documents_columns_and_types(owner: Connection, table: str) -> None:
    rows = owner.execute(
        "SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
        "WHERE attrelid = %(table)s::regclass AND attnum > 0 ORDER BY attnum",
        {"table": table},
    ).fetchall()
    assert {row["name"]: row["type"] for row in rows} == _TABLES[table]


def test_the_four_routes_answer_as_the_document_says(desk: Desk) -> None:
    assert desk.client.post("/api/crp-cpc/bill-stop-batch/trigger").status_code == 202
    while desk.status()["is_running"]:
        pass
    assert desk.status().keys() >= {"is_running", "current", "last"}
    (entry,) = desk.client.get("/api/crp-cpc/bill-stop-batch/history").json()["history"]
    assert entry.keys() >= _TABLES["bill_stop_batch_log"].keys()
    assert entry["status"] == "completed"
    analysis = desk.client.get("/api/crp-cpc/bill-stop-analysis").json()
    assert analysis["summary"]["rows"][0].keys() >= _TABLES["bill_stop_summary"].keys()
    assert analysis["details"]["rows"][0].keys() == _TABLES["bill_stop_details"].keys()
    assert {row["billing_status"] for row in desk.details(billing_status="all")} == {ISSUE, ACTIVE}


def test_the_documents_sql_runs_as_printed(desk: Desk) -> None:
    run = desk.run()
    with desk.live.database.transaction(desk.live.context.organization_id) as conn:
        log, done, last, fresh = (conn.execute(statement.encode()).fetchall() for statement in _SQL)
        (details,) = conn.execute("SELECT count(*) AS n FROM bill_stop_details").fetchall()
    assert log == done
    assert (last[0]["status"], last[0]["details_count"]) == ("completed", run["details_count"])
    assert (str(fresh[0]["latest_data"]), fresh[0]["crps_with_issues"]) == (run["batch_date"], run["summary_count"])
    assert details["n"] == run["details_count"]


def test_every_address_needs_a_key(live: Live) -> None:
    for path in ("bill-stop-analysis", "bill-stop-batch/status", "bill-stop-batch/history"):
        assert live.client.get(f"/api/crp-cpc/{path}", headers={"Authorization": ""}).status_code == 401


def test_export_details_downloads_csv_with_all_data(desk: Desk) -> None:
    run = desk.run()
    answer = desk.client.get("/api/crp-cpc/bill-stop-analysis/export", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(io.StringIO(answer.text).readlines()) == run["bill_stop_count"] + 1


@pytest.mark.parametrize(("given", "cron"), [
    ("0 2 * * *  # Daily at 2:00 AM", "0 2 * * *"), ("0 */6 * * * # Every 6 hours", "0 */6 * * *"),
    ("0 0 * * 0   # Every Sunday at midnight", "0 0 * * 0"), ("", "0 2 * * *"),
])  # fmt: skip
def test_the_schedule_is_set_as_in_the_documents_env_file(given: str, cron: str) -> None:
    settings = Settings.load({"BILL_STOP_BATCH_SCHEDULE": given})
    assert (settings.bill_stop_batch_schedule, settings.tz) == (cron, "Asia/Dhaka")
    tasks = make_tasks(make_modules(settings, files=None))  # type: ignore[arg-type]  # no file is read here
    task = tasks.get("bill-stop-batch")
    assert (tasks.rule(task).cron, tasks.rule(task).zone) == (cron, "Asia/Dhaka")


def test_a_zone_that_is_none_is_refused_by_its_name() -> None:
    settings = Settings.load({"TZ": "Asia/Nowhere"})
    with pytest.raises(Invalid, match="TZ"):
        make_tasks(make_modules(settings, files=None))  # type: ignore[arg-type]  # as above


def test_the_five_pg_variables_make_the_address() -> None:
    given = {
        "PG_HOST": "localhost", "PG_PORT": "5432", "PG_DATABASE": "dpdc_ami", "PG_USER": "app",
        "PG_PASSWORD": "p@ss/word",
    }  # fmt: skip
    assert Settings.load(given).database_url == "postgresql://app:p%40ss%2Fword@localhost:5432/dpdc_ami"
    assert Settings.load({**given, "DATABASE_URL": "postgresql://other"}).database_url == "postgresql://other"


def test_the_command_line_does_what_the_documents_script_did(
    desk: Desk, make_shell: Callable[[Live], Shell], company: Company
) -> None:
    shell = make_shell(desk.live)
    ran = shell("bill-stop", "run")
    assert ran.code == 0, ran.err
    assert shell("bill-stop", "status", "--json").json["last"]["status"] == "completed"
    company.live_a_day(customers=50, seed="c")
    assert shell("bill-stop", "run", "--full", "--json").json["status"] == "completed"
    assert len(shell("bill-stop", "history").table) == 2
    assert shell("bill-stop", "export", "all.csv", "--status", "all").code == 0
    odd = shell("bill-stop", "export", "all.pdf")
    assert (odd.code, "all.pdf must end in .csv or .xlsx" in odd.err) == (2, True)
    compared = shell("bill-stop", "compare", "--customers", "moved", "--json").json
    assert compared["customers"]
