"""How a command of document 3 ends: watched to its end, shown with what failed and why, its exit code."""

from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import Column, ExitCode, Kind, say, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave

_COLUMNS = (
    Column("Operation", "id", Kind.NUMBER),
    Column("Type", "type"),
    Column("Status", "status"),
    Column("Done", "successful", Kind.COUNT),
    Column("Failed", "failed", Kind.COUNT),
    Column("In doubt", "unknown", Kind.COUNT),
    Column("Of", "total_count", Kind.COUNT),
)
_ITEM_COLUMNS = (Column("Invoice", "number"), Column("Code", "error_code"), Column("What is wrong", "error_message"))
_SHOWN = 10


def finish(client: Client, started: Json, *, wait: bool, json: bool) -> ExitCode:
    """Wait where that is wanted, show the operation, and say how it went."""
    if wait:
        watch_or_leave(client, int(started["id"]))
        started = client.get(f"/api/batch-operations/{started['id']}")
    if json:
        show_json(started)
    else:
        _show(client, started)
    if not wait:
        say(f"Follow it: tranche operations watch {started['id']}")
        return ExitCode.OK
    if started["status"] == "completed":
        return ExitCode.OK
    return ExitCode.COMPLETED_WITH_ERRORS if started["status"] == "completed_with_errors" else ExitCode.FAILURE


def _show(client: Client, operation: Json) -> None:
    summary = operation["summary"]
    show_fields(_COLUMNS, {**summary, **operation})
    for status in ("failed", "unknown"):
        if not summary[status]:
            continue
        path = f"/api/batch-operations/{operation['id']}/items"
        found = client.get(path, params={"status": status, "limit": _SHOWN})["data"]
        show_table(_ITEM_COLUMNS, [{**item, **item["data"]} for item in found])
        if summary[status] > _SHOWN:
            say(f"All of them: tranche operations items {operation['id']} --status {status}")
