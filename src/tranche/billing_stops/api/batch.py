"""The nightly batch: start one now, its state, its log."""

from http import HTTPStatus

from litestar import get, post
from litestar.di import NamedDependency

from tranche.billing_stops import service
from tranche.billing_stops.api.analysis import OPT
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.schemas.batch import HistoryOut, StartedOut, StatusOut, run_out, status_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import flag, takes, usual
from tranche.kernel.web.pagination import pagination, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_flag


@post(
    "/api/crp-cpc/bill-stop-batch/trigger",
    opt=OPT,
    status_code=202,
    sync_to_thread=True,
    operation_class=takes(
        flag("full", "Read everything where only changes would be."),
        flag("force", "Publish also less than half of the last."),
    ),
)
def trigger(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
) -> JsonResponse[StartedOut]:
    """Start a run; 409 with the running one's number while one runs.

    `full=true` reads everything where only changes would be; `force=true` publishes also less than half of the last.
    """
    allow_query(request, {"full", "force"})
    is_full, is_forced = read_flag(request, "full"), read_flag(request, "force")

    def action(conn: Connection) -> Answer:
        run = service.start(conn, ctx, operations, data_set=BILL_STOP, is_forced=is_forced, is_full=is_full)
        return Answer(
            StartedOut(run_id=run.id, status=run.status.value, operation_id=run.operation_id),
            status=HTTPStatus.ACCEPTED,
            headers={"Location": "/api/crp-cpc/bill-stop-batch/status", "Retry-After": "1"},
        )

    return act(database, ctx, request, action)


@get("/api/crp-cpc/bill-stop-batch/status", opt=OPT, sync_to_thread=True)
def get_status(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> StatusOut:
    """Whether a run is under way, how far it is, and how the last one ended."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        return status_out(service.read_state(conn, data_set=BILL_STOP.name))


@get(
    "/api/crp-cpc/bill-stop-batch/history", opt=OPT, sync_to_thread=True, operation_class=takes(*usual("page", "limit"))
)
def get_history(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> HistoryOut:
    """The batch log, newest first."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_history(conn, data_set=BILL_STOP.name, limit=page.limit, offset=page.offset)
    return HistoryOut(history=[run_out(run) for run in found], pagination=pagination(page, total=total))


BATCH_ROUTES = (trigger, get_status, get_history)
