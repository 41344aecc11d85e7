"""Items: the list, one item with its lots by branch, and a form that makes one."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.catalog.domain import StockTracking
from tranche.catalog.service import ITEMS, item_of
from tranche.inventory import service
from tranche.inventory.api.items import ITEM_READERS
from tranche.inventory.domain import SOON_DAYS, MovementFilter
from tranche.inventory.pages.shared import TABS, read_amount, today_of, told
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict, Invalid, TrancheError
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_COLUMNS: Final = (
    Column(label="Item", sort="name"),
    Column(label="Code"),
    Column(label="Stock is kept"),
    Column(label="Lots", is_number=True),
    Column(label="Quantity", is_number=True),
    Column(label="Next expiry"),
)
_KEPT: Final = {"lots": "In lots", "plain": "As one quantity", "none": "Not at all"}
_MOVES: Final = 10


class ItemForm(Body, frozen=True):
    """A new item."""

    name: str = ""
    code: str = ""
    unit_price: str = ""
    tracking: StockTracking = StockTracking.LOTS


@page("/stock/items")
def items_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Items by name, with what the chosen branch has of them."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request,
            ctx,
            conn,
            ITEMS,
            ITEM_READERS,
            columns=_COLUMNS,
            filters=(chips("stockTracking", "Stock", _KEPT),),
            search_label="Name or code begins with",
            export="/api/items/export",
        )
        stocked = service.summaries_of(conn, ctx, items=[item_of(row) for row in rows])
        today = today_of(conn)
    shown = {"stocked": stocked, "listing": listing, "kept": _KEPT, "today": today, "soon": SOON_DAYS, "tabs": TABS}
    return render(request, "inventory/items.html", shown)


@page("/stock/items/{item_id:int}")
def item_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Html:
    """One item: its lots against the branches, and what was done last."""
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        spread = service.spread_of(conn, ctx, item_id=item_id, limit=window.limit, offset=window.offset)
        (stocked,) = service.summaries_of(conn, ctx, items=[spread.item], whole=True)
        moves, _ = service.list_movements(conn, wanted=MovementFilter(item_id=item_id), limit=_MOVES, offset=0)
        today = today_of(conn)
    columns = (
        Column(label="Lot"),
        Column(label="Expires"),
        *(Column(label=name, is_number=True) for name in spread.branches.values()),
        Column(label="All branches", is_number=True),
        Column(label="State"),
    )
    listing = Listing(
        path=f"/stock/items/{item_id}",
        columns=columns,
        total=f"{spread.total:,}",
        previous=window.previous,
        following=window.following(spread.total),
    )
    shown = {
        "item": spread.item,
        "spread": spread,
        "summary": stocked.summary,
        "listing": listing,
        "moves": moves,
        "undoable": {one.id for one in moves if one.can_be_undone},
        "kept": _KEPT,
        "today": today,
        "soon": SOON_DAYS,
    }
    return render(request, "inventory/item.html", shown)


@page("/stock/items/new", role=Role.OPERATOR)
def new_item(request: AnyRequest) -> Html:
    """The form for a new item."""
    return _ask(request, ItemForm())


@form("/stock/items/new")
def create_item(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[ItemForm],
) -> Html:
    """Make the item."""
    try:
        price = read_amount(data.unit_price, "unitPrice")
        with database.transaction(ctx.organization_id) as conn:
            item = service.create_item(
                conn,
                ctx,
                fields={
                    "name": data.name,
                    "code": data.code,
                    "unit_price": price,
                    "stock_tracking": data.tracking,
                },
            )
    except (Invalid, Conflict) as error:
        return _ask(request, data, error)
    return redirect(f"/stock/items/{item.id}", say=f"{item.name} is made.")


def _ask(request: AnyRequest, data: ItemForm, error: TrancheError | None = None) -> Html:
    shown = {"data": data, "faults": told(error, {}), "kept": _KEPT}
    return render(request, "inventory/new_item.html", shown, status=400 if error else 200)


PAGES: Final[tuple[Any, ...]] = (items_page, item_page, new_item, create_item)
