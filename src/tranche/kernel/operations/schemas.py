"""The wire contract of operations: the same bytes for who asks and for who follows."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from tranche.kernel.db.pool import Row
from tranche.kernel.operations.domain import AnotherTry, Item, Operation, Status
from tranche.kernel.web.json import Body, Out, utc_or_none

_TENTH: Final = Decimal("0.1")


class PhaseOut(Out, frozen=True):
    """How far the present phase is, in its own unit; `total` is null while nobody knows it.

    `failed`: how many positions failed in it, or have an unknown outcome.
    """

    name: str
    unit: str
    done: int
    total: int | None
    failed: int


class StepOut(Out, frozen=True):
    """What a phase before the present one did, and how many positions failed in it."""

    name: str
    unit: str
    done: int
    failed: int


class FailureOut(Out, frozen=True):
    """Why the operation failed as a whole."""

    code: str
    message: str


class AnotherTryOut(Out, frozen=True):
    """What failed and is tried again by itself: try `number` of `of`, not before `at`; `reason` is what went wrong."""

    number: int
    of: int
    at: datetime
    reason: str


class StarterOut(Out, frozen=True):
    """Who started it."""

    id: int | None
    name: str


class OperationOut(Out, frozen=True):
    """One operation. `progress` is in per cent of its positions; rate and time left are those of the phase.

    `dryRun`: it only reports what would become of a file; nothing comes in.
    """

    id: int
    uuid: UUID
    kind: str
    label: str
    dry_run: bool
    status: str
    is_stalled: bool
    another_try: AnotherTryOut | None
    steps: list[StepOut]
    phase: PhaseOut
    total: int
    pending: int
    succeeded: int
    failed: int
    skipped: int
    cancelled: int
    unknown: int
    progress: Decimal
    rate_per_second: Decimal | None
    seconds_left: int | None
    version: int
    summary: dict[str, Any]
    error: FailureOut | None
    created_by: StarterOut
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    links: dict[str, str]


class ItemOut(Out, frozen=True):
    """One item of an operation in one stage."""

    position: int
    stage: str
    reference: int | None
    label: str
    status: str
    attempts: int
    error: FailureOut | None
    result: dict[str, Any] | None
    updated_at: datetime


class ItemsOut(Out, frozen=True):
    """Items by position; ask again with `after` = `next` while it is not null."""

    items: list[ItemOut]
    next: str | None


class RetryBody(Body, frozen=True):
    """What to retry: everything that failed, or what failed with this code."""

    code: str | None = None


class EventOut(Out, frozen=True):
    """One entry of the timeline."""

    id: int
    at: datetime
    event: str
    actor: str
    detail: str


def operation_out(operation: Operation, *, units: Mapping[str, str]) -> OperationOut:
    """An operation as everybody sees it; `units` are the phases of its kind in their order, with what each counts."""
    rate = _rate(operation)
    home = f"/api/operations/{operation.id}"
    return OperationOut(
        id=operation.id,
        uuid=operation.uuid,
        kind=operation.kind,
        label=operation.label,
        dry_run=operation.is_dry_run,
        status=operation.status.value,
        is_stalled=operation.is_stalled,
        another_try=_another_try(operation.another_try),
        steps=_steps(operation, units),
        phase=_phase(operation, units.get(operation.phase, "items")),
        total=operation.total,
        pending=operation.pending,
        succeeded=operation.succeeded,
        failed=operation.failed,
        skipped=operation.skipped,
        cancelled=operation.cancelled,
        unknown=operation.unknown,
        progress=_progress(operation),
        rate_per_second=rate,
        seconds_left=_seconds_left(operation, rate),
        version=operation.version,
        summary=operation.summary,
        error=_failure(operation.error_code, operation.error),
        created_by=StarterOut(id=operation.created_by, name=operation.created_by_name),
        created_at=operation.created_at.astimezone(UTC),
        started_at=utc_or_none(operation.started_at),
        finished_at=utc_or_none(operation.finished_at),
        updated_at=operation.updated_at.astimezone(UTC),
        links={"self": home, "items": f"{home}/items", "timeline": f"{home}/timeline", "events": f"{home}/events"},
    )


def item_out(item: Item) -> ItemOut:
    """One item."""
    return ItemOut(
        position=item.position,
        stage=item.stage,
        reference=item.reference,
        label=item.label,
        status=item.status.value,
        attempts=item.attempts,
        error=_failure(item.error_code, item.error),
        result=item.result,
        updated_at=item.updated_at.astimezone(UTC),
    )


def items_out(items: Sequence[Item], *, limit: int) -> ItemsOut:
    """A page of items; one past `limit` tells that there are more."""
    page = items[:limit]
    following = f"{page[-1].position}.{page[-1].stage}" if len(items) > limit else None
    return ItemsOut(items=[item_out(item) for item in page], next=following)


def event_out(row: Row) -> EventOut:
    """One entry of the timeline."""
    return EventOut(
        id=row["id"], at=row["at"].astimezone(UTC), event=row["event"], actor=row["actor"], detail=row["detail"]
    )


def _steps(operation: Operation, units: Mapping[str, str]) -> list[StepOut]:
    """A step that is worked once more, and what follows it, are not told before they have done so."""
    ended = takewhile(lambda name: name != operation.phase, units)
    return [StepOut(name=name, unit=units[name], **operation.steps[name]) for name in ended if name in operation.steps]


def _phase(operation: Operation, unit: str) -> PhaseOut:
    return PhaseOut(
        name=operation.phase,
        unit=unit,
        done=operation.phase_done,
        total=operation.phase_total,
        failed=operation.phase_failed,
    )


def _progress(operation: Operation) -> Decimal:
    """What was cancelled was not reached."""
    if operation.status in {Status.COMPLETED, Status.COMPLETED_WITH_ERRORS}:
        return Decimal(100)
    if not operation.total:
        return Decimal(0)
    reached = operation.total - operation.pending - operation.cancelled
    return (Decimal(100) * reached / operation.total).quantize(_TENTH, rounding=ROUND_DOWN)


def _rate(operation: Operation) -> Decimal | None:
    if operation.phase_started_at is None or not operation.phase_done:
        return None
    seconds = (operation.updated_at - operation.phase_started_at).total_seconds()
    return (operation.phase_done / Decimal(str(seconds))).quantize(_TENTH) if seconds > 0 else None


def _seconds_left(operation: Operation, rate: Decimal | None) -> int | None:
    if operation.status is not Status.PROCESSING or not rate or operation.phase_total is None:
        return None
    return math.ceil((operation.phase_total - operation.phase_done) / rate)


def _another_try(found: AnotherTry | None) -> AnotherTryOut | None:
    return AnotherTryOut(number=found.number, of=found.of, at=found.at, reason=found.reason) if found else None


def _failure(code: str | None, message: str | None) -> FailureOut | None:
    return FailureOut(code=code or "failed", message=message) if message else None
