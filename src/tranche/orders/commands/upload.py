"""`tranche orders upload`: send a spreadsheet, watch its import, say what became of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tranche.kernel.client.http import Client, Json, Params
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, clean, messages, say, show_fields, show_json
from tranche.kernel.client.watch import watch_or_leave
from tranche.orders.commands.showing import show_batch, show_first_errors
from tranche.orders.domain import ImportMode, OnDuplicate

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
    mapping: Annotated[
        str | None,
        typer.Option(
            help='Which column is which, as JSON or @file: {"orderId": "Order No", "dayFirst": true}.',
            show_default=False,
        ),
    ] = None,
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
    form = {"mapping": _read_mapping(mapping)} if mapping else {}
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
        code = _finish_dry_run(client, started, ended, json=json) if dry_run else _finish(client, started, json=json)
    raise typer.Exit(code)


def _read_mapping(text: str) -> str:
    """The JSON of a mapping, from the command line or from the file that it names behind an @."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{text[1:]} cannot be read as text.", param_hint="--mapping") from error
    try:
        is_object = isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, UnicodeEncodeError):
        is_object = False
    if not is_object:
        raise typer.BadParameter('It must be a JSON object, such as {"orderId": "Order No"}.', param_hint="--mapping")
    return text


def send_file(client: Client, path: str, file: Path, *, params: Params, form: Mapping[str, str]) -> Json:
    """Send a file, with a bar on a terminal; returns the answer."""
    console = messages()
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(36, complete_style="cyan", finished_style="cyan"),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(f"Sending {clean(file.name)}", total=file.stat().st_size if file.is_file() else None)

        def told(sent: int, total: int) -> None:
            bar.update(task, completed=sent, total=total)

        return client.upload(path, file, params=params, form=form, progress=told)


def _show_started(started: Json, *, json: bool) -> None:
    if json:
        show_json(started)
    elif "id" in started:
        say(f"Batch {started['id']} is being imported.")
    say(f"Follow it: tranche operations watch {started['operationId']}")


def _finish(client: Client, started: Json, *, json: bool) -> ExitCode:
    batch = client.get(f"/api/orders/batches/{started['id']}")
    if json:
        show_json(batch)
    else:
        show_batch(batch)
    if batch["status"] != "completed":
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if batch["failedOrders"] else ExitCode.OK


def _finish_dry_run(client: Client, started: Json, ended: Json, *, json: bool) -> ExitCode:
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
        path = f"/api/imports/{started['importId']}/errors"
        found = client.get(path, params={"limit": 10})
        show_first_errors(found["data"], total=found["pagination"]["totalItems"], more=f"GET {path}")
        say(str(report["failure"]) if report["failure"] else "Nothing was written.")
    if ended["status"] in {"failed", "cancelled"}:
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if report["failedOrders"] else ExitCode.OK
