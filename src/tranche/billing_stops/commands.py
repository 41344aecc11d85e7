"""`tranche bill-stop`: start a run and follow it, look at its log, export, compare."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tranche.billing_stops.source_commands import app as source_app
from tranche.kernel.client.files import read_ending
from tranche.kernel.client.http import Client
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, say, say_page, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave

_HOME = "/api/crp-cpc"
_BATCH = f"{_HOME}/bill-stop-batch"
_ANALYSIS = f"{_HOME}/bill-stop-analysis"
_RUN_COLUMNS = (
    Column("Run", "run_id", Kind.NUMBER),
    Column("Date", "batch_date"),
    Column("Status", "status"),
    Column("CRPs", "summary_count", Kind.COUNT),
    Column("CPCs", "details_count", Kind.COUNT),
    Column("Bill stops", "bill_stop_count", Kind.COUNT),
    Column("New", "new_stops", Kind.COUNT),
    Column("Resolved", "resolved_stops", Kind.COUNT),
    Column("Seconds", "duration_seconds", Kind.COUNT),
    Column("Error", "error_message"),
)
_CHANGE_COLUMNS = (
    Column("From", "baseDate"),
    Column("To", "snapshotDate"),
    Column("Bill stops before", "billStopCountBefore", Kind.COUNT),
    Column("Bill stops after", "billStopCountAfter", Kind.COUNT),
    Column("New stops", "newStops", Kind.COUNT),
    Column("Resolved", "resolvedStops", Kind.COUNT),
    Column("Gone", "gone", Kind.COUNT),
    Column("Balance moved", "balanceMoved", Kind.COUNT),
)
_MOVEMENT_COLUMNS = (
    Column("CRP", "crpAccountNo"),
    Column("CPC", "cpcCustomerNo"),
    Column("Name", "customerName"),
    Column("Before", "billingStatusBefore"),
    Column("After", "billingStatusAfter"),
    Column("Balance before", "balanceBefore", Kind.COUNT),
    Column("Balance after", "balanceAfter", Kind.COUNT),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The bill-stop analysis of document 4.")
app.add_typer(source_app, name="source")


@app.command("run")
def run(
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything, also where only changes would be.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish also when there are less than half of the last run's rows.")
    ] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Take a new snapshot now, and follow it; the old data stay until it is published."""
    with open_client() as client:
        started = client.post(f"{_BATCH}/trigger", params={"full": full or None, "force": force or None})
        if not wait:
            _show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operation_id"]))
        entry = _find_run(client, int(started["run_id"]))
    if json:
        show_json(entry)
    else:
        show_table(_RUN_COLUMNS, [entry])
    raise typer.Exit(ExitCode.OK if ended["status"] == "completed" else ExitCode.FAILURE)


@app.command("status")
def status(*, json: JsonOption = False) -> None:
    """Whether a run is under way, how the last one ended, and how old the data are."""
    with open_client() as client:
        found = client.get(f"{_BATCH}/status")
    if json:
        show_json(found)
        return
    current, last = found["current"], found["last"]
    if current:
        progress = current["progress"] or {}
        done, total = progress.get("done"), progress.get("total")
        amount = f"{done:,} of {total:,}" if total else f"{done:,}"
        say(f"Run {current['run_id']} is under way: {progress.get('phase')}, {amount}.")
    shown = {**(last or {}), "as_of": found["data_as_of"], "old": "yes" if found["is_old"] else "no"}
    show_fields(
        (
            Column("Last run", "run_id", Kind.NUMBER),
            Column("Status", "status"),
            Column("Started", "start_time", Kind.MOMENT),
            Column("Ended", "end_time", Kind.MOMENT),
            Column("Error", "error_message"),
            Column("Data of", "as_of", Kind.MOMENT),
            Column("Too old", "old"),
        ),
        shown,
    )


@app.command("history")
def history(*, page: PageOption = 1, limit: LimitOption = 20, json: JsonOption = False) -> None:
    """List the runs, the newest first."""
    with open_client() as client:
        answer = client.get(f"{_BATCH}/history", params={"page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_RUN_COLUMNS, answer["history"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["pages"], total=pages["total"], what="runs")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to save it; .csv or .xlsx.", show_default=False)],
    *,
    status: Annotated[
        str, typer.Option(help='"Bill Stop Issue", "Active Billing" or all.', metavar="STATUS")
    ] = "Bill Stop Issue",
    crp: Annotated[str | None, typer.Option(help="Only this CRP account.", show_default=False)] = None,
    search: Annotated[str | None, typer.Option(help="Only CPC numbers that begin so.", show_default=False)] = None,
) -> None:
    """Save the details as CSV, or as a workbook; there is no limit of rows."""
    kind = read_ending(file, known=(".csv", ".xlsx"))
    params = {"format": kind.removeprefix("."), "billing_status": status, "crp_account_no": crp, "search": search}
    with open_client() as client:
        size = client.download(f"{_ANALYSIS}/export", file, params=params)
    say(f"Saved {file} ({size:,} bytes).")


@app.command("compare")
def compare(
    base: Annotated[int | None, typer.Argument(min=1, metavar="[FROM]", show_default=False)] = None,
    later: Annotated[int | None, typer.Argument(min=1, metavar="[TO]", show_default=False)] = None,
    *,
    customers: Annotated[
        str | None, typer.Option(help="Also list customers: new, resolved, gone or moved.", show_default=False)
    ] = None,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """What has changed between two runs; by default between the last one and the one before."""
    with open_client() as client:
        found = client.get(f"{_ANALYSIS}/compare", params={"from": base, "to": later})["data"]
        rows: list[dict[str, Any]] = []
        if customers:
            place = {"from": found["baseId"], "to": found["snapshotId"]}
            params = {**place, "movement": customers, "limit": limit}
            rows = client.get(f"{_ANALYSIS}/compare/customers", params=params)["data"]["rows"]
    if json:
        show_json({**found, "customers": rows})
        return
    show_fields(_CHANGE_COLUMNS, found)
    if customers:
        show_table(_MOVEMENT_COLUMNS, rows)


def _find_run(client: Client, run_id: int) -> dict[str, Any]:
    runs = client.get(f"{_BATCH}/history", params={"limit": 1_000})["history"]
    found: dict[str, Any] = next(entry for entry in runs if entry["run_id"] == run_id)
    return found


def _show_started(started: dict[str, Any], *, json: bool) -> None:
    if json:
        show_json(started)
        return
    say(f"Run {started['run_id']} has started. Follow it: tranche operations watch {started['operation_id']}")
