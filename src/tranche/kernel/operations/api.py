"""The HTTP endpoints of operations: list, one, its items, timeline and events; cancel, pause, resume, retry."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations import service
from tranche.kernel.operations.domain import ItemStatus, Operation, OperationNotFound, Status
from tranche.kernel.operations.schemas import (
    EventOut,
    ItemsOut,
    OperationOut,
    event_out,
    item_out,
    operation_out,
)
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.pagination import MOST_PER_PAGE, page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_choice, read_whole
from tranche.kernel.web.stream import Hub, Load, State
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

_DIGITS_OF_BIGINT = 19


def load_operation(database: Database, operations: Operations) -> Load:
    """The port by which the hub reads an operation, once for all who follow it."""

    def load(organization_id: int, operation_id: int, /) -> State | None:
        try:
            with database.transaction(organization_id) as conn:
                operation = service.get_operation(conn, operation_id=operation_id)
        except OperationNotFound:
            return None
        data = encode(operation_out(operation, unit=operations.unit_of(operation)))
        return State(version=operation.version, data=data, finished=operation.status.is_terminal)

    return load


@get("/api/operations", sync_to_thread=True)
def list_operations(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
) -> Envelope[list[OperationOut]]:
    """Operations, newest first, by `kind`, `status` and `createdBy` (a user's id, or `me`)."""
    allow_query(request, {"page", "limit", "kind", "status", "createdBy"})
    page = read_page(request)
    mine = request.query_params.get("createdBy") == "me"
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_operations(
            conn,
            kind=request.query_params.get("kind"),
            status=read_choice(request, "status", choices=list(Status)),
            created_by=ctx.user_id if mine else read_whole(request, "createdBy"),
            limit=page.limit,
            offset=page.offset,
        )
    shown = [operation_out(operation, unit=operations.unit_of(operation)) for operation in found]
    return envelope(ctx, shown, message="Operations fetched", links=page_links(page, total=total))


@get("/api/operations/{reference:str}")
async def find_operation(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    hub: NamedDependency[Hub],
    reference: FromPath[str],
) -> JsonResponse[Any]:
    """One operation by its number or UUID; `Prefer: wait=N` waits up to N seconds for its end."""
    allow_query(request, ())
    operation = await sync_to_thread(_look, database, ctx, reference)
    headers: dict[str, str] = {}
    seconds = preferred_wait(request)
    if seconds and not operation.status.is_terminal:
        await wait_finished(hub, ctx, operation_id=operation.id, seconds=seconds)
        operation = await sync_to_thread(_look, database, ctx, reference)
        headers = applied(seconds)
    if not operation.status.is_terminal:
        headers["Retry-After"] = "1"
    body = envelope(ctx, operation_out(operation, unit=operations.unit_of(operation)), message="Operation fetched")
    return JsonResponse(encode(body), headers=headers, media_type="application/json")


@get("/api/operations/{operation_id:int}/items", sync_to_thread=True)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], operation_id: FromPath[int]
) -> Envelope[ItemsOut]:
    """Items by position behind `after`, by `status` and `code`."""
    allow_query(request, {"status", "code", "after", "limit"})
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or 100
    with database.transaction(ctx.organization_id) as conn:
        items = service.list_items(
            conn,
            operation_id=operation_id,
            status=read_choice(request, "status", choices=list(ItemStatus)),
            code=request.query_params.get("code"),
            after=_read_cursor(request.query_params.get("after")),
            limit=limit,
        )
    following = f"{items[-1].position}.{items[-1].stage}" if len(items) == limit else None
    return envelope(ctx, ItemsOut(items=[item_out(item) for item in items], next=following), message="Items fetched")


