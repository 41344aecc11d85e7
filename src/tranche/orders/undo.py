"""Order batches as what an undo takes back."""

from collections.abc import Callable
from typing import TypeAlias

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status
from tranche.orders.domain import BatchDeleted, BatchUndone
from tranche.orders.queries import batches, undoing

MarkFreed: TypeAlias = Callable[[Connection], None]


class OrderUndoer:
    """See imports.undo.Undoer. Customers and items that the upload made stay: others may know them by now."""

    unit = "orders"

    def __init__(self, mark_freed: MarkFreed) -> None:
        """`mark_freed` says in the TEMP table `held(id, status, updated_at, is_freed)` which were only invoiced."""
        self._mark_freed = mark_freed

    def collect(self, conn: Connection, operation: Operation) -> None:
        """The batch's orders."""
        undoing.create_wanted(conn, batch_id=_batch(operation))

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Orders that anybody has touched are kept; an order is free again when its invoice was closed."""
        undoing.hold(conn)
        self._mark_freed(conn)
        undoing.judge(conn, batch_id=_batch(operation))

    def remove(self, conn: Connection, operation: Operation) -> None:
        """The others go, with their lines."""
        undoing.remove(conn, batch_id=_batch(operation))

    def reopen(self, conn: Connection, operation: Operation) -> None:
        """Not after the batch was deleted, and not after a later undo took over what was left."""
        if not batches.lock_batch(conn, batch_id=_batch(operation)):
            raise BatchDeleted("The batch of this undo was deleted.")
        last = batches.find_batch(conn, batch_id=_batch(operation))
        if last is not None and last.undo_operation_id != operation.id:
            raise BatchUndone(f"The batch was undone again by operation {last.undo_operation_id}; retry that one.")

    def finished(self, conn: Connection, operation: Operation, status: Status) -> None:
        """The batch says what became of it."""
        undoing.finish_undo(conn, batch_id=_batch(operation), is_complete=status is Status.COMPLETED)


def _batch(operation: Operation) -> int:
    return int(operation.payload["batchId"])
