"""Document 2's three functions."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tranche.invoicing import service
from tranche.invoicing.domain import Wishes
from tranche.invoicing.schemas.choices import RunBody, afterwards_of, choice_of, wishes_of
from tranche.invoicing.schemas.jobs import JobOut, OneBody, OneOut, StartedOut, WokenOut, job_out, one_out, started_out
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Forbidden
from tranche.kernel.identity.service import find_user
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.text import plural
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.openapi import answers
from tranche.kernel.web.requests import AnyRequest, allow_query
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

_SCOPE: Final = {SCOPE: "invoices"}


@post(
    "/functions/v1/batch-invoice-orders",
    opt={**_SCOPE, WAITS: True},
    status_code=202,
    responses=answers(HTTPStatus.OK, JobOut),
)
async def batch_invoice_orders(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    hub: NamedDependency[Hub],
    data: JSONBody[RunBody],
) -> JsonResponse[StartedOut]:
    """Queue a job that invoices the orders, in the order given; 202 and the job's id at once.

    `Prefer: wait=N` answers 200 with the finished job when it is done within N seconds.
    """
    allow_query(request, ())
    response, operation_id = await sync_to_thread(_start, request, ctx, database, operations, data)
    seconds = preferred_wait(request)
    if operation_id is None or not seconds:
        return response
    state = await wait_finished(hub, ctx, operation_id=operation_id, seconds=seconds)
    if not state.finished:
        return response
    return await sync_to_thread(_finished, ctx, database, operation_id, seconds)


@post("/functions/v1/process-batch-jobs", opt=_SCOPE, status_code=200, sync_to_thread=True)
def process_batch_jobs(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
) -> JsonResponse[WokenOut]:
    """Wake the workers now for whatever waits in this organization."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        woken = operations.wake(conn, ctx)
        message = f"{plural(woken, 'job was', 'jobs were')} woken" if woken else "No job had to be woken"
        return Answer(WokenOut(success=True, message=message, woken=woken))

    return act(database, ctx, request, action)


@post("/functions/v1/create-invoice-from-order", opt=_SCOPE, status_code=201, sync_to_thread=True)
def create_invoice_from_order(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[OneBody],
) -> JsonResponse[OneOut]:
    """Invoice one order now; `user_id` names on whose behalf, and only an admin may do that."""
    allow_query(request, ())
    _refuse_other_user(ctx, data)

    def action(conn: Connection) -> Answer:
        user_id = ctx.user_id if data.user_id is None else find_user(conn, user_id=data.user_id).id
        invoice_id = service.issue_one(
            conn, ctx, order_id=data.order_id, wishes=Wishes(), user_id=user_id, now=datetime.now(UTC)
        )
        invoice = service.get_invoice(conn, invoice_id=invoice_id)
        headers = {"Location": f"/api/invoices/{invoice_id}"}
        return Answer(one_out(invoice), status=HTTPStatus.CREATED, headers=headers)

    return act(database, ctx, request, action, given=data)


def _start(
    request: AnyRequest, ctx: Context, database: Database, operations: Operations, data: RunBody
) -> tuple[JsonResponse[Any], int | None]:
    started: list[int] = []

    def action(conn: Connection) -> Answer:
        operation = service.start_run(
            conn,
            ctx,
            operations,
            choice=choice_of(data),
            wishes=wishes_of(data),
            urgency=data.priority.urgency,
            now=datetime.now(UTC),
            afterwards=afterwards_of(data).dump(),
        )
        started.append(operation.id)
        headers = {"Location": f"/api/batch-jobs/{operation.uuid}", "Retry-After": "1"}
        return Answer(started_out(operation), status=HTTPStatus.ACCEPTED, headers=headers)

    response = act(database, ctx, request, action, given=data)
    return response, started[0] if started else None


def _finished(ctx: Context, database: Database, operation_id: int, seconds: int) -> JsonResponse[Any]:
    with database.transaction(ctx.organization_id) as conn:
        run = service.look_at_run(conn, get_operation(conn, operation_id=operation_id))
        errors = service.list_errors(conn, operation_id=operation_id, limit=service.MOST_ERRORS)
    body = encode(job_out(run, errors=errors))
    return JsonResponse(body, status_code=HTTPStatus.OK, headers=applied(seconds), media_type="application/json")


def _refuse_other_user(ctx: Context, data: OneBody) -> None:
    if data.user_id in {None, ctx.user_id} or ctx.role is Role.ADMIN:
        return
    raise Forbidden(
        "Only a key with the role admin may invoice on behalf of another user.",
        code="user_id",
        errors=[FieldError("/user_id", "may be given by an admin only", "role")],
    )


FUNCTION_ROUTES: Final = (batch_invoice_orders, process_batch_jobs, create_invoice_from_order)
