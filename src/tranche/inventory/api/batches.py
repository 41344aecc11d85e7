"""Batches as document 5 has them: create, update, get, list."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.inventory import service
from tranche.inventory.api.parameters import LIST
from tranche.inventory.domain import LotFilter, SortBy
from tranche.inventory.schemas.lots import (
    BatchChangesBody,
    BatchOut,
    NewBatchBody,
    batch_out,
    values_of,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError
from tranche.kernel.settings import BatchesApi
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.other_path import OtherPath
from tranche.kernel.web.pagination import MOST_PER_PAGE, page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_flag, read_text, read_whole

STOCK: Final = {SCOPE: "stock"}
_QUERY: Final = {parameter.name for parameter in LIST}


@post("/", opt=STOCK, sync_to_thread=True)
def create_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[NewBatchBody],
) -> JsonResponse[Envelope[BatchOut]]:
    """Make a batch under the next free number BATCH-nnn."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            lot = service.create_lot(conn, ctx, item_id=data.data.item_id, values=values_of(data.data))
        body = envelope(ctx, batch_out(lot), message="Batch created successfully")
        return Answer(body, status=HTTPStatus.CREATED, headers={"Location": f"{request.scope['path']}/{lot.id}"})

    return act(database, ctx, request, action, given=data)


@put("/{batch_id:int}", opt=STOCK, sync_to_thread=True)
def update_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    batch_id: FromPath[int],
    data: JSONBody[BatchChangesBody],
) -> JsonResponse[Envelope[BatchOut]]:
    """Change what is given; neither the item nor the number can be changed."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            lot = service.update_lot(conn, ctx, lot_id=batch_id, values=values_of(data.data))
        return Answer(envelope(ctx, batch_out(lot), message="Batch updated successfully"))

    return act(database, ctx, request, action, given=data)


@get("/{batch_id:int}", opt=STOCK, sync_to_thread=True)
def get_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[BatchOut]:
    """One batch; with a branch also what this branch has of it."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        lot = service.get_lot(conn, ctx, lot_id=batch_id)
    return envelope(ctx, batch_out(lot), message="Batch fetched successfully")


@get("/", opt=STOCK, operation_class=takes(*LIST), sync_to_thread=True)
def list_batches(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[BatchOut]]:
    """Batches; `search` is a part of number or name."""
    _refuse_document_1(request)
    allow_query(request, _QUERY)
    page = read_page(request, limit=MOST_PER_PAGE, alias="size")
    wanted = LotFilter(
        item_id=read_whole(request, "itemId"),
        number=read_text(request, "batchNumber"),
        search=read_text(request, "search"),
        is_active=read_flag(request, "isActive") if "isActive" in request.query_params else None,
    )
    sort_by = SortBy(read_choice(request, "sortBy", choices=list(SortBy)) or SortBy.CREATED_AT)
    descending = read_choice(request, "sortOrder", choices=("asc", "desc")) != "asc"
    with database.transaction(ctx.organization_id) as conn:
        lots, total = service.list_lots(
            conn, ctx, wanted=wanted, sort_by=sort_by, descending=descending, limit=page.limit, offset=page.offset
        )
    out = [batch_out(lot) for lot in lots]
    return envelope(ctx, out, message="Batches fetched successfully", links=page_links(page, total=total))


def _refuse_document_1(request: AnyRequest) -> None:
    """`status` is document 1's parameter, whose batches of orders have another home."""
    if "status" in request.query_params:
        raise OtherPath(
            "status is not a parameter of batches of stock. Order batches",
            path="/api/orders/batches",
            setting=BatchesApi.ORDERS,
            errors=[FieldError("status", "is a parameter of /api/orders/batches", "unknown")],
        )


BATCH_ROUTES: Final[tuple[Any, ...]] = (create_batch, list_batches, get_batch, update_batch)
