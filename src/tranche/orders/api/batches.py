"""Order batches: list, statistics, one, its orders, its errors, deletion, adoption of legacy orders."""

from http import HTTPStatus
from typing import Any, Final

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.text import plural
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    ByCursor,
    ByPage,
    Readers,
    exports_of,
    lists,
    look,
    moment,
    read_filters,
    word,
)
from tranche.kernel.web.openapi import answers, choice, takes
from tranche.kernel.web.pagination import pagination
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice
from tranche.orders import service
from tranche.orders.domain import BatchStatus
from tranche.orders.schemas import (
    AdoptedOut,
    BatchDetailOut,
    BatchListOut,
    BatchOrdersOut,
    DeletedOut,
    StatsOut,
    batch_detail_out,
    batch_out,
    order_out,
    stats_out,
)
from tranche.orders.service import BATCHES, ORDERS, Voider, batch_of, order_of

_SCOPE = {SCOPE: "orders"}
_RECENT = 5
FILTERS: Final[Readers] = {
    "status": ("status", word(*BatchStatus)),
    "from": ("since", moment),
    "to": ("until", moment),
}


@get("/", opt=_SCOPE, operation_class=lists(BATCHES, FILTERS), sync_to_thread=True)
def list_batches(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> BatchListOut:
    """Batches, newest first; `status`, `from` and `to` (of the upload) narrow them."""
    choice = read_filters(request, BATCHES, FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, BATCHES, choice)
    return BatchListOut(batches=[batch_out(batch_of(row)) for row in found.rows], **_links(found))


@get("/export", opt=_SCOPE, operation_class=exports_of(BATCHES, FILTERS), sync_to_thread=False)
def export_batches(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The batches under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, BATCHES, read_filters(request, BATCHES, FILTERS, besides=EXPORTING))


@get("/stats", opt=_SCOPE, sync_to_thread=True)
def get_stats(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> StatsOut:
    """How many batches and orders came in, how well, and the newest batches."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        stats = service.get_stats(conn)
        recent = service.list_batches(conn, limit=_RECENT)
    return stats_out(stats, recent=recent)


@get("/{batch_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> BatchDetailOut:
    """One batch with its user and its first errors."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
        errors = service.list_logged_errors(conn, batch=batch)
        notices = service.list_notices(conn, batch=batch)
    return batch_detail_out(batch, errors=errors, notices=notices)


@get("/{batch_id:int}/orders", opt=_SCOPE, operation_class=lists(ORDERS, {}), sync_to_thread=True)
def list_batch_orders(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> BatchOrdersOut:
    """The orders of one batch; `sort` as in the list of all orders."""
    choice = read_filters(request, ORDERS, {}, besides=PAGING, fixed={"batch_id": batch_id})
    with database.transaction(ctx.organization_id) as conn:
        service.get_batch(conn, batch_id=batch_id)
        found = look(request, ctx, conn, ORDERS, choice, limit=50)
    return BatchOrdersOut(orders=[order_out(order_of(row)) for row in found.rows], **_links(found))


@delete(
    "/{batch_id:int}",
    opt=_SCOPE,
    status_code=200,
    sync_to_thread=True,
    responses=answers(HTTPStatus.ACCEPTED, DeletedOut),
    operation_class=takes(choice("force", "Void what was invoiced of it.", choices=("void",))),
)
def delete_batch(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    voider: NamedDependency[Voider],
    batch_id: FromPath[int],
) -> JsonResponse[DeletedOut]:
    """Remove a batch and all its orders; 202 with an operation past 10,000 orders."""
    allow_query(request, {"force"})
    force_void = read_choice(request, "force", choices=("void",)) == "void"

    def action(conn: Connection) -> Answer:
        deleted = service.delete_batch(conn, ctx, operations, batch_id=batch_id, force_void=force_void, voider=voider)
        if deleted.operation is None:
            return Answer(DeletedOut(deleted_orders=deleted.orders, operation_id=None))
        return Answer(
            DeletedOut(deleted_orders=deleted.orders, operation_id=deleted.operation.id),
            status=HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/operations/{deleted.operation.id}", "Retry-After": "1"},
        )

    return act(database, ctx, request, action)


@post("/adopt-legacy", opt=_SCOPE, status_code=200, sync_to_thread=True)
def adopt_legacy(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> JsonResponse[Envelope[AdoptedOut]]:
    """Put orders without a batch under one named legacy_import; may be called again."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        batch, adopted = service.adopt_legacy(conn, ctx)
        out = AdoptedOut(adopted_orders=adopted, batch=batch_out(batch) if batch else None)
        message = f"{plural(adopted, 'order')} adopted" if adopted else "There were no orders without a batch"
        answer: Envelope[AdoptedOut] = envelope(ctx, out, message=message)
        return Answer(answer)

    return act(database, ctx, request, action)


def _links(found: ByPage | ByCursor) -> dict[str, Any]:
    """Document 1's pagination, or the cursors where they were asked for."""
    if isinstance(found, ByCursor):
        return {"cursors": found.links}
    return {"pagination": pagination(found.page, total=found.total)}


BATCH_ROUTES = (list_batches, export_batches, get_stats, find_batch, list_batch_orders, delete_batch)
