"""An ended operation whose counters change afterwards, because people corrected what had failed."""

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, Status, final_status
from tranche.kernel.operations.ledger import ALL_FAILED, all_failed_message
from tranche.kernel.operations.queries import operations, progress
from tranche.kernel.operations.service import lock_operation


def recount(
    conn: Connection, ctx: Context, *, operation: Operation, total: int, cancelled: int, changed: Counts
) -> Operation:
    """Add to the counters of an ended, locked operation; what only its failures decided is decided anew.

    `total` and `cancelled` are added like `changed`. A cancellation and a fatal fault stay what they are.
    """
    progress.add_correction(conn, operation_id=operation.id, total=total, cancelled=cancelled, counts=changed)
    recounted = lock_operation(conn, operation_id=operation.id)
    status = _status(recounted)
    error = all_failed_message(conn, recounted) if status is Status.FAILED else None
    is_decided_by_failures = _is_decided_by_failures(operation)
    if is_decided_by_failures and (status, error) != (recounted.status, recounted.error):
        code = ALL_FAILED if status is Status.FAILED else None
        operations.set_end(conn, operation_id=operation.id, status=status, error_code=code, error=error)
        if status is not recounted.status:
            operations.insert_event(
                conn, operation_id=operation.id, event=status, actor=ctx.user_name, detail="by corrections"
            )
    progress.notify(conn, operation_id=operation.id)
    return lock_operation(conn, operation_id=operation.id)


def _is_decided_by_failures(operation: Operation) -> bool:
    if operation.status is Status.FAILED:
        return operation.error_code == ALL_FAILED
    return operation.status in {Status.COMPLETED, Status.COMPLETED_WITH_ERRORS}


def _status(operation: Operation) -> Status:
    return final_status(operation) if operation.total else Status.COMPLETED
