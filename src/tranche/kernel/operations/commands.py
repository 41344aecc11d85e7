"""`tranche operations`: what runs, how far it is, and the verbs on it, by way of a server."""

from typing import Annotated, TypeAlias

import typer

from tranche.kernel.client.exporting import make_export
from tranche.kernel.client.hints import naming, with_options
from tranche.kernel.client.http import Json, Params
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, WaitOption, open_client
from tranche.kernel.client.output import (
    Column,
    ExitCode,
    Kind,
    ask,
    say,
    say_notices,
    say_page,
    show_fields,
    show_json,
    show_table,
)
from tranche.kernel.client.watch import watch_or_leave
from tranche.kernel.operations.domain import HALF_DONE, ItemStatus, Status

_HOME = "/api/operations"
_COUNTERS = (
    Column("Done", "succeeded", Kind.COUNT),
    Column("Failed", "failed", Kind.COUNT),
    Column("Skipped", "skipped", Kind.COUNT),
    Column("Of", "total", Kind.COUNT),
)
_LIST_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Kind", "kind"),
    Column("What", "label"),
    Column("Status", "status"),
    *_COUNTERS,
    Column("Started by", "starter"),
    Column("Started", "createdAt", Kind.MOMENT),
)
_ITEM_COLUMNS = (
    Column("Position", "position", Kind.NUMBER),
    Column("Stage", "stage"),
    Column("What", "label"),
    Column("Status", "status"),
    Column("Why", "why"),
)
_ENDS = {
    Status.COMPLETED: ExitCode.OK,
    Status.COMPLETED_WITH_ERRORS: ExitCode.COMPLETED_WITH_ERRORS,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Watch, cancel, pause, retry and undo long work.")
app.command("export")(make_export("/api/operations/export", what="operations"))

OperationArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="ID", help="The id of the operation, as the list has it.")
]


@app.command("list")
def list_operations(
    *,
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as order_import.", show_default=False)] = None,
    status: Annotated[Status | None, typer.Option(help="Only operations of this status.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List operations, the newest first."""
    params = {"kind": kind, "status": status.value if status else None, "page": page, "limit": limit}
    with open_client() as client, naming({"kind": "--kind"}):
        answer = client.get(_HOME, params=params)
    if json:
        show_json(answer)
        return
    show_table(_LIST_COLUMNS, [_listed(state) for state in answer["data"]])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="operations")


@app.command("items")
def list_items(
    operation: OperationArgument,
    *,
    status: Annotated[ItemStatus | None, typer.Option(help="Only items of this status.", show_default=False)] = None,
    code: Annotated[str | None, typer.Option(help="Only items with this code.", show_default=False)] = None,
    after: Annotated[
        str | None, typer.Option(help="Only what comes behind it, as the page before has named it.", show_default=False)
    ] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """List what an operation worked on, one by one, and why something failed or was left."""
    params = {"status": status.value if status else None, "code": code, "after": after, "limit": limit}
    with open_client() as client:
        answer = client.get(f"{_HOME}/{operation}/items", params=params)
    if json:
        show_json(answer)
        return
    found = answer["data"]
    show_table(_ITEM_COLUMNS, [{**item, "why": (item["error"] or {}).get("message")} for item in found["items"]])
    if not found["items"]:
        say(f"Operation {operation} has no such items." if after is None else "There are no more items.")
    if found["next"]:
        say(f"There are more. Go on with --after {found['next']}")


@app.command()
def watch(operation: OperationArgument, *, json: JsonOption = False) -> None:
    """Watch an operation until it has ended; exit code 3 when some of it failed, 1 when nothing was done."""
    _watch(operation, json=json)


@app.command()
def cancel(operation: OperationArgument, *, json: JsonOption = False) -> None:
    """End an operation at the next safe point; what is done stays done."""
    _act(operation, "cancel", json=json)


@app.command()
def pause(operation: OperationArgument, *, json: JsonOption = False) -> None:
    """Hand out no further work of an operation until it is resumed."""
    _act(operation, "pause", json=json)


@app.command()
def resume(operation: OperationArgument, *, json: JsonOption = False) -> None:
    """Go on with a paused operation."""
    _act(operation, "resume", json=json)


@app.command()
def retry(
    operation: OperationArgument,
    *,
    code: Annotated[str | None, typer.Option(help="Only failures with this code.", show_default=False)] = None,
    wait: WaitOption = False,
    json: JsonOption = False,
) -> None:
    """Work again on what failed, all of it or one cause."""
    _act(operation, "retry", json=json and not wait, params={"code": code})
    if wait:
        _watch(operation, json=json)


@app.command()
def undo(
    operation: OperationArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Take back what an ended operation did: the orders of an upload, the invoices of a run."""
    with open_client() as client:
        found = client.get(f"{_HOME}/{operation}")["data"]
        if not (yes or ask(f"Undo operation {operation} ({found['label']}, {found['succeeded']:,} done)?")):
            say("Nothing was undone. (--yes undoes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        started = client.post(f"{_HOME}/{operation}/undo")
    number = int(started["data"]["id"])
    if wait:
        _watch(number, json=json)
    if json:
        show_json(started)
    say(f"Follow it: tranche operations watch {number}")


def _listed(state: Json) -> Json:
    what = f"{state['label']} (dry run)" if state["dryRun"] else state["label"]
    return {**state, "label": what, "starter": state["createdBy"]["name"] or "the clock"}


def _act(operation: int, verb: str, *, json: bool, params: Params | None = None) -> None:
    with open_client() as client:
        answer = client.post(f"{_HOME}/{operation}/{verb}", params=params)
    if json:
        show_json(answer)
    else:
        say(f"Operation {operation} is {answer['data']['status']}.")


def _watch(operation: int, *, json: bool) -> None:
    with open_client() as client:
        state = watch_or_leave(client, operation)
    if json:
        show_json(state)
    else:
        show_fields(_COUNTERS, state)
        say_notices(state["summary"].get("notices", []))
    if state["status"] == Status.COMPLETED_WITH_ERRORS and not state["succeeded"] + state["skipped"]:
        say(HALF_DONE)
    if state["error"]:
        say(with_options(state["error"]["message"]))
    raise typer.Exit(_ENDS.get(Status(state["status"]), ExitCode.FAILURE))
