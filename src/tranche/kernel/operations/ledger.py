"""The worker's side of the ledger: what to do next, what became of it, and how an operation ends."""

from dataclasses import dataclass
from uuid import UUID

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import (
    MOST_ATTEMPTS,
    Claim,
    Counts,
    Operation,
    OperationNotFound,
    Status,
    final_status,
    pieces,
)
from tranche.kernel.operations.handlers import Handler, OutsidePhase, Phase, RangePhase, Registry
from tranche.kernel.operations.queries import claims, items, leases, operations, progress

DIED = "process_died"
_DIED_TEXT = "Working on this ended the worker's process {times} times; it was set aside. The log has the details."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A claim to work on; without one, `again` says whether to look once more."""

    operation: Operation
    claim: Claim | None = None
    again: bool = False


def take(conn: Connection, registry: Registry, *, operation_id: int, worker_id: UUID, dead_after: float) -> Taken:
    """Decide under the operation's lock what this worker does next, and commit that as a claim.

    Raises:
        OperationNotFound: the operation was deleted.
    """
    operation = operations.lock_operation(conn, operation_id=operation_id)
    if operation is None:
        raise OperationNotFound(f"Operation {operation_id} is gone.")
    handler = registry.find(operation.kind)
    if handler is None:
        return Taken(operation=operation)
    if operation.status is Status.CANCELLING:
        _cancel(conn, handler, operation=operation, dead_after=dead_after)
        return Taken(operation=operation)
    if operation.status is Status.PENDING:
        return _begin(conn, handler, operation=operation)
    if operation.status is not Status.PROCESSING:
        return Taken(operation=operation)
    return (
        _take_orphan(conn, handler, operation=operation, worker_id=worker_id, dead_after=dead_after)
        or _take_next(conn, handler, operation=operation, worker_id=worker_id)
        or _advance(conn, handler, operation=operation, dead_after=dead_after)
    )


def _begin(conn: Connection, handler: Handler, *, operation: Operation) -> Taken:
    operations.set_status(conn, operation_id=operation.id, status=Status.PROCESSING)
    operations.insert_event(conn, operation_id=operation.id, event="started")
    _enter(conn, handler.phase(operation.phase), operation=operation)
    return Taken(operation=operation, again=True)


def _enter(conn: Connection, phase: Phase, *, operation: Operation) -> None:
    total: int | None = None
    first_size = 1
    if isinstance(phase, RangePhase):
        total, first_size = phase.measure(conn, operation), phase.first_size
    elif isinstance(phase, OutsidePhase):
        total, first_size = items.count_items(conn, operation_id=operation.id, stage=phase.name), phase.batch
    operations.set_phase(
        conn, operation_id=operation.id, phase=phase.name, first_size=max(1, first_size), phase_total=total
    )


def _take_orphan(
    conn: Connection, handler: Handler, *, operation: Operation, worker_id: UUID, dead_after: float
) -> Taken | None:
    row = claims.lock_orphan(conn, operation_id=operation.id, dead_after=dead_after)
    if row is None:
        return None
    is_abandoned = row.pop("is_abandoned")
    claim = Claim(**row)
    phase = handler.phase(claim.phase)
    attempts = claim.attempts
    if isinstance(phase, OutsidePhase):
        _settle_lapsed(conn, phase, operation=operation, claim=claim)
    elif is_abandoned and claim.size > 1:
        split(conn, claim=claim)
        return Taken(operation=operation, again=True)
    elif is_abandoned:
        attempts += 1
        if attempts >= MOST_ATTEMPTS:
            give_up(
                conn, handler, operation=operation, claim=claim, code=DIED, message=_DIED_TEXT.format(times=attempts)
            )
            return Taken(operation=operation, again=True)
    taken = claims.take_claim(conn, claim_id=claim.id, worker_id=worker_id, attempts=attempts)
    return Taken(operation=operation, claim=taken)


def _settle_lapsed(conn: Connection, phase: OutsidePhase, *, operation: Operation, claim: Claim) -> None:
    unknown = leases.settle_lapsed(conn, claim=claim, repeatable=phase.repeatable)
    parked = leases.park_worn_out(
        conn, claim=claim, attempts=MOST_ATTEMPTS, code=DIED, message=_DIED_TEXT.format(times=MOST_ATTEMPTS)
    )
    if unknown or parked:
        counts = Counts(unknown=unknown, failed=parked)
        progress.add_progress(
            conn, operation_id=operation.id, counts=counts, positions=unknown + parked, chunk_size=None
        )


def _take_next(conn: Connection, handler: Handler, *, operation: Operation, worker_id: UUID) -> Taken | None:
    phase = handler.phase(operation.phase)
    low = operation.next_position
    high: int | None
    if isinstance(phase, RangePhase):
        high = phase.next_high(conn, operation, low=low, size=operation.chunk_size)
    elif isinstance(phase, OutsidePhase):
        high = items.find_next_high(conn, operation_id=operation.id, stage=phase.name, low=low, size=phase.batch)
    else:
        high = 1 if low == 1 else None
    if high is None:
        return None
    claim = claims.insert_claim(
        conn, operation_id=operation.id, phase=phase.name, low=low, high=high, worker_id=worker_id
    )
    operations.set_next_position(conn, operation_id=operation.id, next_position=high + 1)
    return Taken(operation=operation, claim=claim)


def _advance(conn: Connection, handler: Handler, *, operation: Operation, dead_after: float) -> Taken:
    if claims.count_claims(conn, operation_id=operation.id, dead_after=dead_after)["claims"]:
        return Taken(operation=operation)
    following = handler.following(operation.phase)
    if following is None:
        finish(conn, handler, operation=operation, status=final_status(operation))
        return Taken(operation=operation)
    _enter(conn, following, operation=operation)
    return Taken(operation=operation, again=True)


def _cancel(conn: Connection, handler: Handler, *, operation: Operation, dead_after: float) -> None:
    """End a cancelled operation once no living worker holds a part of it."""
    if claims.count_claims(conn, operation_id=operation.id, dead_after=dead_after)["held"]:
        return
    finish(conn, handler, operation=operation, status=Status.CANCELLED)


def finish(
    conn: Connection,
    handler: Handler,
    *,
    operation: Operation,
    status: Status,
    code: str | None = None,
    message: str | None = None,
) -> None:
    """End the operation, with its domain's last word in the same transaction."""
    claims.delete_claims(conn, operation_id=operation.id)
    if status is Status.FAILED and message is None:
        code, message = "all_failed", f"None of {operation.total} succeeded; each says why."
    if status is Status.CANCELLED or code not in {None, "all_failed"}:
        items.cancel_pending(conn, operation_id=operation.id)
        progress.cancel_rest(conn, operation_id=operation.id)
    operations.set_status(conn, operation_id=operation.id, status=status, error_code=code, error=message)
    operations.insert_event(conn, operation_id=operation.id, event=status, detail=message or "")
    ended = operations.find_operation(conn, operation_id=operation.id)
    handler.finished(conn, ended or operation, status)


