"""Order batches: list, statistics, one, its orders, its errors, deletion, adoption of legacy orders."""

from http import HTTPStatus
from typing import Any

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pagination import pagination, read_page
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
from tranche.orders.service import Voider

_SCOPE = {SCOPE: "orders"}
_RECENT = 5


@get("/", opt=_SCOPE, sync_to_thread=True)
def list_batches(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> BatchListOut:
    """Batches, newest first, by `status` where given."""
    allow_query(request, {"page", "limit", "status"})
    page = read_page(request)
    status = read_choice(request, "status", choices=list(BatchStatus))
    with database.transaction(ctx.organization_id) as conn:
        batches, total = service.list_batches(
            conn, status=BatchStatus(status) if status else None, limit=page.limit, offset=page.offset
        )
    return BatchListOut(batches=[batch_out(batch) for batch in batches], pagination=pagination(page, total=total))


@get("/stats", opt=_SCOPE, sync_to_thread=True)
def get_stats(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> StatsOut:
    """How many batches and orders came in, how well, and the newest batches."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        stats = service.get_stats(conn)
        recent, _ = service.list_batches(conn, status=None, limit=_RECENT, offset=0)
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


@get("/{batch_id:int}/orders", opt=_SCOPE, sync_to_thread=True)
def list_batch_orders(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> BatchOrdersOut:
    """The orders of one batch."""
    allow_query(request, {"page", "limit"})
    page = read_page(request, limit=50)
    with database.transaction(ctx.organization_id) as conn:
        service.get_batch(conn, batch_id=batch_id)
        orders, total = service.list_orders(conn, batch_id=batch_id, limit=page.limit, offset=page.offset)
    return BatchOrdersOut(orders=[order_out(order) for order in orders], pagination=pagination(page, total=total))


@delete("/{batch_id:int}", opt=_SCOPE, status_code=200, sync_to_thread=True)
def delete_batch(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    voider: NamedDependency[Voider],
    batch_id: FromPath[int],
) -> JsonResponse[Any]:
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
) -> JsonResponse[Any]:
    """Put orders without a batch under one named legacy_import; may be called again."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        batch, adopted = service.adopt_legacy(conn, ctx)
        out = AdoptedOut(adopted_orders=adopted, batch=batch_out(batch) if batch else None)
        message = f"{adopted} orders adopted" if adopted else "There were no orders without a batch"
        answer: Envelope[AdoptedOut] = envelope(ctx, out, message=message)
        return Answer(answer)

    return act(database, ctx, request, action)


BATCH_ROUTES = (list_batches, get_stats, find_batch, list_batch_orders, delete_batch)
