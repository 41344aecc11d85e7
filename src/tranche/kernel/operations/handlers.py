"""What a domain writes to add a kind of operation: phases of three kinds, worked one after another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Claim, Counts, ItemStatus, Operation, Status


class Fatal(Exception):
    """The operation as a whole cannot succeed; it ends `failed` with this sentence."""

    def __init__(self, message: str, *, code: str = "failed") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Restart(Exception):
    """What an earlier phase had prepared is gone; the operation goes back to that phase."""

    def __init__(self, phase: str) -> None:
        super().__init__(phase)
        self.phase = phase


class Stopped(Exception):
    """The work was cancelled, paused, taken over by another worker, or the process is to end."""


_FAULTS = frozenset({ItemStatus.FAILED, ItemStatus.UNKNOWN})
_OUTCOMES = _FAULTS | {ItemStatus.SUCCEEDED, ItemStatus.SKIPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item of an Outside phase.

    `retry_after` (seconds) says that the fault is passing; the item is tried again, at most 3 times.
    """

    status: ItemStatus
    error_code: str | None = None
    error: str | None = None
    result: dict[str, Any] | None = None
    retry_after: float | None = None

    def __post_init__(self) -> None:
        """Refuse what the ledger cannot hold."""
        if self.status not in _OUTCOMES:
            raise ValueError(f"{self.status!r} is not an outcome")
        if self.status in _FAULTS and not self.error:
            raise ValueError(f"an item that is {self.status} needs a sentence that says why")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideItem:
    """One item that an Outside phase holds under a lease."""

    position: int
    reference: int | None
    label: str
    attempts: int


class StreamWork(Protocol):
    """What the engine hands to a Stream phase."""

    operation: Operation

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction that commits only while this worker still holds the phase; else Stopped."""

    def progress(self, conn: Connection, *, done: int, total: int | None) -> None:
        """Say how far the phase is; call it inside a transaction of this work."""

    def count(self, conn: Connection, *, total: int, counts: Counts, summary: dict[str, Any]) -> None:
        """Set the operation's counters to what a judge step found, and add to its summary."""

    def should_stop(self) -> bool:
        """Whether to raise Stopped at the next safe point."""


# Which stage succeeded items go on to: always the same, or by what the operation's payload asks for.
Following: TypeAlias = str | Callable[[Operation], str | None] | None


def following_stage(following: Following, operation: Operation) -> str | None:
    """The stage that succeeded items of this operation go on to, None after the last."""
    return following(operation) if callable(following) else following


@runtime_checkable
class RangePhase(Protocol):
    """A Set phase over any ledger of positions 1..n: effects and states commit in ONE transaction.

    Where it is not `parallel`, one chunk at a time is worked, strictly in the order of positions: one that
    failed is tried again, and parked, before the next begins. `first_size` and `most_size` bound a chunk.
    """

    name: str
    unit: str
    parallel: bool
    first_size: int
    most_size: int

    def measure(self, conn: Connection, operation: Operation) -> int:
        """How many positions the phase has."""

    def next_high(self, conn: Connection, operation: Operation, *, low: int, size: int) -> int | None:
        """The last position of the next chunk that begins at `low`, or None when nothing is left."""

    def run(self, conn: Connection, operation: Operation, claim: Claim) -> Counts:
        """Do the work of the claim's positions and keep their states; returns what it adds."""

    def park(self, conn: Connection, operation: Operation, *, position: int, code: str, message: str) -> Counts:
        """Give up on one position that failed or died alone three times."""


@runtime_checkable
class StreamPhase(Protocol):
    """One item that is worked in committed parts by one worker at a time."""

    name: str
    unit: str

    def work(self, work: StreamWork) -> None:
        """Do the whole phase; on a second call go on at the last committed part, or begin anew."""


@runtime_checkable
class OutsidePhase(Protocol):
    """Items with an effect outside the database: claim and commit, the effect, record.

    `repeatable` says that causing the effect twice is harmless (a file is written again); where it is
    not (a message), an item whose worker died in the middle becomes `unknown`. `batch` is how many
    items one claim covers; `following` the stage that succeeded items go on to; see Following.
    It is a SinglePhase or a GroupPhase.
    """

    name: str
    unit: str
    parallel: bool
    lease_seconds: float
    batch: int
    repeatable: bool
    following: Following


