"""Document 3's endpoints to look: list, statistics, one operation, its items, its events, its files."""

from typing import Any, Final

from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File

from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.domain import STATUSES, TYPES
from tranche.invoicing.bulk.schemas import (
    BatchesOut,
    BatchOut,
    FilesOut,
    ItemsOut,
    StatisticsOut,
    batch_out,
    batches_out,
    files_out,
    items_out,
    statistics_out,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.operations.domain import ItemStatus
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.listing import DAY, day
from tranche.kernel.web.openapi import choice, given, takes, usual, whole
from tranche.kernel.web.pagination import MOST_PER_PAGE, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_whole
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

SCOPED: Final = {SCOPE: "invoices"}
_FILTERS: Final = (
    choice("type", "Only operations of this type.", choices=TYPES),
    choice("status", "Only what is in this state.", choices=STATUSES),
    whole("created_by", "Only those that this user has begun."),
    given("from", "Begun on this day or later.", DAY),
    given("to", "Begun on this day or before.", DAY),
    *usual("page", "limit"),
    whole("per_page", "Another name of `limit`.", most=MOST_PER_PAGE),
)
_ITEMS_PER_PAGE: Final = 100


@get("/api/batch-operations", opt=SCOPED, sync_to_thread=True, operation_class=takes(*_FILTERS))
def list_batches(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> BatchesOut:
    """Operations, newest first, by `type`, `status`, `created_by` and the days `from` and `to`."""
    allow_query(request, {parameter.name for parameter in _FILTERS})
    page = read_page(request, alias="per_page")
    kind = read_choice(request, "type", choices=tuple(TYPES))
    status = read_choice(request, "status", choices=STATUSES)
    created_by, since, until = read_whole(request, "created_by"), day(request, "from"), day(request, "to")
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_batches(
            conn,
            kind=kind,
            status=status,
            created_by=created_by,
            since=since,
            until=until,
            limit=page.limit,
            offset=page.offset,
        )
    return batches_out(found, page=page, total=total)


@get("/api/batch-operations/statistics", opt=SCOPED, sync_to_thread=True)
def get_statistics(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> StatisticsOut:
    """Counts by type and status, rate of success, duration and speed."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        return statistics_out(service.get_statistics(conn))


@get("/api/batch-operations/{batch_id:int}", opt={**SCOPED, WAITS: True})
async def find_batch(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """One operation; `Prefer: wait=N` waits up to N seconds for its end."""
    allow_query(request, ())
    out = await sync_to_thread(_look, database, ctx, batch_id)
    headers: dict[str, str] = {}
    if (seconds := preferred_wait(request)) and out.completed_at is None:
        await wait_finished(hub, ctx, operation_id=batch_id, seconds=seconds)
        out, headers = await sync_to_thread(_look, database, ctx, batch_id), applied(seconds)
    if out.completed_at is None:
        headers["Retry-After"] = "1"
    answer: JsonResponse[Any] = JsonResponse(encode(out), headers=headers, media_type="application/json")
    return answer


@get(
    "/api/batch-operations/{batch_id:int}/items",
    opt=SCOPED,
    sync_to_thread=True,
    operation_class=takes(
        choice("status", "Only what is in this state.", choices=list(ItemStatus)),
        whole("after", "What the page before named as `next`.", least=0),
        *usual("limit"),
    ),
)
def list_items(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> ItemsOut:
    """Items by id behind `after` (the `next` of the page before), by `status`."""
    allow_query(request, {"status", "after", "limit"})
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or _ITEMS_PER_PAGE
    status = read_choice(request, "status", choices=list(ItemStatus))
    after = read_whole(request, "after", least=0) or 0
    with database.transaction(ctx.organization_id) as conn:
        found = service.list_items(conn, operation_id=batch_id, status=status, after=after, limit=limit + 1)
    return items_out(found, limit=limit)


@get("/api/batch-operations/{batch_id:int}/events", opt=SCOPED)
async def follow_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    batch_id: FromPath[int],
) -> EventStream:
    """The operation as server-sent events, each its full state; `Last-Event-ID` resumes."""
    allow_query(request, ())
    await sync_to_thread(_look, database, ctx, batch_id)
    return EventStream(hub, ctx, request, operation_id=batch_id)


@get("/api/batch-operations/{batch_id:int}/files", opt=SCOPED, sync_to_thread=True)
def list_files(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> FilesOut:
    """The files that the operation made."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = service.list_files(conn, operation_id=batch_id)
    return files_out(found, operation_id=batch_id)


@get("/api/batch-operations/{batch_id:int}/files/{name:str}", opt=SCOPED, sync_to_thread=True, media_type="*/*")
def fetch_file(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    batch_id: FromPath[int],
    name: FromPath[str],
) -> File:
    """One of them, as a download."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = service.get_file(conn, operation_id=batch_id, name=name)
    path = files.path(ctx.organization_id, found.sha256)
    return File(path=path, filename=f"{batch_id}-{found.name}", media_type=found.media_type)


def _look(database: Database, ctx: Context, operation_id: int) -> BatchOut:
    with database.transaction(ctx.organization_id) as conn:
        return batch_out(service.get_batch(conn, operation_id=operation_id))


LOOKING: Final = (list_batches, get_statistics, find_batch, list_items, follow_batch, list_files, fetch_file)