def fail(conn: Connection, handler: Handler, *, operation: Operation, code: str, message: str) -> None:
    """End the operation as failed for a reason that concerns it as a whole."""
    current = operations.lock_operation(conn, operation_id=operation.id)
    if current and not current.status.is_terminal:
        finish(conn, handler, operation=current, status=Status.FAILED, code=code, message=message)


def restart(conn: Connection, handler: Handler, *, operation: Operation, phase: str) -> None:
    """Go back to a phase whose result was lost; other workers' claims on later phases are void."""
    current = operations.lock_operation(conn, operation_id=operation.id)
    if current is None or current.status.is_terminal:
        return
    claims.delete_claims(conn, operation_id=operation.id)
    operations.insert_event(conn, operation_id=operation.id, event="restarted", detail=f"from {phase}")
    _enter(conn, handler.phase(phase), operation=operation)


def isolate(
    conn: Connection, handler: Handler, *, operation: Operation, claim: Claim, error: Exception, delay: float
) -> None:
    """Deal with a chunk that raised: cut it, or count an attempt of the one position in it."""
    if claim.size > 1:
        split(conn, claim=claim)
        return
    attempts = claim.attempts + 1
    if attempts < MOST_ATTEMPTS:
        claims.release_claim(
            conn, claim=claim, attempts=attempts, delay=delay * 2**attempts, error=type(error).__name__
        )
        return
    code, message = _words(error, operation=operation)
    give_up(conn, handler, operation=operation, claim=claim, code=code, message=message)


def split(conn: Connection, *, claim: Claim) -> None:
    """Replace a claim by unheld claims on its parts."""
    claims.delete_claim(conn, claim_id=claim.id)
    for low, high in pieces(claim.low, claim.high):
        claims.insert_claim(
            conn, operation_id=claim.operation_id, phase=claim.phase, low=low, high=high, worker_id=None
        )


def give_up(conn: Connection, handler: Handler, *, operation: Operation, claim: Claim, code: str, message: str) -> None:
    """Set one position aside; where the phase is a single piece of work, the operation fails."""
    phase = handler.phase(claim.phase)
    if not isinstance(phase, RangePhase):
        fail(conn, handler, operation=operation, code=code, message=message)
        return
    claims.delete_claim(conn, claim_id=claim.id)
    counts = phase.park(conn, operation, position=claim.low, code=code, message=message)
    progress.add_progress(conn, operation_id=operation.id, counts=counts, positions=1, chunk_size=None)


def _words(error: Exception, *, operation: Operation) -> tuple[str, str]:
    """What a person may read of a fault: our own sentences whole, of any other only its kind."""
    if isinstance(error, TrancheError):
        return error.error_code, error.message
    kind = type(error).__name__
    return (
        "unexpected",
        f"An unexpected fault ({kind}) came three times; the log has it under operation {operation.id}.",
    )
