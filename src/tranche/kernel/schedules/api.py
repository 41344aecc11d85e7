"""The HTTP endpoints of schedules: everybody looks, admins change and run."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.schedules.domain import Schedule
from tranche.kernel.schedules.schemas import RunOut, ScheduleBody, ScheduleOut, run_out, schedule_out
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/schedules", opt=_SCOPE, sync_to_thread=True)
def list_schedules(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
) -> Envelope[list[ScheduleOut]]:
    """The schedules of the organization and those of the installation, by name."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = schedules.list_schedules(conn)
    return envelope(ctx, [_out(schedules, schedule) for schedule in found], message="Schedules fetched")


@get("/api/schedules/{name:str}", opt=_SCOPE, sync_to_thread=True)
def get_schedule(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> Envelope[ScheduleOut]:
    """One schedule."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = schedules.get_schedule(conn, name=name)
    return envelope(ctx, _out(schedules, found), message="Schedule fetched")


@put("/api/schedules/{name:str}", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def update_schedule(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
    data: JSONBody[ScheduleBody],
) -> JsonResponse[Envelope[ScheduleOut]]:
    """Change what is given: `cron` (five fields), `zone` (IANA), `enabled`."""
    allow_query(request, ())
    changes = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            changed = schedules.update(
                conn,
                ctx,
                name=name,
                cron=None if changes.cron is UNSET else changes.cron,
                zone=None if changes.zone is UNSET else changes.zone,
                enabled=None if changes.enabled is UNSET else changes.enabled,
            )
        return Answer(envelope(ctx, _out(schedules, changed), message="Schedule updated"))

    return act(database, ctx, request, action, given=data)


@post("/api/schedules/{name:str}/enable", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def enable_schedule(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> JsonResponse[Envelope[ScheduleOut]]:
    """Switch it on from now; what was planned while it was off is not caught up."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        changed = schedules.update(conn, ctx, name=name, enabled=True)
        return Answer(envelope(ctx, _out(schedules, changed), message="Schedule enabled"))

    return act(database, ctx, request, action)


@post("/api/schedules/{name:str}/disable", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def disable_schedule(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> JsonResponse[Envelope[ScheduleOut]]:
    """Switch it off; a run that is under way goes on, and it can still be run by hand."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        changed = schedules.update(conn, ctx, name=name, enabled=False)
        return Answer(envelope(ctx, _out(schedules, changed), message="Schedule disabled"))

    return act(database, ctx, request, action)


@post("/api/schedules/{name:str}/run", opt=_SCOPE, guards=[admin], status_code=202, sync_to_thread=True)
def run_schedule(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> JsonResponse[Envelope[RunOut]]:
    """Run it now, also while it is switched off; 409 while a run is under way."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        run = schedules.run_now(conn, ctx, name=name)
        headers = {"Location": f"/api/schedules/{name}/runs", "Retry-After": "1"}
        body = envelope(ctx, run_out(run), message="Run requested")
        return Answer(body, status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action)


@get("/api/schedules/{name:str}/runs", opt=_SCOPE, sync_to_thread=True, operation_class=takes(*usual("page", "limit")))
def list_runs(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> Envelope[list[RunOut]]:
    """Its runs, the newest first."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = schedules.list_runs(conn, name=name, limit=page.limit, offset=page.offset)
    out = [run_out(run) for run in found]
    return envelope(ctx, out, message="Runs fetched", links=page_links(page, total=total))


def _out(schedules: Schedules, schedule: Schedule) -> ScheduleOut:
    return schedule_out(schedule, description=schedules.describe(schedule))


ROUTES: Final[tuple[Any, ...]] = (
    list_schedules,
    get_schedule,
    update_schedule,
    enable_schedule,
    disable_schedule,
    run_schedule,
    list_runs,
)
