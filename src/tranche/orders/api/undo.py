"""Undo of an order batch: begin it, look at its three buckets."""

from http import HTTPStatus

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.imports.undo import Outcome
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import choice, takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice
from tranche.orders import service
from tranche.orders.service import UndoReport
from tranche.orders.undo_schemas import UndoOut, undo_out

_SCOPE = {SCOPE: "orders"}


@post("/{batch_id:int}/undo", opt=_SCOPE, status_code=202, sync_to_thread=True)
def undo_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[Envelope[UndoOut]]:
    """Remove the orders of a batch that nobody has touched since they came in; 202 with the operation that does it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        operation = service.undo_batch(conn, ctx, operations, batch_id=batch_id)
        batch = service.get_batch(conn, batch_id=batch_id)
        report = UndoReport(batch=batch, operation=operation, orders=[], total=0)
        return Answer(
            envelope(ctx, undo_out(report), message="Undo started"),
            status=HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/operations/{operation.id}", "Retry-After": "1"},
        )

    return act(database, ctx, request, action)


@get(
    "/{batch_id:int}/undo",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(
        choice("outcome", "Only what ended like this.", choices=list(Outcome)), *usual("page", "limit")
    ),
)
def find_undo(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[UndoOut]:
    """The last undo of a batch, with the orders that were kept or met an error; `outcome` asks for one bucket."""
    allow_query(request, {"page", "limit", "outcome"})
    page = read_page(request)
    outcome = read_choice(request, "outcome", choices=list(Outcome))
    with database.transaction(ctx.organization_id) as conn:
        report = service.look_at_undo(
            conn,
            batch_id=batch_id,
            outcome=Outcome(outcome) if outcome else None,
            limit=page.limit,
            offset=page.offset,
        )
    return envelope(ctx, undo_out(report), message="Undo fetched", links=page_links(page, total=report.total))


UNDO_ROUTES = (undo_batch, find_undo)
