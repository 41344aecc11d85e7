"""`tranche orders judge`, `import` and `undo`: second thoughts about an upload."""

from typing import Annotated, TypeAlias

import msgspec
import typer

from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.sending import MappingOption, read_mapping_option, show_started
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave
from tranche.orders.commands.batches import BatchArgument
from tranche.orders.commands.upload import finish_dry_run, finish_import

_HOME = "/api/orders/batches"
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

ImportArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="IMPORT", help="The number of the import, as the upload or the batch names it.")
]


def judge(
    number: ImportArgument,
    *,
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
    body = {
        "mapping": msgspec.json.decode(read_mapping_option(mapping)) if mapping else {},
        **({"onDuplicate": on_duplicate.value} if on_duplicate else {}),
        **({"mode": mode.value} if mode else {}),
    }
    with open_client() as client:
        started = client.post(f"/api/imports/{number}/judge", body=body)["data"]
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
    number: ImportArgument,
    *,
    allow_duplicate: Annotated[
        bool, typer.Option("--allow-duplicate", help="Take a file that was imported before.")
    ] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Bring in what a dry run has found valid, without sending the file again."""
    with open_client() as client:
        params = {"allowDuplicate": allow_duplicate or None}
        batch = client.post(f"/api/imports/{number}/import", params=params)
        if not wait:
            show_started(batch, json=json)
            return
        watch_or_leave(client, int(batch["operationId"]))
        code = finish_import(client, int(batch["id"]), json=json)
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
        found = client.get(f"{_HOME}/{batch}")
        orders = found["keptOrders"] if found["undoneAt"] else found["successfulOrders"]
        if not (yes or ask(f"Undo batch {batch} ({found['fileName']}, {orders:,} orders)?")):
            say("Nothing was undone. (--yes undoes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        started = client.post(f"{_HOME}/{batch}/undo")["data"]
        if not wait:
            show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["operationId"]))
        answer = client.get(f"{_HOME}/{batch}/undo", params={"limit": _SHOWN})
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


def _code(status: str) -> ExitCode:
    if status == "completed":
        return ExitCode.OK
    return ExitCode.COMPLETED_WITH_ERRORS if status == "completed_with_errors" else ExitCode.FAILURE
