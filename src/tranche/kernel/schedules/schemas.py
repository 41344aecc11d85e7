"""The wire contract of schedules."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from tranche.kernel.module import Scope
from tranche.kernel.schedules.domain import Run, RunStatus, Schedule
from tranche.kernel.web.json import Body, Out


class ScheduleChanges(Body, frozen=True):
    """What is left out stays as it is."""

    cron: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ScheduleBody(Body, frozen=True):
    """PUT /api/schedules/{name}."""

    data: ScheduleChanges


class LastRunOut(Out, frozen=True):
    """How the last run ended."""

    started_at: datetime
    finished_at: datetime
    status: str
    result: str | None
    error: str | None


class ScheduleOut(Out, frozen=True):
    """A schedule. `belongsTo` is `organization` or `installation`; times are in UTC, `zone` is that of `cron`.

    `inWords` is `cron` as a person says it.
    `lastRun` is null before the first one; `editedBy` is null while the defaults hold.
    """

    name: str
    kind: str
    description: str
    belongs_to: Scope
    cron: str
    in_words: str
    zone: str
    enabled: bool
    catch_up: str
    next_at: datetime | None
    last_planned_at: datetime | None
    is_under_way: bool
    last_run: LastRunOut | None
    edited_by: str | None
    edited_at: datetime | None


class RunOut(Out, frozen=True):
    """A run. `plannedAt` is when it was due, or when it was asked for; `requestedBy` says by whom."""

    id: int
    planned_at: datetime
    was_manual: bool
    requested_by: str | None
    status: RunStatus
    started_at: datetime | None
    finished_at: datetime | None
    worker: str | None
    result: str | None
    error: str | None


def schedule_out(schedule: Schedule, *, description: str) -> ScheduleOut:
    """As it goes out."""
    return ScheduleOut(
        name=schedule.name,
        kind=schedule.kind,
        description=description,
        belongs_to=schedule.scope,
        cron=schedule.cron,
        in_words=schedule.rule.in_words,
        zone=schedule.zone,
        enabled=schedule.enabled,
        catch_up=schedule.catch_up,
        next_at=schedule.next_at,
        last_planned_at=schedule.last_planned_at,
        is_under_way=schedule.is_under_way,
        last_run=_last_run(schedule),
        edited_by=schedule.edited_by,
        edited_at=schedule.edited_at,
    )


def run_out(run: Run) -> RunOut:
    """As it goes out."""
    return RunOut(
        id=run.id,
        planned_at=run.planned_at,
        was_manual=run.was_manual,
        requested_by=run.requested_by or None,
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at,
        worker=str(run.worker_id) if run.worker_id else None,
        result=run.result,
        error=run.error,
    )


def _last_run(schedule: Schedule) -> LastRunOut | None:
    if schedule.last_started_at is None or schedule.last_finished_at is None:
        return None
    return LastRunOut(
        started_at=schedule.last_started_at,
        finished_at=schedule.last_finished_at,
        status=schedule.last_status or "",
        result=schedule.last_result,
        error=schedule.last_error,
    )
