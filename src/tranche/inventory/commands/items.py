"""`tranche items`: bring items in, look at them, undo an import, by way of a server."""

from pathlib import Path
from typing import Annotated

import typer

from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.errors_commands import ImportArgument, make_errors, show_findings
from tranche.imports.finding import find_import, kind_of, say_import
from tranche.imports.mappings_commands import make_group
from tranche.imports.sending import ItemMappingOption, read_mapping_option, send_file, show_started
from tranche.kernel.client.exporting import make_export
from tranche.kernel.client.hints import with_options
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave

_ITEM_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Code", "code"),
    Column("Name", "name"),
    Column("Unit price", "unitPrice", Kind.COUNT),
    Column("Stock tracking", "stockTracking"),
)
_KEPT_COLUMNS = (Column("Item", "label"), Column("Why", "why"))
_SHOWN = 10

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bring items in, look at them.")
app.command("export")(make_export("/api/items/export", what="items"))
app.command("errors")(make_errors("item", following="tranche items import"))


@app.command("import")
def bring_in(
    file: Annotated[
        Path, typer.Argument(help="The spreadsheet: .xlsx, .xls, .xlsb, .ods or .csv.", show_default=False)
    ],
    *,
    mapping: ItemMappingOption = None,
    on_duplicate: Annotated[
        OnDuplicate, typer.Option(help="What becomes of an item that exists already.")
    ] = OnDuplicate.ERROR,
    mode: Annotated[
        ImportMode, typer.Option(help="Import the valid items, or nothing where one row is bad.")
    ] = ImportMode.VALID,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Upload a spreadsheet of items; exit code 3 when some could not be imported."""
    form = {"mapping": read_mapping_option(mapping)} if mapping else {}
    params = {"onDuplicate": on_duplicate.value, "mode": mode.value, "dryRun": dry_run or None}
    with open_client() as client:
        started = send_file(client, "/api/items/upload", file, params=params, form=form)["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        code = finish_import(client, started, ended, group="items", what="Items", json=json)
        if ended["succeeded"] and not started["dryRun"] and not json:
            updates = on_duplicate is OnDuplicate.UPDATE
            what = "To take back the items that it made" if updates else "To take it back"
            say(f"{what}: tranche items undo {started['importId']}")
    raise typer.Exit(code)


@app.command("list")
def list_items(
    *,
    search: Annotated[str | None, typer.Option(help="A code, or the beginning of a name.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List items by name."""
    with open_client() as client:
        answer = client.get("/api/items", params={"search": search, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_ITEM_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="items")


@app.command("undo")
def undo(
    number: ImportArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Remove the items that an import made and that nobody has changed or used since."""
    with open_client() as client:
        found = find_import(client, number, target="item", verb="undo")
        say_import(found)
        if not (yes or ask(f"Undo import {number} of {kind_of(found)} ({found['fileName']})?")):
            say("Nothing was undone. (--yes undoes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        started = client.post(f"/api/imports/{number}/undo")["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        kept = client.get(
            f"/api/operations/{started['operationId']}/items", params={"status": "skipped", "limit": _SHOWN}
        )
    if json:
        show_json(ended)
    else:
        show_fields((Column("Removed", "succeeded", Kind.COUNT), Column("Kept", "skipped", Kind.COUNT)), ended)
        if kept["data"]["items"]:
            show_table(_KEPT_COLUMNS, [_kept(entry) for entry in kept["data"]["items"]])
        if kept["data"]["next"]:
            say(f"All of them: tranche operations items {started['operationId']} --status skipped")
    raise typer.Exit(_code(ended))


app.add_typer(make_group("item"), name="mappings")


def finish_import(client: Client, started: Json, ended: Json, *, group: str, what: str, json: bool) -> ExitCode:
    """Show what became of an import, with its first errors; `group` are its commands, `what` names its rows."""
    if json:
        show_json({**started, **ended})
        return _code(ended)
    made = "Would be imported" if started["dryRun"] else "Imported"
    show_fields(
        (
            Column(what, "total", Kind.COUNT),
            Column(made, "succeeded", Kind.COUNT),
            Column("Failed", "failed", Kind.COUNT),
            Column("Skipped", "skipped", Kind.COUNT),
        ),
        ended,
    )
    more = f"tranche {group} errors {started['importId']}"
    show_findings(client, int(started["importId"]), summary=ended["summary"], more=more)
    if ended["error"]:
        say(with_options(str(ended["error"]["message"])))
    if started["dryRun"]:
        say("Nothing was written.")
    return _code(ended)


def _kept(entry: Json) -> Json:
    return {**entry, "why": (entry.get("error") or {}).get("message")}


def _code(ended: Json) -> ExitCode:
    if ended["status"] == "completed":
        return ExitCode.OK
    return ExitCode.COMPLETED_WITH_ERRORS if ended["status"] == "completed_with_errors" else ExitCode.FAILURE
