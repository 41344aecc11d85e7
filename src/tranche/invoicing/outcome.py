"""What became of a run that `tranche invoices create` has started, and what may follow it."""

from typing import Final

from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import Column, ExitCode, Kind, say, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave

_JOB_COLUMNS: Final = (
    Column("Run", "operation_id", Kind.NUMBER),
    Column("Orders", "total_items", Kind.COUNT),
    Column("Invoices", "issued_items", Kind.COUNT),
    Column("Failed", "failed_items", Kind.COUNT),
    Column("Skipped", "skipped_items", Kind.COUNT),
)
_ERROR_COLUMNS: Final = (Column("Order", "order_number"), Column("Code", "code"), Column("What is wrong", "error"))
_SHOWN: Final = 10


def leave(started: Json, *, json: bool) -> ExitCode:
    """Say how to follow the run that goes on."""
    if json:
        show_json(started)
    say(f"Follow it: tranche operations watch {started['operation_id']}")
    return ExitCode.OK


def finish(client: Client, started: Json, *, json: bool) -> ExitCode:
    """Wait for the end, and show the figures, the first failures and the commands that go on from here."""
    watch_or_leave(client, int(started["operation_id"]))
    job = client.get(f"/api/batch-jobs/{started['job_id']}")["data"]
    if json:
        show_json(job)
    else:
        _show(job, run=int(started["operation_id"]))
    if job["status"] != "completed":
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if job["failed_items"] else ExitCode.OK


def _show(job: Json, *, run: int) -> None:
    show_fields((*_JOB_COLUMNS, *_shortfall(job)), {**job, "operation_id": run})
    if job["errors"]:
        show_table(_ERROR_COLUMNS, [_named(error) for error in job["errors"][:_SHOWN]])
    if job["failed_items"] > _SHOWN:
        say(f"All of them: tranche operations items {run} --status failed")
    if job["skipped_items"]:
        say(f"Why some were skipped: tranche operations items {run} --status skipped")
    if job["issued_items"]:
        say(f"Its invoices: tranche invoices list --operation {run}")
        say(f"To take them back: tranche operations undo {run}")


def _named(error: Json) -> Json:
    """An order that is not there has no number."""
    return {**error, "order_number": error["order_number"] or f"id:{error['order_id']}"}


def _shortfall(job: Json) -> tuple[Column, ...]:
    """What was issued and not done to the end, where there is some."""
    if not job["unfinished_items"]:
        return ()
    return (Column("Not sent" if job["payload"].get("send") else "Not printed", "unfinished_items", Kind.COUNT),)
