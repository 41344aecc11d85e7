"""Orders: list, export and one."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    Readers,
    exports_of,
    lists,
    look,
    moment,
    money,
    prefix,
    read_filters,
    text,
    whole,
    word,
)
from tranche.kernel.web.requests import AnyRequest, allow_query
from tranche.orders import service
from tranche.orders.order_schemas import OrderDetailOut, order_detail_out
from tranche.orders.schemas import OrderOut, order_out
from tranche.orders.service import ORDERS, InvoiceFinder, order_of

_SCOPE = {SCOPE: "orders"}
FILTERS: Final[Readers] = {
    "batchId": ("batch_id", whole),
    "customerId": ("customer_id", whole),
    "status": ("status", word("open", "invoiced", "cancelled")),
    "kind": ("kind", word("sale", "return")),
    "currency": ("currency", text(longest=3)),
    "search": ("search", prefix()),
    "from": ("since", moment),
    "to": ("until", moment),
    "totalFrom": ("least", money),
    "totalTo": ("most", money),
}


@get("/api/orders", opt=_SCOPE, operation_class=lists(ORDERS, FILTERS), sync_to_thread=True)
def list_orders(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[OrderOut]]:
    """Orders, by id where `sort` says nothing else; `search` is the beginning of an order number."""
    choice = read_filters(request, ORDERS, FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, ORDERS, choice)
    out = [order_out(order_of(row)) for row in found.rows]
    return envelope(ctx, out, message="Orders fetched", links=found.links)


@get("/api/orders/export", opt=_SCOPE, operation_class=exports_of(ORDERS, FILTERS), sync_to_thread=False)
def export_orders(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The orders under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, ORDERS, read_filters(request, ORDERS, FILTERS, besides=EXPORTING))


@get("/api/orders/{order_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_order(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_finder: NamedDependency[InvoiceFinder],
    order_id: FromPath[int],
) -> Envelope[OrderDetailOut]:
    """One order with its lines, and its invoices and credit notes."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        order, lines = service.get_order(conn, order_id=order_id)
        invoices = invoice_finder(conn, order_id=order_id)
    return envelope(ctx, order_detail_out(order, lines, invoices=invoices), message="Order fetched")


ORDER_ROUTES = (list_orders, export_orders, find_order)
