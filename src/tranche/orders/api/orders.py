"""Orders: list and one."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_whole
from tranche.orders import service
from tranche.orders.schemas import OrderDetailOut, OrderOut, order_detail_out, order_out

_SCOPE = {SCOPE: "orders"}


@get("/api/orders", opt=_SCOPE, sync_to_thread=True)
def list_orders(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[OrderOut]]:
    """Orders by id; `search` is the beginning of an order number."""
    allow_query(request, {"page", "limit", "batchId", "customerId", "status", "search"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        orders, total = service.list_orders(
            conn,
            batch_id=read_whole(request, "batchId"),
            customer_id=read_whole(request, "customerId"),
            status=read_choice(request, "status", choices=("open", "invoiced", "cancelled")),
            search=request.query_params.get("search"),
            limit=page.limit,
            offset=page.offset,
        )
    links = page_links(page, total=total)
    return envelope(ctx, [order_out(order) for order in orders], message="Orders fetched", links=links)


@get("/api/orders/{order_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_order(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], order_id: FromPath[int]
) -> Envelope[OrderDetailOut]:
    """One order with its lines."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        order, lines = service.get_order(conn, order_id=order_id)
    return envelope(ctx, order_detail_out(order, lines), message="Order fetched")


ORDER_ROUTES = (list_orders, find_order)
