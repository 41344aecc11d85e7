"""What a person may ask of a job: cancel, pause, resume, retry, undo; each once per Idempotency-Key."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.invoicing import service
from tranche.invoicing.schemas.jobs import JobOut, job_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.schemas import OperationOut, operation_out
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.requests import AnyRequest, allow_query, read_text

_SCOPE: Final = {SCOPE: "invoices"}


def _answer(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    verb: Callable[[Connection, int], Operation],
    *,
    job_id: str,
    message: str,
) -> JsonResponse[Any]:
    """The job as it now is."""

    def action(conn: Connection) -> Answer:
        job = verb(conn, service.get_job(conn, reference=job_id).id)
        out = envelope(ctx, job_out(service.look_at_run(conn, job)), message=message)
        return Answer(out, headers={"Location": f"/api/batch-jobs/{job.uuid}"})

    return act(database, ctx, request, action)


@post("/api/batch-jobs/{job_id:str}/cancel", opt=_SCOPE, status_code=200, sync_to_thread=True)
def cancel_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[JobOut]]:
    """End it between two chunks; invoices that were issued stay."""
    allow_query(request, ())

    def verb(conn: Connection, operation_id: int) -> Operation:
        return operations.cancel(conn, ctx, operation_id=operation_id)

    return _answer(request, ctx, database, verb, job_id=job_id, message="Cancellation requested")


@post("/api/batch-jobs/{job_id:str}/pause", opt=_SCOPE, status_code=200, sync_to_thread=True)
def pause_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[JobOut]]:
    """Hand out no further chunk until it is resumed."""
    allow_query(request, ())

    def verb(conn: Connection, operation_id: int) -> Operation:
        return operations.pause(conn, ctx, operation_id=operation_id)

    return _answer(request, ctx, database, verb, job_id=job_id, message="Job paused")


@post("/api/batch-jobs/{job_id:str}/resume", opt=_SCOPE, status_code=200, sync_to_thread=True)
def resume_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[JobOut]]:
    """Go on with a paused job."""
    allow_query(request, ())

    def verb(conn: Connection, operation_id: int) -> Operation:
        return operations.resume(conn, ctx, operation_id=operation_id)

    return _answer(request, ctx, database, verb, job_id=job_id, message="Job resumed")


@post(
    "/api/batch-jobs/{job_id:str}/retry",
    opt=_SCOPE,
    status_code=200,
    sync_to_thread=True,
    operation_class=takes(*usual("code")),
)
def retry_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[JobOut]]:
    """Work again on the orders that failed, all or by `code`."""
    allow_query(request, {"code"})
    code = read_text(request, "code")

    def verb(conn: Connection, operation_id: int) -> Operation:
        return operations.retry(conn, ctx, operation_id=operation_id, code=code)

    return _answer(request, ctx, database, verb, job_id=job_id, message="Retry requested")


@post("/api/batch-jobs/{job_id:str}/undo", opt=_SCOPE, status_code=202, sync_to_thread=True)
def undo_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """Void every invoice of the job that is still live; 202 with the operation that does it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        undo = operations.undo(conn, ctx, operation_id=service.get_job(conn, reference=job_id).id)
        out = envelope(ctx, operation_out(undo, units=operations.units_of(undo)), message="Undo started")
        headers = {"Location": f"/api/operations/{undo.id}", "Retry-After": "1"}
        return Answer(out, status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action)


JOB_VERB_ROUTES: Final = (cancel_job, pause_job, resume_job, retry_job, undo_job)
