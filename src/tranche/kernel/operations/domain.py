"""What an operation is: its states, counters, claims and the rules between them; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from tranche.kernel.context import Context, Role
from tranche.kernel.errors import Conflict, NotFound


class Status(StrEnum):
    """Where an operation stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"

    @property
    def is_terminal(self) -> bool:
        """Whether no worker will touch the operation again, unless a person asks for it."""
        return self in {Status.CANCELLED, Status.COMPLETED, Status.COMPLETED_WITH_ERRORS, Status.FAILED}


class ItemStatus(StrEnum):
    """Where one item of an operation stands in one stage."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class OperationNotFound(NotFound):
    """No such operation in this organization."""

    code = "operation_not_found"
    noun = "operation"


class WrongState(Conflict):
    """The operation's state does not allow what was asked."""

    code = "wrong_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one chunk adds to an operation's counters, in positions.

    `worked` is how many positions the phase is done with, where that is not the whole range of the claim.
    """

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    worked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One piece of bulk work, as the ledger has it."""

    organization_id: int
    id: int
    uuid: UUID
    kind: str
    label: str
    status: Status
    priority: int
    phase: str
    next_position: int
    chunk_size: int
    phase_done: int
    phase_total: int | None
    phase_started_at: datetime | None
    total: int
    succeeded: int
    failed: int
    skipped: int
    cancelled: int
    unknown: int
    version: int
    payload: dict[str, Any]
    summary: dict[str, Any]
    error_code: str | None
    error: str | None
    created_by: int | None
    created_by_name: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    steps: dict[str, dict[str, int]]
    failed_before: int
    waited: timedelta
    is_stalled: bool
    another_try: "AnotherTry | None" = None

    @property
    def is_dry_run(self) -> bool:
        """Whether it only reports what would become of a file."""
        return bool(self.payload.get(DRY_RUN))

    @property
    def starter(self) -> Context:
        """Who started it, as the actor of what a worker does for it."""
        return Context(
            organization_id=self.organization_id,
            role=Role.OPERATOR,
            user_id=self.created_by,
            user_name=self.created_by_name,
        )

    @property
    def seconds(self) -> float | None:
        """From its making to its end, without the time that it stood ended before it was begun anew."""
        if self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.created_at - self.waited).total_seconds())

    @property
    def phase_failed(self) -> int:
        """How many positions failed in the present phase, or are in doubt since it began."""
        return max(0, self.failed + self.unknown - self.failed_before)

    @property
    def pending(self) -> int:
        """How many positions have no outcome yet."""
        return self.total - self.succeeded - self.failed - self.skipped - self.cancelled - self.unknown

    @property
    def has_no_success(self) -> bool:
        """Whether something failed or is in doubt, and no position was done to the end."""
        return self.failed + self.unknown > 0 and self.succeeded + self.skipped == 0

    @property
    def is_half_done(self) -> bool:
        """Whether it ended without a success, though what earlier stages have made of its positions stays."""
        return self.status is Status.COMPLETED_WITH_ERRORS and self.has_no_success


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherTry:
    """What failed and is tried again by itself: the try's number, of how many, from when on, and what went wrong."""

    number: int
    of: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A worker's committed word that it works on the positions low..high, both included.

    `epoch` fences: who holds an older one than the ledger may not commit.
    """

    id: int
    operation_id: int
    phase: str
    low: int
    high: int
    epoch: int
    attempts: int

    @property
    def size(self) -> int:
        """How many positions the claim covers."""
        return self.high - self.low + 1

    @property
    def is_fresh(self) -> bool:
        """Whether the range was cut by the operation's chunk size, and not left over by trouble."""
        return self.epoch == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of an operation in one stage."""

    position: int
    stage: str
    reference: int | None
    label: str
    status: ItemStatus
    attempts: int
    error_code: str | None
    error: str | None
    result: dict[str, Any] | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge step, and the commit after it, say of one item of a Set phase."""

    status: ItemStatus
    error_code: str | None
    error: str | None
    result: dict[str, Any] | None


DRY_RUN = "dryRun"  # in the payload of what only reports
UNDOES = "undoes"  # in the payload of an undo: the operation whose work it takes back
MOST_ATTEMPTS = 3
HALF_DONE = "None was done to the end; what the steps before have made stays."
_PIECES = 32
_MUCH_TOO_LONG, _SMALL_PART = 10, 4


def pieces(low: int, high: int) -> list[tuple[int, int]]:
    """Cut a range whose work failed into at most 32 parts, so that a bad item is soon alone.

    A range of 1,000 needs two cuts this way where halving needs ten, and each cut of a range that
    kills its process costs the death of a worker.
    """
    size = high - low + 1
    step = max(1, -(-size // _PIECES))
    return [(start, min(start + step - 1, high)) for start in range(low, high + 1, step)]


def adapted_size(size: int, *, seconds: float, wanted_seconds: float, bounds: tuple[int, int]) -> int:
    """The next chunk's size, so that a chunk takes about `wanted_seconds`; it at most doubles or halves.

    `bounds` are the phase's first size and its largest. A chunk below a quarter of the first takes about as long as
    that, namely the way of its statements to the database and back; where that way is long, smaller chunks would only
    be more of them. So they get smaller for nothing less than ten times the wanted time.
    """
    first, most = bounds
    fitting = int(size * wanted_seconds / max(seconds, 0.001))
    floor = min(size, first // _SMALL_PART) if seconds <= _MUCH_TOO_LONG * wanted_seconds else 1
    return max(1, min(most, size * 2, max(size // 2, fitting, floor)))


def final_status(operation: Operation, *, has_lasting: bool = False) -> Status:
    """What an operation with nothing left to do has become.

    Positions that stay cancelled after a retry of some others keep it cancelled. `has_lasting` says that a stage has
    made something that stays, whatever failed behind it: then it has not failed.
    """
    if operation.cancelled:
        return Status.CANCELLED
    if operation.failed + operation.unknown == 0:
        return Status.COMPLETED
    return Status.FAILED if operation.has_no_success and not has_lasting else Status.COMPLETED_WITH_ERRORS
