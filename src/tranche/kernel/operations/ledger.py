"""The worker's marks in the ledger: a phase begins, an operation ends, starts over, or gives one position up."""

import structlog

from tranche.kernel.db.pool import Connection
from tranche.kernel.faults import describe, words_of
from tranche.kernel.operations.announcing import announce
from tranche.kernel.operations.domain import MOST_ATTEMPTS, Claim, Counts, Operation, Status, pieces
from tranche.kernel.operations.handlers import Fatal, Handler, OutsidePhase, Phase, RangePhase, Restart
from tranche.kernel.operations.queries import blocks, claims, items, operations, progress

log = structlog.get_logger(__name__)

ALL_FAILED = "all_failed"
_FAULT = "fault"
_RESTARTED = "restarted"
_MOST_RESTARTS = 10


def enter(conn: Connection, phase: Phase, *, operation: Operation) -> None:
    """Begin a phase at its first position."""
    total: int | None = None
    first_size = 1
    if isinstance(phase, RangePhase):
        total, first_size = phase.measure(conn, operation), phase.first_size
    elif isinstance(phase, OutsidePhase):
        total, first_size = items.count_open_items(conn, operation_id=operation.id, stage=phase.name), phase.batch
    progress.set_phase(
        conn, operation_id=operation.id, phase=phase.name, first_size=max(1, first_size), phase_total=total
    )


def finish(
    conn: Connection,
    handler: Handler,
    *,
    operation: Operation,
    status: Status,
    code: str | None = None,
    message: str | None = None,
) -> None:
    """End the operation, of which no claim is left, with its domain's last word in the same transaction."""
    if status is Status.FAILED and message is None:
        code, message = ALL_FAILED, all_failed_message(conn, operation)
    if status is Status.CANCELLED or code not in {None, ALL_FAILED}:
        unrepeatable = [p.name for p in handler.phases if isinstance(p, OutsidePhase) and not p.repeatable]
        blocks.lay_out_cancelled(conn, operation_id=operation.id)
        unknown = items.cancel_open(conn, operation_id=operation.id, unrepeatable=unrepeatable)
        progress.cancel_rest(conn, operation_id=operation.id, unknown=unknown)
    operations.set_status(conn, operation_id=operation.id, status=status, error_code=code, error=message)
    operations.insert_event(conn, operation_id=operation.id, event=status, detail=message or "")
    _say_last_word(conn, handler, operation_id=operation.id, status=status)
    if (ended := operations.find_operation(conn, operation_id=operation.id)) is not None:
        announce(conn, ended, alerts=ended.error_code not in handler.senders_faults)


def all_failed_message(conn: Connection, operation: Operation) -> str:
    """Why an operation failed of which nothing succeeded: the reason of its only item, or the commonest one of all."""
    reasons = items.list_failure_groups(conn, operation_id=operation.id, limit=1)
    example = reasons[0]["example"] if reasons else ""
    if operation.total == 1:
        return str(example) or "The only one did not succeed; it says why."
    return f"None of {operation.total:,} succeeded; each says why" + (f", such as: {example}" if example else ".")


def _say_last_word(conn: Connection, handler: Handler, *, operation_id: int, status: Status) -> None:
    ended = operations.find_operation(conn, operation_id=operation_id)
    if ended is None:
        return
    if operations.count_events(conn, operation_id=operation_id, event=_FAULT) < MOST_ATTEMPTS:
        handler.finished(conn, ended, status)
        return
    try:
        with conn.transaction():
            handler.finished(conn, ended, status)
    except Exception as error:  # noqa: BLE001  # an operation that never ends would be worse
        log.error("operation.last_word_failed", operation=operation_id, **describe(error))  # noqa: TRY400  # no trace


