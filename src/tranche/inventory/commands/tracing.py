"""`tranche lots trace | recall | history`: where stock came from and went."""

from typing import Annotated, Final

import typer

from tranche.inventory.commands.finding import HOME, find_lot
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say, say_page, show_json, show_table

_NODES: Final = (
    Column("Level", "level", Kind.NUMBER),
    Column("Lot", "batchNumber"),
    Column("Expires", "expirationDate", Kind.DAY),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("On hold", "isOnHold"),
)
_CONSUMERS: Final = (
    Column("Kind", "consumerKind"),
    Column("Label", "consumerLabel"),
    Column("Customer", "customerName"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("When", "takenAt", Kind.MOMENT),
)
_RECIPIENTS: Final = (
    Column("Customer", "name"),
    Column("E-mail", "email"),
    Column("Phone", "phone"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Invoices", "consumers", Kind.COUNT),
)
_LEFT: Final = (
    Column("Lot", "batchNumber"),
    Column("Branch", "branchName"),
    Column("Quantity", "quantity", Kind.COUNT),
)
_HISTORY: Final = (
    Column("Movement", "id", Kind.NUMBER),
    Column("Type", "operationType"),
    Column("From", "sourceBatchNumber"),
    Column("To", "destinationBatchNumber"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("For", "consumerLabel"),
    Column("When", "createdAt", Kind.MOMENT),
)
_Lot = Annotated[str, typer.Argument(metavar="LOT", help="The number of the lot.", show_default=False)]

trace_app = typer.Typer(add_completion=False)


@trace_app.command("trace")
def trace(number: _Lot, *, json: JsonOption = False) -> None:
    """The lots it came from (levels below 0) and went to, and who consumed them."""
    with open_client() as client:
        answer = client.get(f"{HOME}/{find_lot(client, number)['id']}/trace")
    if json:
        show_json(answer)
        return
    data = answer["data"]
    show_table(_NODES, data["batches"])
    if data["consumers"]:
        show_table(_CONSUMERS, data["consumers"])
    totals = data["totals"]
    whose = f"{totals['consumers']:,}, of customers: {totals['customers']:,}"
    say(f"Went out: {totals['quantity']}. Orders and invoices: {whose}.")


@trace_app.command("recall")
def recall(number: _Lot, *, page: PageOption = 1, limit: LimitOption = 100, json: JsonOption = False) -> None:
    """Who has to be told when this lot is called back, and where it still is."""
    with open_client() as client:
        path = f"{HOME}/{find_lot(client, number)['id']}/recall"
        answer = client.get(path, params={"page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_LEFT, answer["data"]["remainders"])
    show_table(_RECIPIENTS, answer["data"]["recipients"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="recipients")


@trace_app.command("history")
def history(
    number: Annotated[str | None, typer.Argument(metavar="[LOT]", help="Only this lot.", show_default=False)] = None,
    *,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """What was done to the stock, the newest first."""
    with open_client() as client:
        lot_id = find_lot(client, number)["id"] if number else None
        answer = client.get("/api/batch/operations", params={"batchId": lot_id, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_HISTORY, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="movements")
