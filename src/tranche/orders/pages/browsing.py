"""The pages of orders: the list and one."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.listing import Column
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.api.orders import FILTERS
from tranche.orders.service import ORDERS, order_of

PATH: Final = "/orders"

COLUMNS: Final = (
    Column(label="Order", sort="orderId"),
    Column(label="Customer"),
    Column(label="State"),
    Column(label="Date", sort="orderDate"),
    Column(label="Lines", is_number=True),
    Column(label="Total", sort="total", is_number=True),
)
_CHIPS: Final = (chips("status", "State", {"open": "Open", "invoiced": "Invoiced", "cancelled": "Cancelled"}),)


@page(PATH)
def orders_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All orders, the newest first."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request, ctx, conn, ORDERS, FILTERS, columns=COLUMNS, filters=_CHIPS, default_sort="-id",
            search_label="Order number begins with", export="/api/orders/export",
        )  # fmt: skip
    return render(request, "orders/orders.html", {"orders": [order_of(row) for row in rows], "listing": listing})


@page(PATH + "/{order_id:int}")
def order_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], order_id: FromPath[int]
) -> Html:
    """One order with its lines."""
    with database.transaction(ctx.organization_id) as conn:
        order, lines = service.get_order(conn, order_id=order_id)
    return render(request, "orders/order.html", {"order": order, "lines": lines})


ROUTES: Final[tuple[Any, ...]] = (orders_page, order_page)
