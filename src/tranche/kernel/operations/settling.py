"""What becomes of a claim whose work ended in an exception; in the worker's own transaction, fenced by the epoch."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Unavailable
from tranche.kernel.faults import words_of
from tranche.kernel.operations import ledger
from tranche.kernel.operations.domain import MOST_ATTEMPTS
from tranche.kernel.operations.handlers import Fatal, Restart, Stopped, StreamPhase
from tranche.kernel.operations.queries import claims, operations
from tranche.kernel.operations.taking import Taken

_BUSY = "busy"


def is_outage(error: BaseException) -> bool:
    """Whether the database or another need was away, which is nobody's fault and counts as no attempt."""
    return isinstance(error, Unavailable) and error.error_code != _BUSY


def settle(conn: Connection, taken: Taken, *, error: BaseException, delay: float) -> None:
    """Release, cut or count an attempt; nothing when the claim has passed to somebody else."""
    if not claims.holds_claim(conn, claim=taken.claim):
        return
    claim, handler = taken.claim, taken.handler
    if isinstance(error, Stopped):
        claims.release_claim(conn, claim=claim, attempts=claim.attempts, delay=0.0, error="stopped")
    elif isinstance(error, Restart):
        claims.delete_claim(conn, claim_id=claim.id)
        ledger.restart(conn, handler, operation_id=claim.operation_id, left=claim.phase, phase=error.phase)
    elif isinstance(error, Fatal):
        claims.delete_claim(conn, claim_id=claim.id)
        ledger.fail(conn, handler, operation_id=claim.operation_id, code=error.code, message=error.message)
    elif is_outage(error):
        claims.release_claim(conn, claim=claim, attempts=claim.attempts, delay=delay, error="unavailable")
    else:
        _isolate(conn, taken, error=error, delay=delay)


def _isolate(conn: Connection, taken: Taken, *, error: BaseException, delay: float) -> None:
    """Cut the claim, or count an attempt of the one position in it.

    A chunk that the database was too busy for is tried once more uncut, and the next ones are made smaller.
    """
    claim = taken.claim
    if isinstance(error, Unavailable) and claim.is_fresh:
        operations.shrink_chunks(conn, operation_id=claim.operation_id)
    elif claim.size > 1:
        ledger.split(conn, claim=claim)
        return
    attempts = claim.attempts + 1
    code, message = words_of(error)
    if attempts < MOST_ATTEMPTS:
        claims.release_claim(conn, claim=claim, attempts=attempts, delay=delay * 2**attempts, error=message)
        if isinstance(taken.handler.phase(claim.phase), StreamPhase):  # else it is one position of many
            ledger.tell_of_another_try(conn, claim=claim, number=attempts + 1, reason=message)
        return
    ledger.give_up(conn, taken.handler, operation=taken.operation, claim=claim, code=code, message=message)
