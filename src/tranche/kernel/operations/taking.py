"""What a worker does next: the decision, made under the operation's lock and committed as a claim."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations import ledger
from tranche.kernel.operations.domain import MOST_ATTEMPTS, Claim, Counts, Operation, Status, final_status
from tranche.kernel.operations.handlers import Fatal, Handler, KeepingPhase, OutsidePhase, Phase, RangePhase, Registry
from tranche.kernel.operations.queries import claims, items, leases, operations, progress

DIED = "process_died"
_DIED_TEXT = "Working on this ended the worker's process {times} times; it was set aside. The log has the details."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A claim to work on."""

    handler: Handler
    operation: Operation
    claim: Claim

    @property
    def phase(self) -> Phase:
        """The phase that the claim is of."""
        return self.handler.phase(self.claim.phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nothing to work on now, but a look in so many seconds may find something; 0 means at once.

    `is_new_phase` says that the operation has just gone on to a phase, which the same transaction may look at.
    """

    seconds: float = 0.0
    is_new_phase: bool = False


AGAIN = Later()
_ENTERED = Later(is_new_phase=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    handler: Handler
    operation: Operation
    phase: Phase
    worker_id: UUID
    dead_after: float

    @property
    def in_order(self) -> bool:
        """Whether the phase allows one claim at a time, in the order of positions."""
        return isinstance(self.phase, RangePhase | OutsidePhase) and not self.phase.parallel


def take_on(
    conn: Connection,
    registry: Registry,
    *,
    operation_id: int,
    worker_id: UUID,
    dead_after: float,
    is_over: Callable[[], bool],
) -> tuple[Taken | Later | None, bool]:
    """As `take`, but a phase that is entered is looked at in the same transaction; also whether one was.

    Not once `is_over`: what comes then belongs to the next slice.
    """
    has_entered = False
    while True:
        taken = take(conn, registry, operation_id=operation_id, worker_id=worker_id, dead_after=dead_after)
        if not (isinstance(taken, Later) and taken.is_new_phase) or is_over():
            return taken, has_entered
        has_entered = True


def take(
    conn: Connection, registry: Registry, *, operation_id: int, worker_id: UUID, dead_after: float
) -> Taken | Later | None:
    """Decide what this worker does next; None: nothing that it could do, now or soon.

    Raises:
        Fatal: the operation cannot go on.
    """
    operation = operations.lock_operation(conn, operation_id=operation_id)
    handler = registry.find(operation.kind) if operation else None
    if operation is None or handler is None:
        return None
    if operation.status is Status.CANCELLING:
        _end_cancelled(conn, handler, operation=operation, dead_after=dead_after)
        return None
    if operation.status is Status.PENDING:
        return _begin(conn, handler, operation=operation)
    if operation.status is not Status.PROCESSING:
        return None
    look = _Look(
        handler=handler,
        operation=operation,
        phase=handler.phase(operation.phase),
        worker_id=worker_id,
        dead_after=dead_after,
    )
    return _take_orphan(conn, look) or _take_next(conn, look)


def _begin(conn: Connection, handler: Handler, *, operation: Operation) -> Later:
    operations.set_status(conn, operation_id=operation.id, status=Status.PROCESSING)
    operations.insert_event(conn, operation_id=operation.id, event="started")
    ledger.enter(conn, handler.phase(operation.phase), operation=operation)
    return _ENTERED


def _end_cancelled(conn: Connection, handler: Handler, *, operation: Operation, dead_after: float) -> None:
    """End what is being cancelled once no living worker holds a part of it; a fatal fault ends it as failed."""
    found = claims.survey_claims(conn, operation_id=operation.id, phase=operation.phase, dead_after=dead_after)
    if found["held"] or not claims.clear_claims(conn, operation_id=operation.id):
        return
    status = Status.FAILED if operation.error else Status.CANCELLED
    ledger.finish(conn, handler, operation=operation, status=status, code=operation.error_code, message=operation.error)


def _take_orphan(conn: Connection, look: _Look) -> Taken | Later | None:
    # What may be repeated is taken up at once: whoever comes back late finds the lease gone, and records nothing.
    is_delicate = isinstance(look.phase, OutsidePhase) and not look.phase.repeatable
    row = claims.lock_orphan(
        conn,
        operation_id=look.operation.id,
        dead_after=look.dead_after,
        in_order=look.in_order,
        waits_for_leases=is_delicate,
    )
    if row is None:
        return None
    is_abandoned = row.pop("is_abandoned")
    claim = Claim(**row)
    if claim.phase != look.operation.phase:  # the operation went back to an earlier phase
        claims.delete_claim(conn, claim_id=claim.id)
        return AGAIN
    attempts = claim.attempts
    if isinstance(look.phase, OutsidePhase):
        _settle_lapsed(conn, look.phase, operation=look.operation, claim=claim)
    elif is_abandoned and claim.size > 1:
        ledger.split(conn, claim=claim)
        return AGAIN
    elif is_abandoned:
        attempts += 1
        if attempts >= MOST_ATTEMPTS:
            message = _DIED_TEXT.format(times=attempts)
            ledger.give_up(conn, look.handler, operation=look.operation, claim=claim, code=DIED, message=message)
            return AGAIN
    taken = claims.take_claim(conn, claim_id=claim.id, worker_id=look.worker_id, attempts=attempts)
    return Taken(handler=look.handler, operation=look.operation, claim=taken)


def _settle_lapsed(conn: Connection, phase: OutsidePhase, *, operation: Operation, claim: Claim) -> None:
    lost = leases.settle_lapsed(conn, claim=claim, repeatable=phase.repeatable)
    if lost and isinstance(phase, KeepingPhase):
        phase.lose(conn, operation, lost)
    parked = leases.park_worn_out(
        conn, claim=claim, attempts=MOST_ATTEMPTS, code=DIED, message=_DIED_TEXT.format(times=MOST_ATTEMPTS)
    )
    if lost or parked:
        counts = Counts(unknown=len(lost), failed=parked)
        progress.add_progress(conn, operation_id=operation.id, counts=counts, positions=len(lost) + parked)


def _take_next(conn: Connection, look: _Look) -> Taken | Later | None:
    operation = look.operation
    found = claims.survey_claims(conn, operation_id=operation.id, phase=operation.phase, dead_after=look.dead_after)
    if not found["elsewhere"] and not (look.in_order and found["claims"]):
        high = _next_high(conn, look)
        if high is not None:
            return _claim(conn, look, high=high)
    if found["claims"]:
        return None if found["due_in"] is None else Later(seconds=found["due_in"])
    return _advance(conn, look)


def _next_high(conn: Connection, look: _Look) -> int | None:
    operation, phase, low = look.operation, look.phase, look.operation.next_position
    if isinstance(phase, RangePhase):
        return phase.next_high(conn, operation, low=low, size=operation.chunk_size)
    if isinstance(phase, OutsidePhase):
        return items.find_next_high(conn, operation_id=operation.id, stage=phase.name, low=low, size=phase.batch)
    return 1 if low == 1 else None


def _claim(conn: Connection, look: _Look, *, high: int) -> Taken:
    operation = look.operation
    claim = claims.insert_claim(
        conn,
        operation_id=operation.id,
        phase=operation.phase,
        low=operation.next_position,
        high=high,
        worker_id=look.worker_id,
    )
    operations.set_next_position(conn, operation_id=operation.id, next_position=high + 1)
    return Taken(handler=look.handler, operation=operation, claim=claim)


def _advance(conn: Connection, look: _Look) -> Later | None:
    """Go on to the next phase, or end; a phase that left items without an outcome must not pass for done."""
    operation = look.operation
    following = look.handler.following(operation)
    stage = operation.phase if following else None
    is_short = following is None and operation.pending > 0
    if is_short or items.count_open_items(conn, operation_id=operation.id, stage=stage):
        raise Fatal(
            f"The phase {operation.phase} left some items without an outcome; they were cancelled and can be retried.",
            code="incomplete",
        )
    if following is None:
        has_lasting = operations.has_succeeded(conn, operation_id=operation.id, stages=look.handler.lasting)
        status = final_status(operation, has_lasting=has_lasting)
        ledger.finish(conn, look.handler, operation=operation, status=status)
        return None
    ledger.enter(conn, following, operation=operation)
    return _ENTERED


def has_more(conn: Connection, phase: RangePhase | OutsidePhase, operation: Operation) -> bool:
    """Whether something is left behind the next chunk; how large that is, only the phase knows."""
    total = operation.phase_total or 0
    if isinstance(phase, OutsidePhase):
        return total - operation.phase_done > operation.chunk_size
    high = phase.next_high(conn, operation, low=operation.next_position, size=operation.chunk_size)
    return high is not None and high < total
