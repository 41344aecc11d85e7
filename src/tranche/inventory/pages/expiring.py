"""What expires soon: its page, and the alert on the home page."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.di import NamedDependency

from tranche.inventory import service
from tranche.inventory.domain import SOON_DAYS
from tranche.inventory.pages.shared import TABS
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.ports import HomeCard
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest

_COLUMNS: Final = (
    Column(label="Lot"),
    Column(label="Item"),
    Column(label="Branch"),
    Column(label="Last day"),
    Column(label="Quantity", is_number=True),
    Column(label="State"),
)
_ON_THE_CARD: Final = 5


@page("/stock/expiring")
def expiring_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Stock that expires soon or has expired, the nearest first."""
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, count = service.list_expiring(conn, ctx, days=SOON_DAYS, limit=window.limit, offset=window.offset)
    listing = Listing(
        path="/stock/expiring",
        columns=_COLUMNS,
        total=f"{count.total:,}",
        previous=window.previous,
        following=window.following(count.total),
    )
    shown = {"found": found, "count": count, "listing": listing, "soon": SOON_DAYS, "tabs": TABS}
    return render(request, "inventory/expiring.html", shown)


def _load(conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None:
    found, count = service.list_expiring(conn, ctx, days=SOON_DAYS, limit=_ON_THE_CARD, offset=0)
    return {"found": found, "count": count, "soon": SOON_DAYS} if found else None


PAGES: Final[tuple[Any, ...]] = (expiring_page,)
CARD: Final = HomeCard(name="expiring stock", template="inventory/expiring_card.html", load=_load, position=30)
