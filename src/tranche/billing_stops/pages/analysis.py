"""The pages of the bill-stop analysis: what is stopped now, all accounts, history with the trend, comparison."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from litestar.di import NamedDependency

from tranche.billing_stops import service
from tranche.billing_stops.bill_stop import ACTIVE, BILL_STOP, ISSUE
from tranche.billing_stops.cursors import read_cursor, write_cursor
from tranche.billing_stops.domain import NoData, NoSource, RunUnderWay, Snapshot
from tranche.billing_stops.filters import ALL, cursor_kinds, filter_mark, read_filter_of
from tranche.billing_stops.schemas.analysis import moment_of, totals_out
from tranche.billing_stops.service import DETAIL_ORDERS, SUMMARY_ORDERS, Filter, State
from tranche.billing_stops.service.compare import NothingBefore
from tranche.billing_stops.service.tell import is_old
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.schedules.domain import Schedule
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Chip, Column, Listing, address, page_of
from tranche.kernel.web.pages.listing import Filter as Chips
from tranche.kernel.web.pages.render import Html, fragment, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_choice, read_whole

PATH: Final = "/bill-stop"
_EXPORT: Final = "/api/crp-cpc/bill-stop-analysis/export"
_LIMIT, _TOP, _POINTS, _MOVED = 50, 10, 90, 100
_FALLING: Final = "-current_balance"

_DETAIL_COLUMNS: Final = (
    Column(label="CRP account", sort="crp_account_no"),
    Column(label="CPC customer", sort="cpc_customer_no"),
    Column(label="Name"),
    Column(label="Address"),
    Column(label="Last bill", sort="last_bill_date"),
    Column(label="Status"),
    Column(label="Balance", sort="current_balance", is_number=True),
)
_ACCOUNT_COLUMNS: Final = (
    Column(label="CRP account", sort="crp_account_no"),
    Column(label="CPC customers", is_number=True),
    Column(label="Bill stops", sort="bill_stop_count", is_number=True),
    Column(label="Active", is_number=True),
    Column(label="Share", is_number=True),
    Column(label="Balance of stops", is_number=True),
)
_RUN_COLUMNS: Final = (
    Column(label="Run", is_number=True),
    Column(label="Data of"),
    Column(label="State"),
    Column(label="CRPs", is_number=True),
    Column(label="CPCs", is_number=True),
    Column(label="Bill stops", is_number=True),
    Column(label="New", is_number=True),
    Column(label="Resolved", is_number=True),
    Column(label="Took", is_number=True),
)
_CHIPS: Final = Chips(
    name="billing_status",
    label="Status",
    chips=(
        Chip(label="Bill stops", value=""),
        Chip(label="Active billing", value=ACTIVE),
        Chip(label="All", value=ALL),
    ),
)


@page(PATH)
def analysis_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
) -> Html:
    """Box, cards, the accounts with the most stops, the customers; of one snapshot."""
    wanted = read_filter_of(request, search="q", sort=_sort(request, DETAIL_ORDERS))
    with database.transaction(ctx.organization_id) as conn:
        state = service.read_state(conn, data_set=BILL_STOP.name)
        shown = _shown(state, schedules.get_schedule(conn, name=BILL_STOP.schedule))
        if state.published is None:
            return render(request, "billing_stops/nothing.html", shown)
        snapshot, after = _place(request, conn, state.published, wanted)
        details = service.list_details(conn, snapshot=snapshot, wanted=wanted, after=after, limit=_LIMIT)
        top = service.list_summary(conn, snapshot=snapshot, sort="bill_stop_count", after=None, limit=_TOP)
    query = dict(request.query_params)
    export = {"billing_status": query.get("billing_status"), "crp_account_no": wanted.crp, "search": wanted.search}
    listing = Listing(
        path=PATH,
        columns=_DETAIL_COLUMNS,
        query=query,
        sort=_FALLING if wanted.sort == "current_balance" else wanted.sort,
        total=f"{details.total:,}{'+' if details.is_more else ''}",
        search=wanted.search or "",
        search_label="CPC customer number",
        filters=[_CHIPS],
        following=write_cursor(filter_mark(wanted), snapshot.id, details.following),
        exports=[
            (name, address(_EXPORT, {"format": name.lower(), "snapshot_id": snapshot.id, **export}))
            for name in ("CSV", "XLSX")
        ],
    )
    return render(
        request,
        "billing_stops/analysis.html",
        {
            **shown,
            "shown_id": snapshot.id,
            "totals": totals_out(snapshot),
            "changes": snapshot.changes,
            "top": top,
            "wanted": wanted,
            "listing": listing,
            "details": details,
            "issue": ISSUE,
        },
    )


@page(f"{PATH}/state")
def state_piece(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
) -> Html:
    """The box alone, which asks for itself while a run is under way."""
    shown_id = read_whole(request, "shown", least=0) or 0
    with database.transaction(ctx.organization_id) as conn:
        state = service.read_state(conn, data_set=BILL_STOP.name)
        shown = _shown(state, schedules.get_schedule(conn, name=BILL_STOP.schedule))
    return fragment(request, "billing_stops/state.html", "state", {**shown, "shown_id": shown_id})


@form(f"{PATH}/refresh")
def refresh(
    ctx: NamedDependency[Context], database: NamedDependency[Database], operations: NamedDependency[Operations]
) -> Html:
    """Start a run; while one is under way nothing more is started."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            run = service.start(conn, ctx, operations, data_set=BILL_STOP)
    except (RunUnderWay, NoSource) as error:
        return redirect(PATH, say=error.message, tone=Tone.BAD)
    return redirect(PATH, say=f"Run {run.id} has started. The data below stay until it is done.")


