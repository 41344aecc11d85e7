"""`tranche stock`: bring opening stock in from a spreadsheet, see what expires."""

from pathlib import Path
from typing import Annotated, Final

import typer

from tranche.imports.domain import ImportMode
from tranche.imports.errors_commands import make_errors
from tranche.imports.sending import StockMappingOption, read_mapping_option, send_file, show_started
from tranche.inventory.commands.items import finish_import
from tranche.kernel.client.options import (
    BranchOption,
    JsonOption,
    LimitOption,
    PageOption,
    WaitOption,
    open_client,
)
from tranche.kernel.client.output import Column, Kind, say, say_page, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave
from tranche.kernel.text import plural

_EXPIRING: Final = (
    Column("Days left", "daysLeft", Kind.NUMBER),
    Column("Lot", "batchNumber"),
    Column("Item", "itemName"),
    Column("Branch", "branchName"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Expires", "expirationDate", Kind.DAY),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bring opening stock in; see what expires.")
app.command("errors")(make_errors("stock", following="tranche stock import"))


@app.command("import")
def bring_in(
    file: Annotated[
        Path, typer.Argument(help="The spreadsheet: .xlsx, .xls, .xlsb, .ods or .csv.", show_default=False)
    ],
    *,
    mapping: StockMappingOption = None,
    skip: Annotated[bool, typer.Option("--skip-existing", help="Leave lots that have had stock here.")] = False,
    mode: Annotated[
        ImportMode, typer.Option(help="Import the valid rows, or nothing where one row is bad.")
    ] = ImportMode.VALID,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    branch: BranchOption = None,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Upload the stock of a branch; exit code 3 when some rows could not be imported."""
    form = {"mapping": read_mapping_option(mapping)} if mapping else {}
    params = {"onDuplicate": "skip" if skip else "error", "mode": mode.value, "dryRun": dry_run or None}
    with open_client(branch=branch) as client:
        started = send_file(client, "/api/batch/upload", file, params=params, form=form)["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        code = finish_import(client, started, ended, group="stock", what="Rows", json=json)
        if not started["dryRun"] and not json:
            say("To take it back: tranche lots history, then tranche lots undo MOVEMENT.")
    raise typer.Exit(code)


@app.command("expiring")
def expiring(
    *,
    days: Annotated[int, typer.Option(min=0, help="How many days at most are left.")] = 30,
    branch: BranchOption = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """Stock that expires soon or has expired, the nearest first."""
    with open_client(branch=branch) as client:
        answer = client.get("/api/batch/expiring", params={"days": days, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_EXPIRING, answer["data"])
    pages = answer["pagination"]
    if not pages["totalItems"]:
        where = f" of branch {branch}" if branch else ""
        say(f"No stock{where} has expired or expires within {plural(days, 'day')}.")
        return
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="lots in branches")
