"""Operations to look at: the list, one, its items, its timeline, its events, and the hub's way to read one."""

from typing import Any, Final

import msgspec
from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.listing import Choice
from tranche.kernel.db.pool import Database
from tranche.kernel.operations import service, timeline
from tranche.kernel.operations.domain import ItemStatus, Operation, OperationNotFound, Status
from tranche.kernel.operations.schemas import EventOut, ItemsOut, OperationOut, event_out, items_out, operation_out
from tranche.kernel.operations.service import ITEMS, OPERATIONS, Operations, operation_of
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    Readers,
    exports_of,
    flag,
    lists,
    look,
    moment,
    read_filters,
    text,
    word,
)
from tranche.kernel.web.openapi import choice, given, takes, usual
from tranche.kernel.web.pagination import MOST_PER_PAGE
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_choice, read_text, read_whole
from tranche.kernel.web.stream import Hub, Load, State
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

_SCOPE: Final = {SCOPE: "operations"}
_ITEMS_PER_PAGE: Final = 100
_MOST_DIGITS: Final = 18
_FILTERS: Final[Readers] = {
    "status": ("status", word(*Status)),
    "running": ("running", flag),
    "from": ("since", moment),
    "to": ("until", moment),
}
_ITEM_FILTERS: Final[Readers] = {
    "status": ("status", word(*ItemStatus)),
    "code": ("code", text(longest=100)),
    "failures": ("failures", flag),
}


_MORE: Final = (
    given(
        "kind",
        "A kind of this release, such as `order_import`; of another one the refusal names those that there are.",
        Schema(type=OpenAPIType.STRING),
    ),
    given(
        "createdBy",
        "Only those that this user has begun: a number, or `me`.",
        Schema(type=OpenAPIType.STRING, pattern=r"^(me|[1-9][0-9]{0,17})$"),
    ),
)
_ITEMS: Final = takes(
    choice("status", "Only what is in this state.", choices=list(ItemStatus)),
    given("after", "What the page before named as `next`.", Schema(type=OpenAPIType.STRING, pattern=r"^[0-9]{1,18}\.")),
    *usual("code", "limit"),
)


def load_operation(database: Database, operations: Operations) -> Load:
    """The port by which the hub reads an operation, once for all who follow it."""

    def load(organization_id: int, operation_id: int, /) -> State | None:
        try:
            with database.transaction(organization_id) as conn:
                operation = service.get_operation(conn, operation_id=operation_id)
        except OperationNotFound:
            return None
        return _state(operation, operations)

    return load


@get("/api/operations", opt=_SCOPE, operation_class=lists(OPERATIONS, _FILTERS, *_MORE), sync_to_thread=True)
def list_operations(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
) -> Envelope[list[OperationOut]]:
    """Operations, newest first, by `kind`, `status`, `running`, `createdBy` (a user's id, or `me`), `from` and `to`."""
    choice = _read_choice(request, ctx, operations, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, OPERATIONS, choice)
    rows = [operation_of(row) for row in found.rows]
    shown = [operation_out(operation, units=operations.units_of(operation)) for operation in rows]
    return envelope(ctx, shown, message="Operations fetched", links=found.links)


