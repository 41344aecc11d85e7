"""`tranche orders upload`: send a spreadsheet, watch its import, say what became of it."""

from pathlib import Path
from typing import Annotated

import typer

from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.errors_commands import show_findings
from tranche.imports.sending import MappingOption, read_mapping_option, send_file
from tranche.kernel.client.hints import with_options
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, say, show_fields, show_json
from tranche.kernel.client.watch import watch_or_leave
from tranche.orders.commands.showing import show_batch

_DRY_RUN_COLUMNS = (
    Column("Orders", "totalOrders", Kind.COUNT),
    Column("Would be imported", "validOrders", Kind.COUNT),
    Column("Would fail", "failedOrders", Kind.COUNT),
    Column("Would be skipped", "skippedOrders", Kind.COUNT),
)


def upload(
    file: Annotated[
        Path, typer.Argument(help="The spreadsheet: .xlsx, .xls, .xlsb, .ods or .csv.", show_default=False)
    ],
    *,
    mapping: MappingOption = None,
    on_duplicate: Annotated[
        OnDuplicate, typer.Option(help="What becomes of an order that exists already.")
    ] = OnDuplicate.ERROR,
    mode: Annotated[
        ImportMode, typer.Option(help="Import the valid orders, or nothing where one row is bad.")
    ] = ImportMode.VALID,
    allow_duplicate: Annotated[
        bool, typer.Option("--allow-duplicate", help="Take a file that was uploaded before.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Upload a spreadsheet of order lines; exit code 3 when some orders could not be imported."""
    form = {"mapping": read_mapping_option(mapping)} if mapping else {}
    params = {
        "onDuplicate": on_duplicate.value,
        "mode": mode.value,
        "allowDuplicate": allow_duplicate or None,
        "dryRun": dry_run or None,
    }
    with open_client() as client:
        started = send_file(client, "/api/orders/upload", file, params=params, form=form)
        if not wait:
            _show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        if dry_run:
            code = finish_dry_run(client, started, ended, json=json)
        else:
            code = finish_import(client, int(started["id"]), json=json)
    raise typer.Exit(code)


def _show_started(started: Json, *, json: bool) -> None:
    if json:
        show_json(started)
    elif "id" in started:
        say(f"Batch {started['id']} is being imported.")
    say(f"Follow it: tranche operations watch {started['operationId']}")


def finish_import(client: Client, batch_id: int, *, json: bool) -> ExitCode:
    """Show a batch whose import has ended."""
    batch = client.get(f"/api/orders/batches/{batch_id}")
    if json:
        show_json(batch)
    else:
        show_batch(batch)
    if batch["status"] != "completed":
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if batch["failedOrders"] else ExitCode.OK


def finish_dry_run(client: Client, started: Json, ended: Json, *, json: bool) -> ExitCode:
    """Show the report of a dry run that has ended."""
    report = {
        **started,
        "status": ended["status"],
        "totalOrders": ended["total"],
        "validOrders": ended["succeeded"],
        "failedOrders": ended["failed"],
        "skippedOrders": ended["skipped"],
        "summary": ended["summary"],
        "failure": ended["error"]["message"] if ended["error"] else None,
    }
    if json:
        show_json(report)
    else:
        show_fields(_DRY_RUN_COLUMNS, report)
        more = f"tranche orders errors --import {started['importId']}"
        show_findings(client, int(started["importId"]), summary=ended["summary"], more=more)
        say(with_options(str(report["failure"])) if report["failure"] else "Nothing was written.")
        if report["validOrders"]:
            say(f"To bring in what is valid: tranche orders import --import {started['importId']}")
    if ended["status"] in {"failed", "cancelled"}:
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if report["failedOrders"] else ExitCode.OK
