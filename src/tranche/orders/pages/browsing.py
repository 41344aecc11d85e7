"""The pages of orders: the list, from which orders are chosen to be invoiced, and one order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.listing import Column, Listing
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest, read_choice
from tranche.orders import service
from tranche.orders.api.orders import FILTERS
from tranche.orders.domain import Order
from tranche.orders.service import ORDERS, InvoiceFinder, order_of

PATH: Final = "/orders"

_PAGE, _ALL = "page", "all"
_CHOOSE: Final = "choose"
_NARROWING: Final = {"status": "status", "q": "search", "batchId": "batch_id", "customerId": "customer_id"}
_AROUND: Final = frozenset({"sort", "after", "before", _CHOOSE})
_TICK: Final = Column(label="Choose", is_hidden_label=True)
_COLUMNS: Final = (
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
    """All orders, the newest first; who may invoice them chooses some, this page, or all that match."""
    may_choose = ctx.role.covers(Role.OPERATOR)
    chosen = read_choice(request, _CHOOSE, choices=[_PAGE, _ALL]) or ""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request, ctx, conn, ORDERS, FILTERS,
            columns=(_TICK, *_COLUMNS) if may_choose else _COLUMNS, filters=_CHIPS, default_sort="-id",
            search_label="Order number begins with", export="/api/orders/export", besides=frozenset({_CHOOSE}),
        )  # fmt: skip
        listing = replace(listing, query={name: text for name, text in listing.query.items() if name != _CHOOSE})
        orders = [order_of(row) for row in rows]
        selection = _selection(request, conn, orders, listing, chosen) if may_choose and orders else None
    return render(request, "orders/orders.html", {"orders": orders, "listing": listing, "selection": selection})


@page(PATH + "/{order_id:int}")
def order_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_finder: NamedDependency[InvoiceFinder],
    order_id: FromPath[int],
) -> Html:
    """One order with its lines, and its invoices and credit notes."""
    with database.transaction(ctx.organization_id) as conn:
        order, lines = service.get_order(conn, order_id=order_id)
        invoices = invoice_finder(conn, order_id=order_id)
    return render(request, "orders/order.html", {"order": order, "lines": lines, "invoices": invoices})


def _selection(
    request: AnyRequest, conn: Connection, orders: Sequence[Order], listing: Listing, chosen: str
) -> Mapping[str, Any]:
    """What is chosen now. All that match can be chosen only by filters that the page of new invoices knows, too."""
    given = {name: value for name, value in request.query_params.items() if value and name not in _AROUND}
    may_take_all = given.keys() <= _NARROWING.keys()
    chosen = "" if chosen == _ALL and not may_take_all else chosen
    sums = _sum_all(conn, given) if chosen == _ALL else _sum(orders) if chosen else []
    return {
        "chosen": chosen,
        "sums": sums,
        "count": sum(row["orders"] for row in sums),
        "fields": {name if name != "q" else "search": given.get(name, "") for name in _NARROWING},
        "to_page": listing.to(choose=_PAGE, **_place(request)),
        "to_all": listing.to(choose=_ALL, **_place(request)) if may_take_all else "",
        "to_none": listing.to(choose=None, **_place(request)),
    }


def _sum_all(conn: Connection, given: Mapping[str, str]) -> list[Row]:
    wanted = {_NARROWING[name]: int(value) if name.endswith("Id") else value for name, value in given.items()}
    return service.sum_orders(conn, **wanted)  # type: ignore[arg-type]  # numbers by their names


def _sum(orders: Sequence[Order]) -> list[Row]:
    found: dict[str, Row] = {}
    for order in orders:
        row = found.setdefault(order.currency, {"currency": order.currency, "orders": 0, "total": 0})
        row["orders"] += 1
        row["total"] += order.total
    return sorted(found.values(), key=lambda row: (-row["orders"], row["currency"]))


def _place(request: AnyRequest) -> dict[str, str | None]:
    """The page that is shown: choosing does not leave it."""
    return {name: request.query_params.get(name) for name in ("after", "before")}


ROUTES: Final[tuple[Any, ...]] = (orders_page, order_page)
