"""The HTTP endpoints of items, with their batches where these are asked for."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.catalog import service as catalog
from tranche.catalog.domain import StockTracking
from tranche.catalog.service import ITEMS, item_of
from tranche.inventory import service
from tranche.inventory.api.parameters import INCLUDE, SIZE
from tranche.inventory.schemas.items import ItemChangesBody, ItemOut, NewItemBody, fields_of, item_out
from tranche.inventory.schemas.lots import BatchOut, batch_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.listing import EXPORTING, PAGING, Readers, exports_of, lists, look, prefix, read_filters, word
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice

_SCOPE: Final = {SCOPE: "items"}
ITEM_READERS: Final[Readers] = {
    "search": ("search", prefix(folded=True)),
    "stockTracking": ("stock_tracking", word(*StockTracking)),
}


@get("/api/items", opt=_SCOPE, operation_class=lists(ITEMS, ITEM_READERS, SIZE, INCLUDE), sync_to_thread=True)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ItemOut]]:
    """Items by name; `search` is the beginning of a name or of a code, `include=batches` adds their batches."""
    choice = read_filters(request, ITEMS, ITEM_READERS, besides=PAGING | {"size", "include"})
    with_batches = read_choice(request, "include", choices=("batches",)) is not None
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, ITEMS, choice, alias="size")
        items = [item_of(row) for row in found.rows]
        stocked = service.stock_of(conn, ctx, items=items) if with_batches else []
    out = [item_out(one.item, one) for one in stocked] if with_batches else [item_out(item) for item in items]
    return envelope(ctx, out, message="Items fetched", links=found.links)


@get("/api/items/export", opt=_SCOPE, operation_class=exports_of(ITEMS, ITEM_READERS), sync_to_thread=False)
def export_items(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The items under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, ITEMS, read_filters(request, ITEMS, ITEM_READERS, besides=EXPORTING))


@get("/api/items/{item_id:int}", opt=_SCOPE, operation_class=takes(INCLUDE), sync_to_thread=True)
def find_item(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Envelope[ItemOut]:
    """One item; `include=batches` adds its batches."""
    allow_query(request, {"include"})
    with_batches = read_choice(request, "include", choices=("batches",)) is not None
    with database.transaction(ctx.organization_id) as conn:
        item = catalog.find(conn, item_id=item_id)
        stocked = service.stock_of(conn, ctx, items=[item])[0] if with_batches else None
    return envelope(ctx, item_out(item, stocked), message="Item fetched")


@get("/api/items/{item_id:int}/batches", opt=_SCOPE, sync_to_thread=True)
def list_batches_of_item(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Envelope[list[BatchOut]]:
    """All batches of an item in the order in which they were made."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        lots = service.list_lots_of_item(conn, ctx, item_id=item_id)
    return envelope(ctx, [batch_out(lot) for lot in lots], message="Batches fetched successfully")


@post("/api/items", opt=_SCOPE, sync_to_thread=True)
def create_item(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[NewItemBody],
) -> JsonResponse[Envelope[ItemOut]]:
    """Make an item."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            item = service.create_item(conn, ctx, fields=fields_of(data.data))
        return Answer(envelope(ctx, item_out(item), message="Item created"), status=HTTPStatus.CREATED)

    return act(database, ctx, request, action, given=data)


@put("/api/items/{item_id:int}", opt=_SCOPE, sync_to_thread=True)
def update_item(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    item_id: FromPath[int],
    data: JSONBody[ItemChangesBody],
) -> JsonResponse[Envelope[ItemOut]]:
    """Change the fields that are given; null empties one."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            item = service.update_item(conn, ctx, item_id=item_id, fields=fields_of(data.data))
        return Answer(envelope(ctx, item_out(item), message="Item updated"))

    return act(database, ctx, request, action, given=data)


ITEM_ROUTES: Final[tuple[Any, ...]] = (
    list_items,
    export_items,
    find_item,
    list_batches_of_item,
    create_item,
    update_item,
)
