"""The analysis: totals, summary and details of one complete snapshot."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency

from tranche.billing_stops import service
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.cursors import read_cursor, write_cursor
from tranche.billing_stops.filters import NARROWING, SORT, cursor_kinds, filter_mark, read_filter
from tranche.billing_stops.schemas.analysis import (
    AnalysisOut,
    DetailsOut,
    SummaryOut,
    detail_row_out,
    moment_of,
    summary_row_out,
    totals_out,
)
from tranche.billing_stops.service import DETAIL_ORDERS, SUMMARY_ORDERS, Filter
from tranche.billing_stops.service.tell import is_old
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.exports import Download, Exports, read_format
from tranche.kernel.web.listing import FORMAT
from tranche.kernel.web.openapi import LONGEST_CURSOR, choice, refuses, takes, text, usual, whole
from tranche.kernel.web.pagination import MOST_PER_PAGE
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_choice, read_whole

OPT: Final = {SCOPE: "bill-stop"}

_SNAPSHOT: Final = whole("snapshot_id", "A snapshot by its number; the published one unless said.")
_EXPORT: Final = (*NARROWING, _SNAPSHOT, FORMAT)
_LIST: Final = (
    *NARROWING,
    SORT,
    _SNAPSHOT,
    *usual("limit", "cursor"),
    whole("summary_limit", "How many rows of the summary.", most=MOST_PER_PAGE),
    text("summary_cursor", "A page of the summary: what the answer names as next.", longest=LONGEST_CURSOR),
    choice("summary_sort", "How the summary is ordered.", choices=SUMMARY_ORDERS),
)
_LIMIT, _SUMMARY_LIMIT = 50, 20


@get(
    "/api/crp-cpc/bill-stop-analysis",
    opt=OPT,
    sync_to_thread=True,
    operation_class=takes(*_LIST),
    responses=refuses(HTTPStatus.GONE),
)
def get_analysis(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> AnalysisOut:
    """The published snapshot, or the one that `snapshot_id` or a cursor names; 410 when it has been dropped.

    Details are those with a bill stop, unless `billing_status` says otherwise (`all` for all).
    """
    allow_query(request, {parameter.name for parameter in _LIST})
    wanted = read_filter(request)
    summary_sort = read_choice(request, "summary_sort", choices=SUMMARY_ORDERS) or "bill_stop_count"
    places = _Places(request, wanted, summary_sort)
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or _LIMIT
    summary_limit = read_whole(request, "summary_limit", most=MOST_PER_PAGE) or _SUMMARY_LIMIT
    with database.transaction(ctx.organization_id) as conn:
        snapshot = service.get_snapshot(conn, data_set=BILL_STOP.name, snapshot_id=places.snapshot_id)
        summary = service.list_summary(
            conn,
            snapshot=snapshot,
            sort=summary_sort,
            after=places.summary,
            limit=summary_limit,
        )
        details = service.list_details(
            conn,
            snapshot=snapshot,
            wanted=wanted,
            after=places.details,
            limit=limit,
        )
        source = service.get_source(conn, data_set=BILL_STOP)
    return AnalysisOut(
        snapshot_id=snapshot.id,
        batch_date=snapshot.batch_date,
        last_update=moment_of(snapshot),
        is_published=source.published_id == snapshot.id,
        is_old=is_old(snapshot, hours=source.settings.max_age_hours),
        totals=totals_out(snapshot),
        summary=SummaryOut(
            rows=[summary_row_out(row) for row in summary.rows],
            total=summary.total,
            next_cursor=write_cursor(places.summary_mark, snapshot.id, summary.following),
        ),
        details=DetailsOut(
            rows=[detail_row_out(row) for row in details.rows],
            total=details.total,
            is_total_capped=details.is_more,
            next_cursor=write_cursor(places.detail_mark, snapshot.id, details.following),
        ),
    )


@get(
    "/api/crp-cpc/bill-stop-analysis/export",
    opt=OPT,
    sync_to_thread=True,
    operation_class=takes(*_EXPORT),
    responses=refuses(HTTPStatus.GONE),
)
def export_details(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    exports: NamedDependency[Exports],
) -> Download:
    """The details under the same filters as a file, without a limit: `format=csv` or `format=xlsx`."""
    allow_query(request, {parameter.name for parameter in _EXPORT})
    wanted, snapshot_id = read_filter(request), read_whole(request, "snapshot_id")
    read_format(request)  # what cannot be taken is said before anything is looked for
    with database.transaction(ctx.organization_id) as conn:
        snapshot = service.get_snapshot(conn, data_set=BILL_STOP.name, snapshot_id=snapshot_id, needs_details=True)
    return exports.answer(ctx, request, service.EXPORT, service.choose_export(snapshot, wanted))


class _Places:
    """Where both lists go on, and of which snapshot: a request is of one."""

    def __init__(self, request: AnyRequest, wanted: Filter, summary_sort: str) -> None:
        self.detail_mark = filter_mark(wanted)
        self.summary_mark = f"summary:{summary_sort}"
        given = read_whole(request, "snapshot_id")
        found = {given} - {None}
        self.details: tuple[Any, ...] | None = None
        self.summary: tuple[Any, ...] | None = None
        if text := request.query_params.get("cursor"):
            columns = DETAIL_ORDERS[wanted.sort].columns
            number, self.details = read_cursor("cursor", text, what=self.detail_mark, kinds=cursor_kinds(columns))
            found.add(number)
        if text := request.query_params.get("summary_cursor"):
            columns = SUMMARY_ORDERS[summary_sort].columns
            number, self.summary = read_cursor(
                "summary_cursor", text, what=self.summary_mark, kinds=cursor_kinds(columns)
            )
            found.add(number)
        if len(found) > 1:
            raise invalid_parameter("cursor", "belongs to another snapshot than the rest of the request")
        self.snapshot_id = next(iter(found), None)


ANALYSIS_ROUTES = (get_analysis, export_details)
