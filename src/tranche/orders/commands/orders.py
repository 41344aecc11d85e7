"""`tranche orders list` and `tranche orders show`."""

from enum import StrEnum
from typing import Annotated

import typer

from tranche.kernel.client.numbers import ORDERS
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say_page, show_fields, show_json, show_table
from tranche.orders.commands.showing import ORDER_COLUMNS

_LINE_COLUMNS = (
    Column("Line", "lineNumber", Kind.NUMBER),
    Column("Item", "itemSku"),
    Column("Description", "description"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Unit price", "unitPrice", Kind.COUNT),
    Column("Tax %", "taxRate", Kind.NUMBER),
    Column("Amount", "amount", Kind.COUNT),
    Column("Row", "row", Kind.NUMBER),
)
_INVOICE_COLUMNS = (
    Column("Invoice", "number"),
    Column("Id", "id", Kind.NUMBER),
    Column("Kind", "kind"),
    Column("Status", "status"),
)


class OrderStatus(StrEnum):
    """What `--status` takes."""

    OPEN = "open"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"


def list_orders(
    *,
    batch: Annotated[int | None, typer.Option(min=1, help="Only orders of this batch.", show_default=False)] = None,
    customer: Annotated[
        int | None, typer.Option(min=1, help="Only orders of this customer.", show_default=False)
    ] = None,
    status: Annotated[OrderStatus | None, typer.Option(help="Only orders of this status.", show_default=False)] = None,
    search: Annotated[str | None, typer.Option(help="The beginning of an order number.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List orders."""
    params = {
        "batchId": batch,
        "customerId": customer,
        "status": status.value if status else None,
        "search": search,
        "page": page,
        "limit": limit,
    }
    with open_client() as client:
        answer = client.get("/api/orders", params=params)
    if json:
        show_json(answer)
        return
    show_table(ORDER_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="orders")


def show_order(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its number or its id.")],
    *,
    json: JsonOption = False,
) -> None:
    """Show one order with its lines, and its invoices and credit notes."""
    with open_client() as client:
        answer = client.get(f"/api/orders/{ORDERS.find_id(client, order)}")
    if json:
        show_json(answer)
        return
    show_fields((*ORDER_COLUMNS, Column("Notes", "notes")), answer["data"])
    show_table(_LINE_COLUMNS, answer["data"]["lines"])
    if answer["data"]["invoices"]:
        show_table(_INVOICE_COLUMNS, answer["data"]["invoices"])