@page(f"{PATH}/accounts")
def accounts_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All CRP accounts."""
    sort = _sort(request, SUMMARY_ORDERS) or "bill_stop_count"
    mark = f"summary:{sort}"
    text = request.query_params.get("after")
    number, after = None, None
    if text:
        number, after = read_cursor("after", text, what=mark, kinds=cursor_kinds(SUMMARY_ORDERS[sort].columns))
    with database.transaction(ctx.organization_id) as conn:
        snapshot = service.get_snapshot(conn, data_set=BILL_STOP.name, snapshot_id=number)
        found = service.list_summary(conn, snapshot=snapshot, sort=sort, after=after, limit=_LIMIT)
    listing = Listing(
        path=f"{PATH}/accounts",
        columns=_ACCOUNT_COLUMNS,
        query=dict(request.query_params),
        sort="-bill_stop_count" if sort == "bill_stop_count" else sort,
        total=f"{found.total:,}",
        following=write_cursor(mark, snapshot.id, found.following),
    )
    data = {"listing": listing, "found": found, "moment_of": moment_of(snapshot)}
    return render(request, "billing_stops/accounts.html", data)


@page(f"{PATH}/history")
def history_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The batch log, and what it says over time."""
    window = page_of(request, limit=_LIMIT)
    with database.transaction(ctx.organization_id) as conn:
        runs, total = service.list_history(conn, data_set=BILL_STOP.name, limit=window.limit, offset=window.offset)
        points = service.list_trend(conn, data_set=BILL_STOP.name, most=_POINTS)
    listing = Listing(
        path=f"{PATH}/history",
        columns=_RUN_COLUMNS,
        query=dict(request.query_params),
        total=f"{total:,}",
        previous=window.previous,
        following=window.following(total),
    )
    data = {"listing": listing, "runs": runs, "chart": _chart(points), "points": len(points), "moment_of": moment_of}
    return render(request, "billing_stops/history.html", data)


@page(f"{PATH}/compare")
def compare_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Two runs side by side, and the customers of one movement."""
    movement = read_choice(request, "movement", choices=service.MOVEMENTS) or "new"
    with database.transaction(ctx.organization_id) as conn:
        runs, _ = service.list_history(conn, data_set=BILL_STOP.name, limit=1_000, offset=0)
        data: dict[str, Any] = {"runs": [run for run in runs if run.has_details], "movement": movement, "found": None}
        try:
            found = service.compare(
                conn,
                data_set=BILL_STOP.name,
                base_id=read_whole(request, "from"),
                snapshot_id=read_whole(request, "to"),
            )
        except (NoData, NothingBefore) as error:
            return render(request, "billing_stops/compare.html", {**data, "error": error.message})
        rows = service.list_movements(
            conn,
            data_set=BILL_STOP.name,
            base_id=found.base.id,
            snapshot_id=found.snapshot.id,
            movement=movement,
            after=None,
            limit=_MOVED,
        )
    before, after = totals_out(found.base), totals_out(found.snapshot)
    more = {"found": found, "rows": rows, "before": before, "after": after, "most": _MOVED, "moment_of": moment_of}
    return render(request, "billing_stops/compare.html", {**data, **more})


def _place(
    request: AnyRequest, conn: Connection, published: Snapshot, wanted: Filter
) -> tuple[Snapshot, Sequence[Any] | None]:
    """Which snapshot a page is of: that of its cursor, else the published one."""
    text = request.query_params.get("after")
    if not text:
        return published, None
    kinds = cursor_kinds(DETAIL_ORDERS[wanted.sort].columns)
    number, after = read_cursor("after", text, what=filter_mark(wanted), kinds=kinds)
    return service.get_snapshot(conn, data_set=BILL_STOP.name, snapshot_id=number, needs_details=True), after


def _sort(request: AnyRequest, orders: Collection[str]) -> str | None:
    """Each column has one direction; the head of a table, clicked again, asks for the other one."""
    sort = (request.query_params.get("sort") or "").removeprefix("-")
    return sort if sort in orders else None


def _shown(state: State, schedule: Schedule) -> Mapping[str, Any]:
    published, last = state.published, state.last
    is_stale = bool(published and state.source and is_old(published, hours=state.source.settings.max_age_hours))
    return {
        "state": state,
        "operation": state.operation,
        "schedule": schedule,
        "shown_id": published.id if published else 0,
        "as_of": moment_of(published) if published else None,
        "is_stale": is_stale,
        "last_failed": last if last is not None and last.error is not None else None,
        "now": datetime.now(UTC),
    }


def _chart(points: Sequence[Snapshot]) -> dict[str, Any]:
    totals = [totals_out(point) for point in points]
    return {
        "x": [round(moment_of(point).timestamp()) for point in points],
        "series": [{"label": "Bill stops", "values": [one.bill_stop_count for one in totals], "tone": "warn"}],
    }


ANALYSIS_PAGES: Final = (analysis_page, state_piece, refresh, accounts_page, history_page, compare_page)
