"""The pages of stock: lots of the chosen branch, one lot with its lineage and recall, a transfer, what expires."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.inventory import service
from tranche.inventory.domain import SOON_DAYS, LotFilter, MovementFilter
from tranche.inventory.picture import draw
from tranche.inventory.service import Share
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Invalid, NotFound, TrancheError
from tranche.kernel.identity.service import get_organization
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, page_of
from tranche.kernel.web.pages.ports import HomeCard, MenuEntry
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_COLUMNS: Final = (
    Column(label="Lot"),
    Column(label="Item"),
    Column(label="Expires"),
    Column(label="Quantity", is_number=True),
    Column(label="State"),
)
_EXPIRING: Final = (
    Column(label="Lot"),
    Column(label="Item"),
    Column(label="Branch"),
    Column(label="Last day"),
    Column(label="Quantity", is_number=True),
)
_ACTIVE: Final = Filter(
    name="active",
    label="Active",
    chips=(Chip(label="All", value=""), Chip(label="Active", value="true"), Chip(label="Inactive", value="false")),
)
_CARD_LOTS: Final = 5
_RECIPIENTS: Final = 100


class MoveForm(Body, frozen=True):
    """A transfer out of a lot, in the branch of the page."""

    destination: str = ""
    quantity: str = ""
    notes: str = ""


@page("/stock")
def lots_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Lots, the newest first, with what the chosen branch has."""
    window = page_of(request)
    search = request.query_params.get("q", "")[:_RECIPIENTS].replace("\0", "")
    active = {"true": True, "false": False}.get(request.query_params.get("active", ""))
    with database.transaction(ctx.organization_id) as conn:
        wanted = LotFilter(search=search, is_active=active)
        lots, total = service.list_lots(conn, ctx, wanted=wanted, limit=window.limit, offset=window.offset)
        today = _today(conn)
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
    shown = {"lots": lots, "listing": listing, "today": today, "soon": SOON_DAYS, "expiring": expiring}
    return render(request, "inventory/lots.html", shown)


@page("/stock/expiring")
def expiring_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Stock that expires soon or has expired, the nearest first."""
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, count = service.list_expiring(conn, ctx, days=SOON_DAYS, limit=window.limit, offset=window.offset)
    listing = Listing(
        path="/stock/expiring",
        columns=_EXPIRING,
        total=f"{count.total:,}",
        previous=window.previous,
        following=window.following(count.total),
    )
    return render(request, "inventory/expiring.html", {"found": found, "listing": listing, "soon": SOON_DAYS})


@page("/stock/lots/{lot_id:int}")
def lot_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]
) -> Html:
    """One lot: where it is, where it came from and went, who has to be told in a recall."""
    return _show(request, ctx, database, lot_id)


@form("/stock/lots/{lot_id:int}/transfer")
def transfer(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    lot_id: FromPath[int],
    data: URLEncodedBody[MoveForm],
) -> Html:
    """Move stock of this lot into another one of the same item."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            lot = service.get_lot(conn, ctx, lot_id=lot_id)
            share = Share(number=data.destination, quantity=_amount(data.quantity))
            moved = service.transfer(
                conn, ctx, item_id=lot.item_id, source=lot.number, destination=share, notes=data.notes
            )
    except (Invalid, NotFound) as error:
        return _show(request, ctx, database, lot_id, data=data, error=error)
    said = f"{moved.quantity.normalize():f} moved from {moved.source_number} to {moved.destination_number}."
    return redirect(f"/stock/lots/{lot_id}", say=said)


PAGES: Final[tuple[Any, ...]] = (lots_page, expiring_page, lot_page, transfer)
MENU: Final = (MenuEntry(label="Stock", path="/stock", icon="stock", position=70),)


def _load_expiring(conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None:
    found, count = service.list_expiring(conn, ctx, days=SOON_DAYS, limit=_CARD_LOTS, offset=0)
    return {"found": found, "count": count, "soon": SOON_DAYS} if found else None


CARDS: Final = (
    HomeCard(name="expiring stock", template="inventory/expiring_card.html", load=_load_expiring, position=30),
)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    lot_id: int,
    *,
    data: MoveForm | None = None,
    error: TrancheError | None = None,
) -> Html:
    with database.transaction(ctx.organization_id) as conn:
        stock = service.get_stock(conn, ctx, lot_id=lot_id)
        trace = service.trace(conn, ctx, lot_id=lot_id)
        recall = service.recall(conn, ctx, lot_id=lot_id, limit=_RECIPIENTS, offset=0)
        moves, _ = service.list_movements(conn, wanted=MovementFilter(lot_id=lot_id), limit=20, offset=0)
        today = _today(conn)
    faults = faults_of(error) if error else {}
    shown = {
        "stock": stock,
        "lot": stock.lot,
        "trace": trace,
        "recall": recall,
        "moves": moves,
        "picture": draw(trace.nodes, trace.edges) if len(trace.nodes) > 1 else None,
        "names": {node.id: node.number for node in trace.nodes},
        "today": today,
        "soon": SOON_DAYS,
        "data": data or MoveForm(),
        "faults": {_FIELDS.get(name, name): text for name, text in faults.items()},
    }
    return render(request, "inventory/lot.html", shown, status=400 if error else 200)


_FIELDS: Final = {"destinationBatchNumber": "destination", "sourceBatchNumber": "", "x-branch-id": ""}


def _amount(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Invalid("The quantity must be a number.", errors=[FieldError("/quantity", "must be a number")])
    return value


def _today(conn: Connection) -> date:
    return datetime.now(ZoneInfo(get_organization(conn).zone)).date()