def fail(conn: Connection, handler: Handler, *, operation_id: int, code: str, message: str) -> None:
    """End the operation as failed for a reason that concerns it as a whole; first let other workers stop."""
    operation = operations.lock_operation(conn, operation_id=operation_id)
    if operation is None or operation.status.is_terminal:
        return
    if claims.has_claims(conn, operation_id=operation_id):
        operations.set_status(conn, operation_id=operation_id, status=Status.CANCELLING, error_code=code, error=message)
        operations.insert_event(conn, operation_id=operation_id, event="failing", detail=message)
        return
    finish(conn, handler, operation=operation, status=Status.FAILED, code=code, message=message)


def note_fault(conn: Connection, handler: Handler, *, operation_id: int, error: Exception) -> None:
    """A fault outside any chunk: the third one ends the operation, so that nobody waits for ever."""
    operation = operations.lock_operation(conn, operation_id=operation_id)
    if operation is None:
        return
    if isinstance(error, Fatal):
        fail(conn, handler, operation_id=operation_id, code=error.code, message=error.message)
        return
    if isinstance(error, Restart):
        restart(conn, handler, operation_id=operation_id, left=operation.phase, phase=error.phase)
        return
    code, message = words_of(error)
    operations.insert_event(conn, operation_id=operation_id, event=_FAULT, detail=message)
    if operations.count_events(conn, operation_id=operation_id, event=_FAULT) >= MOST_ATTEMPTS:
        fail(conn, handler, operation_id=operation_id, code=code, message=message)


def restart(conn: Connection, handler: Handler, *, operation_id: int, left: str, phase: str) -> None:
    """Go back from the phase `left` to one whose result was lost; claims of the former end before that begins."""
    operation = operations.lock_operation(conn, operation_id=operation_id)
    if operation is None or operation.status.is_terminal or operation.phase != left:
        return
    if operations.count_events(conn, operation_id=operation.id, event=_RESTARTED) >= _MOST_RESTARTS:
        message = f"The work of the phase {phase} was lost {_MOST_RESTARTS} times; the log of the worker says where."
        fail(conn, handler, operation_id=operation.id, code="restarted_often", message=message)
        return
    operations.insert_event(conn, operation_id=operation.id, event=_RESTARTED, detail=f"from {phase}")
    enter(conn, handler.phase(phase), operation=operation)


def split(conn: Connection, *, claim: Claim) -> None:
    """Replace a claim by unheld claims on its parts."""
    claims.delete_claim(conn, claim_id=claim.id)
    for low, high in pieces(claim.low, claim.high):
        claims.insert_free_claim(conn, operation_id=claim.operation_id, phase=claim.phase, low=low, high=high)


def give_up(conn: Connection, handler: Handler, *, operation: Operation, claim: Claim, code: str, message: str) -> None:
    """Set one position aside; where the phase is a single piece of work, the operation fails."""
    phase = handler.phase(claim.phase)
    if isinstance(phase, RangePhase):
        counts = phase.park(conn, operation, position=claim.low, code=code, message=message)
        count_chunk(conn, operation=operation, claim=claim, counts=counts)
    else:
        claims.delete_claim(conn, claim_id=claim.id)
        fail(conn, handler, operation_id=operation.id, code=code, message=message)


def tell_of_another_try(conn: Connection, *, claim: Claim, number: int, reason: str) -> None:
    """Let those who watch know that the whole operation waits for its next try."""
    detail = f"Try {number} of {MOST_ATTEMPTS} follows. {reason}"
    operations.insert_event(conn, operation_id=claim.operation_id, event="tried_in_vain", detail=detail)
    operations.tell(conn, operation_id=claim.operation_id)


def count_chunk(
    conn: Connection, *, operation: Operation, claim: Claim, counts: Counts, chunk_size: int | None = None
) -> None:
    """Remove a claim whose work is done, and count what it did; the operation's row comes last."""
    claims.delete_claim(conn, claim_id=claim.id)
    positions = claim.size if counts.worked is None else counts.worked
    progress.add_progress(conn, operation_id=operation.id, counts=counts, positions=positions, chunk_size=chunk_size)