@runtime_checkable
class SinglePhase(OutsidePhase, Protocol):
    """An Outside phase that performs one item after another."""

    def perform(self, operation: Operation, item: OutsideItem) -> Outcome:
        """Cause the effect, without any open transaction, in less than `lease_seconds`."""


def note_nothing(_conn: Connection) -> None:
    """There is nothing else to write down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What became of items that were performed together.

    `outcomes` are by position; what has none was never begun, and is taken up again after `pause` seconds without
    having used up a try. `note` writes down what the domain knows, in the transaction that records the outcomes.
    """

    outcomes: Mapping[int, Outcome]
    note: Callable[[Connection], None] = field(default=note_nothing)
    pause: float = 0.0


@runtime_checkable
class GroupPhase(OutsidePhase, Protocol):
    """An Outside phase that performs up to `most_at_once` items together; it isolates the faults of each by itself."""

    most_at_once: int

    def perform_all(self, operation: Operation, items: Sequence[OutsideItem], *, is_over: Callable[[], bool]) -> Group:
        """Cause the effects, without any open transaction; once `is_over`, begin nothing but the first."""


@runtime_checkable
class KeepingPhase(OutsidePhase, Protocol):
    """An Outside phase whose domain keeps states of its own, which must not stay open when a worker was lost."""

    def lose(self, conn: Connection, operation: Operation, positions: Sequence[int]) -> None:
        """The effects of these positions have become unknown; called in the transaction that says so."""


Phase = RangePhase | StreamPhase | OutsidePhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What a retry took back: the phases that have work again, and the positions that are pending again."""

    phases: frozenset[str]
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0


def _nothing(_conn: Connection, _operation: Operation, _status: Status) -> None:
    return None


def _always(_operation: Operation, _phase: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A kind of operation.

    `finished` runs in the transaction that ends the operation. `retry` makes pending again what failed, all
    or by error code (`items.retry_items` where the ledger is `operation_items`); a kind without it cannot be
    retried. `redo` makes ready for beginning anew, or refuses with a Conflict; a kind without it never does.
    `undo(conn, ctx, operations, operation)` starts the operation that takes back what an ended one did, or refuses
    with a Conflict; its first arguments are opaque here, because the service stands above this file.
    `has_phase` says which of the phases behind the first an operation has, by what its payload asks for.
    `lasting` are stages whose successes are a result of their own, such as invoices that then could not be sent.
    `senders_faults` are error codes of failures that lie in what was sent: the operators are not alerted.
    """

    kind: str
    phases: tuple[Phase, ...]
    finished: Callable[[Connection, Operation, Status], None] = field(default=_nothing)
    retry: Callable[[Connection, Operation, str | None], Retried] | None = None
    redo: Callable[[Connection, Operation], None] | None = None
    undo: Callable[..., Operation] | None = None
    lasting: frozenset[str] = frozenset()
    senders_faults: frozenset[str] = frozenset()
    has_phase: Callable[[Operation, str], bool] = field(default=_always)

    def phase(self, name: str) -> Phase:
        """The phase of that name.

        Raises:
            Fatal: another release made the operation.
        """
        return self.phases[self.index(name)]

    def following(self, operation: Operation) -> Phase | None:
        """The phase that comes next in an operation, or None after its last."""
        later = self.phases[self.index(operation.phase) + 1 :]
        return next((phase for phase in later if self.has_phase(operation, phase.name)), None)

    def index(self, name: str) -> int:
        """How many phases come before that one.

        Raises:
            Fatal: another release made the operation.
        """
        for index, phase in enumerate(self.phases):
            if phase.name == name:
                return index
        raise Fatal(f"This release does not know the phase {name!r} of {self.kind}.", code="unknown_phase")


class Registry:
    """The kinds that this process knows."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self._handlers = {handler.kind: handler for handler in handlers}
        if len(self._handlers) != len(handlers):
            raise ValueError("two handlers claim the same kind of operation")

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

    def find(self, kind: str) -> Handler | None:
        """The handler of a kind, or None where a newer release made the operation."""
        return self._handlers.get(kind)
