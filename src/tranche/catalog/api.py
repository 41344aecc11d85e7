"""The HTTP endpoints of items: list and one."""

from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.catalog import service
from tranche.catalog.schemas import ItemOut, item_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter

_SCOPE: Final = {SCOPE: "items"}
_LONGEST_SEARCH: Final = 300


@get("/api/items", opt=_SCOPE, sync_to_thread=True)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ItemOut]]:
    """Items by name; `search` is a code or the beginning of a name."""
    allow_query(request, {"page", "limit", "size", "search"})
    page = read_page(request, alias="size")
    search = request.query_params.get("search")
    if search is not None and len(search) > _LONGEST_SEARCH:
        raise invalid_parameter("search", f"must have at most {_LONGEST_SEARCH} characters")
    with database.transaction(ctx.organization_id) as conn:
        items, total = service.list_page(conn, search=search, limit=page.limit, offset=page.offset)
    out = [item_out(item) for item in items]
    return envelope(ctx, out, message="Items fetched", links=page_links(page, total=total))


@get("/api/items/{item_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_item(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Envelope[ItemOut]:
    """One item."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        item = service.find(conn, item_id=item_id)
    return envelope(ctx, item_out(item), message="Item fetched")


ROUTES: Final[tuple[Any, ...]] = (list_items, find_item)
