"""Lots of the chosen branch; one lot with its lineage; the recall report."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.inventory import service
from tranche.inventory.domain import SOON_DAYS, LotFilter, MovementFilter
from tranche.inventory.pages.shared import TABS, today_of
from tranche.inventory.picture import draw
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, page_of
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest

_COLUMNS: Final = (
    Column(label="Lot"),
    Column(label="Item"),
    Column(label="Expires"),
    Column(label="Quantity", is_number=True),
    Column(label="State"),
)
_RECIPIENTS: Final = (
    Column(label="Customer"),
    Column(label="E-mail"),
    Column(label="Phone"),
    Column(label="For"),
    Column(label="Quantity", is_number=True),
    Column(label="Last"),
)
_ACTIVE: Final = Filter(
    name="active",
    label="Active",
    chips=(Chip(label="All", value=""), Chip(label="Active", value="true"), Chip(label="Inactive", value="false")),
)
_LONGEST: Final = 100
_MOVES: Final = 20


@page("/stock")
def lots_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Lots, the newest first, with what the chosen branch has."""
    window = page_of(request)
    search = request.query_params.get("q", "")[:_LONGEST].replace("\0", "")
    active = {"true": True, "false": False}.get(request.query_params.get("active", ""))
    with database.transaction(ctx.organization_id) as conn:
        wanted = LotFilter(search=search, is_active=active)
        lots, total = service.list_lots(conn, ctx, wanted=wanted, limit=window.limit, offset=window.offset)
        today = today_of(conn)
        expiring = service.count_expiring(conn, ctx, days=SOON_DAYS)
    listing = Listing(
        path="/stock",
        columns=_COLUMNS,
        query=dict(request.query_params),
        total=f"{total:,}",
        filters=(_ACTIVE,),
        search=search,
        search_label="Number or name",
        previous=window.previous,
        following=window.following(total),
    )
    shown = {"lots": lots, "listing": listing, "today": today, "soon": SOON_DAYS, "expiring": expiring, "tabs": TABS}
    return render(request, "inventory/lots.html", shown)


@page("/stock/lots/{lot_id:int}")
def lot_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]
) -> Html:
    """One lot: where it is, where it came from and went, what was done with it."""
    with database.transaction(ctx.organization_id) as conn:
        stock = service.get_stock(conn, ctx, lot_id=lot_id)
        trace = service.trace(conn, ctx, lot_id=lot_id)
        moves, moved = service.list_movements(conn, wanted=MovementFilter(lot_id=lot_id), limit=_MOVES, offset=0)
        today = today_of(conn)
    shown = {
        "stock": stock,
        "lot": stock.lot,
        "trace": trace,
        "moves": moves,
        "moved": moved,
        "undoable": {one.id for one in moves if one.can_be_undone},
        "picture": draw(trace.nodes, trace.edges, today=today) if len(trace.nodes) > 1 else None,
        "names": {node.id: node.number for node in trace.nodes},
        "today": today,
        "soon": SOON_DAYS,
    }
    return render(request, "inventory/lot.html", shown)


@page("/stock/lots/{lot_id:int}/recall")
def recall_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]
) -> Html:
    """Who has any of a lot, whichever way it went, and what is left of it where."""
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        recall = service.recall(conn, ctx, lot_id=lot_id, limit=window.limit, offset=window.offset)
    rows = recall.out.customers + (1 if recall.out.without_customer else 0)
    listing = Listing(
        path=f"/stock/lots/{lot_id}/recall",
        columns=_RECIPIENTS,
        total=f"{rows:,}",
        previous=window.previous,
        following=window.following(rows),
    )
    return render(request, "inventory/recall.html", {"recall": recall, "lot": recall.lot, "listing": listing})


PAGES: Final[tuple[Any, ...]] = (lots_page, lot_page, recall_page)
