"""Document 2's jobs to look at: the list, one, its errors, its events, the key metrics."""

from typing import Any, Final

from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.invoicing import service
from tranche.invoicing.schemas.jobs import (
    JOB_STATUSES,
    JobErrorOut,
    JobOut,
    MetricsOut,
    error_out,
    job_out,
    metrics_out,
    statuses_of,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.json import JsonResponse, Out, encode
from tranche.kernel.web.openapi import choice, takes, usual, whole
from tranche.kernel.web.pagination import MOST_PER_PAGE, page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_text, read_whole
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

_SCOPE: Final = {SCOPE: "invoices"}
_ERRORS_PER_PAGE: Final = 100
_DAYS: Final = 30
_MOST_DAYS: Final = 366
_LIST: Final = takes(choice("status", "Only jobs in this state.", choices=JOB_STATUSES), *usual("page", "limit"))


class ErrorsOut(Out, frozen=True, rename="lower"):
    """A page of failed orders; `next` is the `after` of the following page."""

    errors: list[JobErrorOut]
    next: int | None


@get("/api/batch-jobs", opt=_SCOPE, sync_to_thread=True, operation_class=_LIST)
def list_jobs(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[JobOut]]:
    """Jobs, newest first, by `status` in document 2's words."""
    allow_query(request, {"page", "limit", "status"})
    page = read_page(request)
    word = read_choice(request, "status", choices=JOB_STATUSES)
    with database.transaction(ctx.organization_id) as conn:
        jobs, total = service.list_jobs(
            conn, statuses=statuses_of(word) if word else None, limit=page.limit, offset=page.offset
        )
        runs = service.look_at_runs(conn, jobs)
    links = page_links(page, total=total)
    return envelope(ctx, [job_out(run) for run in runs], message="Jobs fetched", links=links)


@get(
    "/api/batch-jobs/metrics",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(whole("days", "How many days back; 30 unless said.", most=_MOST_DAYS)),
)
def get_metrics(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[MetricsOut]:
    """Success rate, processing time, queue depth, error patterns and a history by day, over the last `days`."""
    allow_query(request, {"days"})
    days = read_whole(request, "days", most=_MOST_DAYS) or _DAYS
    with database.transaction(ctx.organization_id) as conn:
        found = service.get_metrics(conn, days=days)
    return envelope(ctx, metrics_out(found), message="Metrics fetched")


@get("/api/batch-jobs/{job_id:str}", opt={**_SCOPE, WAITS: True})
async def find_job(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    job_id: FromPath[str],
) -> JsonResponse[Envelope[JobOut]]:
    """One job by its UUID (or the operation's number); `Prefer: wait=N` waits up to N seconds for its end."""
    allow_query(request, ())
    job = await sync_to_thread(_look, database, ctx, job_id)
    headers: dict[str, str] = {}
    if (seconds := preferred_wait(request)) and not job.status.is_terminal:
        await wait_finished(hub, ctx, operation_id=job.id, seconds=seconds)
        headers = applied(seconds)
    out, finished = await sync_to_thread(_whole, database, ctx, job_id)
    if not finished:
        headers["Retry-After"] = "1"
    body = encode(envelope(ctx, out, message="Job fetched"))
    answer: JsonResponse[Any] = JsonResponse(body, headers=headers, media_type="application/json")
    return answer


@get(
    "/api/batch-jobs/{job_id:str}/errors",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(*usual("code", "limit"), whole("after", "What the page before named as `next`.", least=0)),
)
def list_job_errors(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], job_id: FromPath[str]
) -> Envelope[ErrorsOut]:
    """All errors of a job by position, behind `after` (the `next` of the page before), by `code`."""
    allow_query(request, {"code", "after", "limit"})
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or _ERRORS_PER_PAGE
    after = read_whole(request, "after", least=0) or 0
    with database.transaction(ctx.organization_id) as conn:
        job = service.get_job(conn, reference=job_id)
        found = service.list_errors(
            conn,
            operation_id=job.id,
            code=read_text(request, "code"),
            after=after,
            limit=limit + 1,
        )
    page = found[:limit]
    out = ErrorsOut(errors=[error_out(item) for item in page], next=page[-1].position if len(found) > limit else None)
    return envelope(ctx, out, message="Errors fetched")


@get("/api/batch-jobs/{job_id:str}/events", opt=_SCOPE)
async def follow_job(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    job_id: FromPath[str],
) -> EventStream:
    """The job's operation as server-sent events, each its full state; `Last-Event-ID` resumes."""
    allow_query(request, ())
    job = await sync_to_thread(_look, database, ctx, job_id)
    return EventStream(hub, ctx, request, operation_id=job.id)


def _look(database: Database, ctx: Context, reference: str) -> Operation:
    with database.transaction(ctx.organization_id) as conn:
        return service.get_job(conn, reference=reference)


def _whole(database: Database, ctx: Context, reference: str) -> tuple[JobOut, bool]:
    with database.transaction(ctx.organization_id) as conn:
        job = service.get_job(conn, reference=reference)
        return whole_job(conn, job), job.status.is_terminal


def whole_job(conn: Connection, job: Operation) -> JobOut:
    """A job with its first orders and errors."""
    return job_out(
        service.look_at_run(conn, job),
        errors=service.list_errors(conn, operation_id=job.id, limit=service.MOST_ERRORS),
        order_ids=service.list_order_ids(conn, operation_id=job.id),
    )


JOB_ROUTES: Final = (list_jobs, get_metrics, find_job, list_job_errors, follow_job)
