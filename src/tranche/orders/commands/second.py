"""`tranche orders judge`, `import` and `undo`: second thoughts about an upload."""

from typing import Annotated

import msgspec
import typer

from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.sending import MappingOption, read_mapping_option, show_started
from tranche.kernel.client.http import Client
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave
from tranche.kernel.text import plural
from tranche.orders.commands.naming import (
    BATCHES,
    BatchArgument,
    ImportOption,
    MaybeBatchArgument,
    find_batch,
    find_order_import,
    find_read_batch,
    refuse_unless_one,
)
from tranche.orders.commands.upload import finish_dry_run, finish_import

_UNDO_COLUMNS = (
    Column("Orders", "totalOrders", Kind.COUNT),
    Column("Removed", "reversedOrders", Kind.COUNT),
    Column("Kept", "keptOrders", Kind.COUNT),
    Column("Errors", "erroredOrders", Kind.COUNT),
)
_KEPT_COLUMNS = (
    Column("Order", "orderId"),
    Column("Outcome", "outcome"),
    Column("Why", "reason"),
)
_SHOWN = 20


def judge(
    batch: MaybeBatchArgument = None,
    *,
    number: ImportOption = None,
    mapping: MappingOption = None,
    on_duplicate: Annotated[
        OnDuplicate | None, typer.Option(help="What becomes of an order that exists already.", show_default=False)
    ] = None,
    mode: Annotated[
        ImportMode | None, typer.Option(help="Import the valid orders, or nothing.", show_default=False)
    ] = None,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Read an uploaded file again under another mapping; orders that are in stay as they are."""
    refuse_unless_one(batch, number)
    body = {
        "mapping": msgspec.json.decode(read_mapping_option(mapping)) if mapping else {},
        **({"onDuplicate": on_duplicate.value} if on_duplicate else {}),
        **({"mode": mode.value} if mode else {}),
    }
    with open_client() as client:
        import_id = _import_of(client, batch, number)
        started = client.post(f"/api/imports/{import_id}/judge", body=body)["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        if started["batchId"] is None:
            code = finish_dry_run(client, started, ended, json=json)
        else:
            code = finish_import(client, int(started["batchId"]), json=json)
    raise typer.Exit(code)


def bring_in(
    batch: Annotated[int | None, typer.Argument(hidden=True)] = None,
    *,
    number: ImportOption = None,
    allow_duplicate: Annotated[
        bool, typer.Option("--allow-duplicate", help="Take a file that was imported before.")
    ] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Bring in what a dry run has found valid, without sending the file again."""
    if batch is not None or number is None:
        raise typer.BadParameter("Name the dry run: --import IMPORT. A batch is in already.", param_hint="--import")
    with open_client() as client:
        find_order_import(client, number, verb="import")
        params = {"allowDuplicate": allow_duplicate or None}
        started = client.post(f"/api/imports/{number}/import", params=params)
        if not wait:
            show_started(started, json=json)
            return
        watch_or_leave(client, int(started["operationId"]))
        code = finish_import(client, int(started["id"]), json=json)
    raise typer.Exit(code)


def undo(
    batch: BatchArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Remove the orders of a batch that nobody has touched since they came in; exit code 3 when some met errors.

    It may be repeated: what had to be kept, and is free by now, goes then.
    """
    with open_client() as client:
        found = find_batch(client, batch)
        orders = found["keptOrders"] if found["undoneAt"] else found["successfulOrders"]
        if orders and not (yes or ask(f"Undo batch {batch} ({found['fileName']}, {plural(orders, 'order')})?")):
            say("Nothing was undone. (--yes undoes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        started = client.post(f"{BATCHES}/{batch}/undo")["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        answer = client.get(f"{BATCHES}/{batch}/undo", params={"limit": _SHOWN})
    if json:
        show_json(answer)
    else:
        show_fields(_UNDO_COLUMNS, answer["data"])
        if answer["data"]["orders"]:
            show_table(_KEPT_COLUMNS, answer["data"]["orders"])
            pages = answer["pagination"]
            say_page(page=1, pages=1, total=pages["totalItems"], what="orders")
            if pages["totalPages"] > 1:
                items = f"tranche operations items {started['operationId']} --status"
                say(f"All that were kept: {items} skipped; all that met errors: {items} failed")
    raise typer.Exit(_code(str(ended["status"])))


def _import_of(client: Client, batch: int | None, number: int | None) -> int:
    if batch is not None:
        return int(find_read_batch(client, batch)["importId"])
    return int(find_order_import(client, number or 0, verb="judge")["id"])


def _code(status: str) -> ExitCode:
    if status == "completed":
        return ExitCode.OK
    return ExitCode.COMPLETED_WITH_ERRORS if status == "completed_with_errors" else ExitCode.FAILURE
