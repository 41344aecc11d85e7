"""The wire contract of document 4: snake_case as it is printed there; what it does not name is in camelCase."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from tranche.billing_stops.domain import (
    Changes,
    Refresh,
    Rule,
    Snapshot,
    SnapshotStatus,
    Source,
    SourceKind,
    SourceSettings,
)
from tranche.billing_stops.queries.compare import Movement
from tranche.billing_stops.queries.pages import DetailRow, SummaryRow
from tranche.billing_stops.service.look import State
from tranche.billing_stops.service.tell import is_old
from tranche.kernel.operations.domain import Operation
from tranche.kernel.web.json import Body, Out
from tranche.kernel.web.pagination import Pagination


class SummaryRowOut(Out, frozen=True, rename=None):
    """`bill_stop_summary`, and the balances that it does not name."""

    crp_account_no: str
    total_cpc_count: int
    bill_stop_count: int
    active_billing_count: int
    bill_stop_percentage: Decimal
    batch_date: date
    bill_stop_balance: Decimal
    total_balance: Decimal


class DetailRowOut(Out, frozen=True, rename=None):
    """`bill_stop_details`."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    address: str | None
    last_bill_date: date | None
    billing_status: str
    current_balance: Decimal | None
    batch_date: date


class SummaryOut(Out, frozen=True, rename=None):
    """A page of CRP accounts; `next_cursor` leads to the next one."""

    rows: list[SummaryRowOut]
    total: int
    next_cursor: str | None


class DetailsOut(Out, frozen=True, rename=None):
    """A page of CPC customers; `is_total_capped` says that there are more than `total`."""

    rows: list[DetailRowOut]
    total: int
    is_total_capped: bool
    next_cursor: str | None


class TotalsOut(Out, frozen=True, rename=None):
    """The figures of the whole snapshot."""

    crp_count: int
    total_cpc_count: int
    bill_stop_count: int
    active_billing_count: int
    bill_stop_percentage: Decimal
    bill_stop_balance: Decimal
    total_balance: Decimal


class AnalysisOut(Out, frozen=True, rename=None):
    """GET /api/crp-cpc/bill-stop-analysis. All parts are of the one snapshot that is named."""

    snapshot_id: int
    batch_date: date
    last_update: datetime
    is_published: bool
    is_old: bool
    totals: TotalsOut
    summary: SummaryOut
    details: DetailsOut


class RunOut(Out, frozen=True, rename=None):
    """`bill_stop_batch_log`, with the number of the run."""

    run_id: int
    batch_date: date
    start_time: datetime
    end_time: datetime | None
    status: str
    summary_count: int | None
    details_count: int | None
    duration_seconds: int | None
    error_message: str | None
    operation_id: int | None
    is_full: bool
    read_count: int | None
    bill_stop_count: int | None
    new_stops: int | None
    resolved_stops: int | None
    is_kept: bool


class ProgressOut(Out, frozen=True, rename=None):
    """How far the running one is."""

    phase: str
    done: int
    total: int | None


class CurrentOut(RunOut, frozen=True, rename=None):
    """The running one."""

    progress: ProgressOut | None


class StatusOut(Out, frozen=True, rename=None):
    """GET /api/crp-cpc/bill-stop-batch/status."""

    is_running: bool
    current: CurrentOut | None
    last: RunOut | None
    published_run_id: int | None
    data_as_of: datetime | None
    is_old: bool


class StartedOut(Out, frozen=True, rename=None):
    """POST /api/crp-cpc/bill-stop-batch/trigger."""

    run_id: int
    status: str
    operation_id: int | None


class HistoryOut(Out, frozen=True, rename=None):
    """GET /api/crp-cpc/bill-stop-batch/history."""

    history: list[RunOut]
    pagination: Pagination


