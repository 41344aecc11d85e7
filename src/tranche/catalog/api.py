"""The HTTP endpoints of items: list, export and one."""

from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.catalog import service
from tranche.catalog.domain import StockTracking
from tranche.catalog.schemas import ItemOut, item_out
from tranche.catalog.service import ITEMS, item_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.listing import EXPORTING, PAGING, Readers, look, prefix, read_filters, word
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "items"}
_FILTERS: Final[Readers] = {
    "search": ("search", prefix(folded=True)),
    "stockTracking": ("stock_tracking", word(*StockTracking)),
}


@get("/api/items", opt=_SCOPE, sync_to_thread=True)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ItemOut]]:
    """Items by name; `search` is the beginning of a name or of a code."""
    choice = read_filters(request, ITEMS, _FILTERS, besides=PAGING | {"size"})
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, ITEMS, choice, alias="size")
    out = [item_out(item_of(row)) for row in found.rows]
    return envelope(ctx, out, message="Items fetched", links=found.links)


@get("/api/items/export", opt=_SCOPE, sync_to_thread=False)
def export_items(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The items under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, ITEMS, read_filters(request, ITEMS, _FILTERS, besides=EXPORTING))


@get("/api/items/{item_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_item(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Envelope[ItemOut]:
    """One item."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        item = service.find(conn, item_id=item_id)
    return envelope(ctx, item_out(item), message="Item fetched")


ROUTES: Final[tuple[Any, ...]] = (list_items, export_items, find_item)
