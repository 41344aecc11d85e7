"""A person decides about effects of an ended operation of which nobody knows whether they have happened."""

from collections.abc import Sequence

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, WrongState
from tranche.kernel.operations.queries import leases
from tranche.kernel.operations.recounting import recount
from tranche.kernel.operations.service import lock_operation


def lock_ended(conn: Connection, *, operation_id: int) -> Operation:
    """One operation that has ended, locked; take it before the rows of what it worked on.

    Raises:
        OperationNotFound, WrongState: it still runs.
    """
    operation = lock_operation(conn, operation_id=operation_id)
    if not operation.status.is_terminal:
        raise WrongState(f"Operation {operation_id} is {operation.status}; wait for its end, then decide.")
    return operation


def settle_unknown(conn: Connection, ctx: Context, *, operation: Operation, positions: Sequence[int]) -> Operation:
    """The effects of these positions have happened: those that are unknown count as succeeded from now on."""
    settled = leases.settle_unknown(conn, operation_id=operation.id, positions=positions)
    if not settled:
        return operation
    changed = Counts(succeeded=settled, unknown=-settled)
    return recount(conn, ctx, operation=operation, total=0, cancelled=0, changed=changed)
