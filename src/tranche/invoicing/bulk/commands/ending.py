"""How a command of document 3 ends: watched to its end, shown, its exit code."""

from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import Column, ExitCode, Kind, say, show_fields, show_json
from tranche.kernel.client.watch import watch_or_leave

_COLUMNS = (
    Column("Operation", "id", Kind.NUMBER),
    Column("Type", "type"),
    Column("Status", "status"),
    Column("Done", "processed_count", Kind.COUNT),
    Column("Of", "total_count", Kind.COUNT),
)


def finish(client: Client, started: Json, *, wait: bool, json: bool) -> ExitCode:
    """Wait where that is wanted, show the operation, and say how it went."""
    if wait:
        watch_or_leave(client, int(started["id"]))
        started = client.get(f"/api/batch-operations/{started['id']}")
    if json:
        show_json(started)
    else:
        show_fields(_COLUMNS, started)
    if not wait:
        say(f"Follow it: tranche operations watch {started['id']}")
        return ExitCode.OK
    if started["status"] == "completed":
        return ExitCode.OK
    return ExitCode.COMPLETED_WITH_ERRORS if started["status"] == "completed_with_errors" else ExitCode.FAILURE
