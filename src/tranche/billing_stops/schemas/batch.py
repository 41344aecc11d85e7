"""The wire contract of runs: snake_case as document 4 prints it."""

from datetime import date, datetime, timedelta
from typing import Any

from tranche.billing_stops.domain import Snapshot, SnapshotStatus
from tranche.billing_stops.schemas.analysis import moment_of, totals_out
from tranche.billing_stops.service.look import State
from tranche.billing_stops.service.tell import is_old
from tranche.kernel.operations.domain import Operation
from tranche.kernel.web.json import Out
from tranche.kernel.web.pagination import Pagination


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