@get(
    "/api/operations/export",
    opt=_SCOPE,
    operation_class=exports_of(OPERATIONS, _FILTERS, *_MORE),
    sync_to_thread=False,
)
def export_operations(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    operations: NamedDependency[Operations],
    exports: NamedDependency[Exports],
) -> Download:
    """The operations under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, OPERATIONS, _read_choice(request, ctx, operations, besides=EXPORTING))


@get("/api/operations/{operation_id:str}", opt={**_SCOPE, WAITS: True})
async def find_operation(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    hub: NamedDependency[Hub],
    operation_id: FromPath[str],
) -> JsonResponse[Envelope[OperationOut]]:
    """One operation by its number or UUID; `Prefer: wait=N` waits up to N seconds for its end."""
    allow_query(request, ())
    operation = await sync_to_thread(_look, database, ctx, operation_id)
    state, headers = _state(operation, operations), {}
    seconds = preferred_wait(request)
    if seconds and not state.finished:
        state, headers = await wait_finished(hub, ctx, operation_id=operation.id, seconds=seconds), applied(seconds)
    if not state.finished:
        headers["Retry-After"] = "1"
    body = envelope(ctx, msgspec.Raw(state.data), message="Operation fetched")
    answer: JsonResponse[Any] = JsonResponse(encode(body), headers=headers, media_type="application/json")
    return answer


@get(
    "/api/operations/{operation_id:str}/items",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=_ITEMS,
)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], operation_id: FromPath[str]
) -> Envelope[ItemsOut]:
    """Items by position and stage behind `after` (the `next` of the page before), by `status` and `code`."""
    allow_query(request, {"status", "code", "after", "limit"})
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or _ITEMS_PER_PAGE
    status = read_choice(request, "status", choices=list(ItemStatus))
    after = _read_cursor(request)
    with database.transaction(ctx.organization_id) as conn:
        operation = service.get_by_reference(conn, reference=operation_id)
        items = service.list_items(
            conn,
            operation_id=operation.id,
            statuses=[status] if status else None,
            code=read_text(request, "code"),
            after=after,
            limit=limit + 1,
        )
    return envelope(ctx, items_out(items, limit=limit), message="Items fetched")


@get(
    "/api/operations/{operation_id:str}/items/export",
    opt=_SCOPE,
    operation_class=exports_of(ITEMS, _ITEM_FILTERS),
    sync_to_thread=True,
)
def export_operation_items(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    exports: NamedDependency[Exports],
    operation_id: FromPath[str],
) -> Download:
    """The items by `status`, `code` or `failures=true` as a file: `format=csv` or `format=xlsx`."""
    operation = _look(database, ctx, operation_id)
    choice = read_filters(request, ITEMS, _ITEM_FILTERS, besides=EXPORTING, fixed={"operation_id": operation.id})
    return exports.answer(ctx, request, ITEMS, choice)


@get("/api/operations/{operation_id:str}/timeline", opt=_SCOPE, sync_to_thread=True)
def list_timeline(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], operation_id: FromPath[str]
) -> Envelope[list[EventOut]]:
    """What happened to the operation, oldest first, at most 1,000 entries."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        operation = service.get_by_reference(conn, reference=operation_id)
        rows = timeline.list_events(conn, operation_id=operation.id)
    return envelope(ctx, [event_out(row) for row in rows], message="Timeline fetched")


@get("/api/operations/{operation_id:str}/events", opt=_SCOPE)
async def follow_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operation_id: FromPath[str],
) -> EventStream:
    """The operation as server-sent events, each its full state; `Last-Event-ID` resumes."""
    allow_query(request, ())
    operation = await sync_to_thread(_look, database, ctx, operation_id)
    return EventStream(hub, ctx, request, operation_id=operation.id)


def _look(database: Database, ctx: Context, reference: str) -> Operation:
    with database.transaction(ctx.organization_id) as conn:
        return service.get_by_reference(conn, reference=reference)


def _state(operation: Operation, operations: Operations) -> State:
    data = encode(operation_out(operation, units=operations.units_of(operation)))
    return State(version=operation.version, data=data, finished=operation.status.is_terminal)


def _read_choice(request: AnyRequest, ctx: Context, operations: Operations, *, besides: frozenset[str]) -> Choice:
    more: Readers = {
        "kind": ("kind", lambda asked, name: read_choice(asked, name, choices=operations.kinds)),
        "createdBy": ("created_by", lambda asked, _: _read_starter(asked, ctx)),
    }
    return read_filters(request, OPERATIONS, {**_FILTERS, **more}, besides=besides)


def _read_starter(request: AnyRequest, ctx: Context) -> int | None:
    if request.query_params.get("createdBy") != "me":
        return read_whole(request, "createdBy")
    if ctx.user_id is None:
        raise invalid_parameter("createdBy", "can be `me` only with a key that belongs to a person")
    return ctx.user_id


def _read_cursor(request: AnyRequest) -> tuple[int, str]:
    """Where the last page ended, as it was told in `next`."""
    text = request.query_params.get("after", "0.")
    position, dot, stage = text.partition(".")
    if not (dot and position.isascii() and position.isdigit() and len(position) <= _MOST_DIGITS):
        raise invalid_parameter("after", "must be the `next` of the page before")
    return int(position), stage