@get("/api/operations/{operation_id:int}/timeline", sync_to_thread=True)
def list_timeline(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], operation_id: FromPath[int]
) -> Envelope[list[EventOut]]:
    """What happened to the operation, oldest first."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        rows = service.list_events(conn, operation_id=operation_id)
    return envelope(ctx, [event_out(row) for row in rows], message="Timeline fetched")


@get("/api/operations/{operation_id:int}/events")
async def follow_operation(
    request: AnyRequest, ctx: NamedDependency[Context], hub: NamedDependency[Hub], operation_id: FromPath[int]
) -> EventStream:
    """The operation as server-sent events, each its full state; `Last-Event-ID` resumes."""
    allow_query(request, ())
    return EventStream(hub, ctx, request, operation_id=operation_id)


@post("/api/operations/{operation_id:int}/cancel", status_code=200, sync_to_thread=True)
def cancel_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[int],
) -> JsonResponse[Any]:
    """End it between two chunks; what is done stays done."""
    return _move(
        request,
        ctx,
        database,
        operations,
        verb=lambda conn: operations.cancel(conn, ctx, operation_id=operation_id),
        message="Cancellation requested",
    )


@post("/api/operations/{operation_id:int}/pause", status_code=200, sync_to_thread=True)
def pause_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[int],
) -> JsonResponse[Any]:
    """Hand out no further chunk until it is resumed."""
    return _move(
        request,
        ctx,
        database,
        operations,
        verb=lambda conn: operations.pause(conn, ctx, operation_id=operation_id),
        message="Operation paused",
    )


@post("/api/operations/{operation_id:int}/resume", status_code=200, sync_to_thread=True)
def resume_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[int],
) -> JsonResponse[Any]:
    """Go on with a paused operation."""
    return _move(
        request,
        ctx,
        database,
        operations,
        verb=lambda conn: operations.resume(conn, ctx, operation_id=operation_id),
        message="Operation resumed",
    )


@post("/api/operations/{operation_id:int}/retry", status_code=202, sync_to_thread=True)
def retry_operation(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[int],
) -> JsonResponse[Any]:
    """Work again on what failed, all or by `code`, in the same operation."""
    code = request.query_params.get("code")
    return _move(
        request,
        ctx,
        database,
        operations,
        verb=lambda conn: operations.retry(conn, ctx, operation_id=operation_id, code=code),
        message="Retry requested",
        status=202,
        parameters={"code"},
    )


def _move(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    operations: Operations,
    *,
    verb: Callable[[Connection], Operation],
    message: str,
    status: int = 200,
    parameters: Collection[str] = (),
) -> JsonResponse[Any]:
    allow_query(request, parameters)

    def action(conn: Connection) -> Answer:
        operation = verb(conn)
        body = envelope(ctx, operation_out(operation, unit=operations.unit_of(operation)), message=message)
        headers = {"Location": f"/api/operations/{operation.id}", "Retry-After": "1"}
        return Answer(body, status=status, headers=headers)

    return act(database, ctx, request, action)


def _read_cursor(text: str | None) -> tuple[int, str]:
    """Where the last page ended, as it was told in `next`."""
    if text is None:
        return 0, ""
    position, _, stage = text.partition(".")
    if not (position.isascii() and position.isdigit() and len(position) < _DIGITS_OF_BIGINT):
        raise invalid_parameter("after", "must be the `next` of the page before")
    return int(position), stage


def _look(database: Database, ctx: Context, reference: str) -> Operation:
    with database.transaction(ctx.organization_id) as conn:
        if reference.isascii() and reference.isdigit() and len(reference) < _DIGITS_OF_BIGINT:
            return service.get_operation(conn, operation_id=int(reference))
        try:
            uuid = UUID(reference)
        except ValueError as error:
            raise invalid_parameter("id", "must be the number or the UUID of an operation") from error
        return service.get_operation_by_uuid(conn, uuid=uuid)


ROUTES = (
    list_operations,
    find_operation,
    list_items,
    list_timeline,
    follow_operation,
    cancel_operation,
    pause_operation,
    resume_operation,
    retry_operation,
)
