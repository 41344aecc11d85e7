"""What a person may ask of an operation: cancel, pause, resume, retry; each once per Idempotency-Key."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations import service
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.schemas import OperationOut, RetryBody, operation_out
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import answers, takes, usual
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_text

_SCOPE: Final = {SCOPE: "operations"}
_EVERYTHING: Final = RetryBody()
_AT_ONCE: Final = answers(HTTPStatus.OK, Envelope[OperationOut])
_LATER: Final = answers(HTTPStatus.ACCEPTED, Envelope[OperationOut])


class _Asked:
    """One request for a verb, and its answer."""

    def __init__(
        self, request: AnyRequest, ctx: Context, database: Database, operations: Operations, *, reference: str
    ) -> None:
        self._request = request
        self._ctx = ctx
        self._database = database
        self._operations = operations
        self._reference = reference

    def answer(
        self, verb: Callable[[Connection, int], Operation], *, message: str, given: object = None
    ) -> JsonResponse[Any]:
        """200 with the operation as it now is; 202 when a worker still has to bring about what was asked."""

        def action(conn: Connection) -> Answer:
            found = service.get_by_reference(conn, reference=self._reference)
            operation = verb(conn, found.id)
            out = operation_out(operation, units=self._operations.units_of(operation))
            return Answer(envelope(self._ctx, out, message=message), **_status(operation))

        return act(self._database, self._ctx, self._request, action, given=given)


@post(
    "/api/operations/{operation_id:str}/cancel",
    opt=_SCOPE,
    status_code=200,
    sync_to_thread=True,
    responses=_LATER,
)
def cancel_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """End it between two chunks; what is done stays done."""
    allow_query(request, ())
    asked = _Asked(request, ctx, database, operations, reference=operation_id)
    return asked.answer(
        lambda conn, found: operations.cancel(conn, ctx, operation_id=found), message="Cancellation requested"
    )


@post(
    "/api/operations/{operation_id:str}/pause",
    opt=_SCOPE,
    status_code=200,
    sync_to_thread=True,
    responses=_LATER,
)
def pause_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """Hand out no further chunk until it is resumed."""
    allow_query(request, ())
    asked = _Asked(request, ctx, database, operations, reference=operation_id)
    return asked.answer(lambda conn, found: operations.pause(conn, ctx, operation_id=found), message="Operation paused")


@post(
    "/api/operations/{operation_id:str}/resume",
    opt=_SCOPE,
    status_code=200,
    sync_to_thread=True,
    responses=_LATER,
)
def resume_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """Go on with a paused operation."""
    allow_query(request, ())
    asked = _Asked(request, ctx, database, operations, reference=operation_id)
    return asked.answer(
        lambda conn, found: operations.resume(conn, ctx, operation_id=found), message="Operation resumed"
    )


@post(
    "/api/operations/{operation_id:str}/retry",
    opt=_SCOPE,
    status_code=202,
    sync_to_thread=True,
    responses=_AT_ONCE,
    operation_class=takes(*usual("code")),
)
def retry_operation(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
    data: JSONBody[RetryBody] = _EVERYTHING,
) -> JsonResponse[Envelope[OperationOut]]:
    """Work again on what failed, all or by `code` (in the body or in the query), in the same operation."""
    allow_query(request, {"code"})
    asked_code = read_text(request, "code")
    code = data.code if asked_code is None else asked_code
    if data.code not in {None, code}:
        raise invalid_parameter("code", "in the query contradicts the body; give one of them")
    asked = _Asked(request, ctx, database, operations, reference=operation_id)
    return asked.answer(
        lambda conn, found: operations.retry(conn, ctx, operation_id=found, code=code),
        message="Retry requested",
        given=data,
    )


@post(
    "/api/operations/{operation_id:str}/undo",
    opt=_SCOPE,
    status_code=202,
    sync_to_thread=True,
    responses=_AT_ONCE,
)
def undo_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """Take back what an ended operation did; 202 with the operation that does it."""
    allow_query(request, ())
    asked = _Asked(request, ctx, database, operations, reference=operation_id)
    return asked.answer(lambda conn, found: operations.undo(conn, ctx, operation_id=found), message="Undo started")


def _status(operation: Operation) -> dict[str, Any]:
    location = {"Location": f"/api/operations/{operation.id}"}
    if operation.status in {Status.CANCELLING, Status.PENDING}:
        return {"status": HTTPStatus.ACCEPTED, "headers": {**location, "Retry-After": "1"}}
    return {"status": HTTPStatus.OK, "headers": location}