class MovementOut(Out, frozen=True):
    """One customer of a comparison."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    billing_status_before: str | None
    billing_status_after: str | None
    balance_before: Decimal | None
    balance_after: Decimal | None


class ComparisonOut(Out, frozen=True):
    """Two snapshots: `from` and `to` are their numbers."""

    base_id: int
    base_date: date
    snapshot_id: int
    snapshot_date: date
    new_stops: int
    resolved_stops: int
    gone: int
    balance_moved: Decimal
    bill_stop_count_before: int
    bill_stop_count_after: int


class MovementsOut(Out, frozen=True):
    """A page of the customers of one movement."""

    rows: list[MovementOut]
    next_cursor: str | None


class TrendPointOut(Out, frozen=True):
    """One completed run."""

    snapshot_id: int
    batch_date: date
    finished_at: datetime | None
    total_cpc_count: int
    bill_stop_count: int
    bill_stop_percentage: Decimal
    bill_stop_balance: Decimal


class SourceOut(Out, frozen=True):
    """How the data are read. Of credentials it says only whether there are any."""

    kind: str
    host: str
    port: int
    database: str
    file: str
    has_credentials: bool
    query: str
    changes_query: str
    timeout_seconds: int
    rule: str
    rule_days: int
    refresh: str
    keep_details: int
    keep_summaries: int
    max_age_hours: int
    mails: tuple[str, ...]
    updated_at: datetime


class SourceChange(Body, frozen=True):
    """What PUT takes. `user` and `password` are written and never read."""

    kind: SourceKind
    host: str = ""
    port: int = 0
    database: str = ""
    file: str = ""
    user: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    query: str = ""
    changes_query: str = ""
    timeout_seconds: int = 3_600
    rule: Rule = Rule.AGE
    rule_days: int = 35
    refresh: Refresh = Refresh.FULL
    keep_details: int = 7
    keep_summaries: int = 30
    max_age_hours: int = 26
    mails: tuple[str, ...] = ()

    def settings(self) -> SourceSettings:
        """Without kind and credentials."""
        names = SourceSettings.__struct_fields__
        return SourceSettings(**{name: getattr(self, name) for name in names})


class SourceBody(Body, frozen=True):
    """PUT /api/crp-cpc/bill-stop-source."""

    data: SourceChange


class ProbeOut(Out, frozen=True):
    """What a look at the source gave."""

    as_of: datetime | None
    rows: int
    seconds: float


def summary_row_out(row: SummaryRow) -> SummaryRowOut:
    """A row of the summary."""
    return SummaryRowOut(**{name: getattr(row, name) for name in SummaryRowOut.__struct_fields__})


def detail_row_out(row: DetailRow) -> DetailRowOut:
    """A row of the details."""
    return DetailRowOut(**{name: getattr(row, name) for name in DetailRowOut.__struct_fields__})


def totals_out(snapshot: Snapshot) -> TotalsOut:
    """The four cards, and the money."""
    totals = snapshot.totals or {}
    return TotalsOut(
        crp_count=snapshot.summary_count or 0,
        total_cpc_count=int(totals["total_cpc_count"]),
        bill_stop_count=int(totals["bill_stop_count"]),
        active_billing_count=int(totals["active_billing_count"]),
        bill_stop_percentage=totals["bill_stop_percentage"],
        bill_stop_balance=totals["bill_stop_balance"],
        total_balance=totals["total_balance"],
    )


def run_out(snapshot: Snapshot) -> RunOut:
    """An entry of the log."""
    return RunOut(**_run(snapshot))


def status_out(state: State) -> StatusOut:
    """What runs, what ran last, what is shown."""
    published = state.published
    return StatusOut(
        is_running=state.current is not None,
        current=CurrentOut(**_run(state.current), progress=_progress(state.operation)) if state.current else None,
        last=run_out(state.last) if state.last else None,
        published_run_id=published.id if published else None,
        data_as_of=moment_of(published) if published else None,
        is_old=bool(published and state.source and is_old(published, hours=state.source.settings.max_age_hours)),
    )


def source_out(source: Source) -> SourceOut:
    """A source without its credentials."""
    settings = source.settings
    shown = {name: getattr(settings, name) for name in SourceSettings.__struct_fields__}
    return SourceOut(
        **{**shown, "rule": settings.rule.value, "refresh": settings.refresh.value},
        kind=source.kind.value,
        has_credentials=source.sealed is not None,
        updated_at=source.updated_at,
    )


def comparison_out(base: Snapshot, snapshot: Snapshot, changes: Changes) -> ComparisonOut:
    """Two snapshots side by side."""
    return ComparisonOut(
        base_id=base.id,
        base_date=base.batch_date,
        snapshot_id=snapshot.id,
        snapshot_date=snapshot.batch_date,
        new_stops=changes.new_stops,
        resolved_stops=changes.resolved,
        gone=changes.gone,
        balance_moved=changes.balance_moved,
        bill_stop_count_before=totals_out(base).bill_stop_count,
        bill_stop_count_after=totals_out(snapshot).bill_stop_count,
    )


def movement_out(movement: Movement) -> MovementOut:
    """One customer of a comparison."""
    return MovementOut(**{name: getattr(movement, name) for name in MovementOut.__struct_fields__})


def trend_point_out(snapshot: Snapshot) -> TrendPointOut:
    """One completed run."""
    totals = totals_out(snapshot)
    return TrendPointOut(
        snapshot_id=snapshot.id,
        batch_date=snapshot.batch_date,
        finished_at=snapshot.finished_at,
        total_cpc_count=totals.total_cpc_count,
        bill_stop_count=totals.bill_stop_count,
        bill_stop_percentage=totals.bill_stop_percentage,
        bill_stop_balance=totals.bill_stop_balance,
    )


def moment_of(snapshot: Snapshot) -> datetime:
    """Of when the data are: the source's own moment where it has one."""
    return (snapshot.as_of or snapshot.started_at).astimezone(UTC)


def _run(snapshot: Snapshot) -> dict[str, Any]:
    ended = snapshot.finished_at
    is_done = snapshot.status is SnapshotStatus.COMPLETED
    return {
        "run_id": snapshot.id,
        "batch_date": snapshot.batch_date,
        "start_time": snapshot.started_at,
        "end_time": ended,
        "status": snapshot.status.value,
        "summary_count": snapshot.summary_count,
        "details_count": snapshot.details_count,
        "duration_seconds": round((ended - snapshot.started_at) / timedelta(seconds=1)) if ended else None,
        "error_message": snapshot.error,
        "operation_id": snapshot.operation_id,
        "is_full": snapshot.is_full,
        "read_count": snapshot.read_count,
        "bill_stop_count": totals_out(snapshot).bill_stop_count if is_done else None,
        "new_stops": snapshot.changes.new_stops if snapshot.changes else None,
        "resolved_stops": snapshot.changes.resolved if snapshot.changes else None,
        "is_kept": snapshot.has_details,
    }


def _progress(operation: Operation | None) -> ProgressOut | None:
    if operation is None:
        return None
    return ProgressOut(phase=operation.phase, done=operation.phase_done, total=operation.phase_total)
