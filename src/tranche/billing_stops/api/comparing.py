"""Snapshots over time: two of them side by side, and the trend. No document names these: envelope and camelCase."""

from http import HTTPStatus
from typing import Final

from litestar import get
from litestar.di import NamedDependency

from tranche.billing_stops import service
from tranche.billing_stops.api.analysis import OPT
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.cursors import read_cursor, write_cursor
from tranche.billing_stops.schemas.comparing import (
    ComparisonOut,
    MovementsOut,
    TrendPointOut,
    comparison_out,
    movement_out,
    trend_point_out,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.openapi import choice, refuses, takes, usual, whole
from tranche.kernel.web.pagination import MOST_PER_PAGE
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_choice, read_whole

_HOME: Final = "/api/crp-cpc/bill-stop-analysis"
_LIMIT, _POINTS = 50, 90


@get(
    f"{_HOME}/compare",
    opt=OPT,
    sync_to_thread=True,
    operation_class=takes(
        whole("from", "The earlier snapshot; the last before the other unless said."),
        whole("to", "The later one; the published one unless said."),
    ),
    responses=refuses(HTTPStatus.GONE),
)
def get_comparison(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[ComparisonOut]:
    """What has changed from the snapshot `from` to the snapshot `to`; by default to the published one from the last."""
    allow_query(request, {"from", "to"})
    base_id, snapshot_id = read_whole(request, "from"), read_whole(request, "to")
    with database.transaction(ctx.organization_id) as conn:
        found = service.compare(conn, data_set=BILL_STOP.name, base_id=base_id, snapshot_id=snapshot_id)
    out = comparison_out(found.base, found.snapshot, found.changes)
    return envelope(ctx, out, message="Snapshots compared")


@get(
    f"{_HOME}/compare/customers",
    opt=OPT,
    sync_to_thread=True,
    operation_class=takes(
        whole("from", "The earlier snapshot.", required=True),
        whole("to", "The later one.", required=True),
        choice("movement", "What became of them; `new` unless said.", choices=service.MOVEMENTS),
        *usual("limit", "cursor"),
    ),
    responses=refuses(HTTPStatus.GONE),
)
def get_movements(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[MovementsOut]:
    """The customers of one movement, by account and number: `movement` is new, resolved, gone or moved."""
    allow_query(request, {"from", "to", "movement", "limit", "cursor"})
    movement = read_choice(request, "movement", choices=service.MOVEMENTS) or "new"
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or _LIMIT
    base_id, snapshot_id = read_whole(request, "from"), read_whole(request, "to")
    if base_id is None or snapshot_id is None:
        raise invalid_parameter("from" if base_id is None else "to", "must be the number of a snapshot")
    mark = f"compare:{base_id}:{movement}"
    after = None
    if text := request.query_params.get("cursor"):
        number, after = read_cursor("cursor", text, what=mark, kinds=(str, str))
        if number != snapshot_id:
            raise invalid_parameter("cursor", "belongs to another comparison; begin again without it")
    with database.transaction(ctx.organization_id) as conn:
        rows = service.list_movements(
            conn,
            data_set=BILL_STOP.name,
            base_id=base_id,
            snapshot_id=snapshot_id,
            movement=movement,
            after=after,
            limit=limit + 1,
        )
    last = rows[limit - 1] if len(rows) > limit else None
    following = (last.crp_account_no, last.cpc_customer_no) if last else None
    out = MovementsOut(
        rows=[movement_out(row) for row in rows[:limit]], next_cursor=write_cursor(mark, snapshot_id, following)
    )
    return envelope(ctx, out, message="Customers fetched")


@get(f"{_HOME}/trend", opt=OPT, sync_to_thread=True, operation_class=takes(*usual("limit")))
def get_trend(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[TrendPointOut]]:
    """The figures of the last completed runs, oldest first; they stay when the rows are dropped."""
    allow_query(request, {"limit"})
    most = read_whole(request, "limit", most=MOST_PER_PAGE) or _POINTS
    with database.transaction(ctx.organization_id) as conn:
        found = service.list_trend(conn, data_set=BILL_STOP.name, most=most)
    return envelope(ctx, [trend_point_out(snapshot) for snapshot in found], message="Trend fetched")


COMPARING_ROUTES = (get_comparison, get_movements, get_trend)
