"""Order batches as what an undo takes back."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status
from tranche.orders.domain import BatchDeleted
from tranche.orders.queries import batches, undoing


class OrderUndoer:
    """See imports.undo.Undoer. Customers and items that the upload made stay: others may know them by now."""

    unit = "orders"

    def collect(self, conn: Connection, operation: Operation) -> None:
        """The batch's orders."""
        undoing.create_wanted(conn, batch_id=_batch(operation))

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Orders that anybody has touched are kept."""
        undoing.judge(conn, batch_id=_batch(operation))

    def remove(self, conn: Connection, operation: Operation) -> None:
        """The others go, with their lines."""
        undoing.remove(conn, batch_id=_batch(operation))

    def reopen(self, conn: Connection, operation: Operation) -> None:
        """Not after the batch was deleted."""
        if not batches.lock_batch(conn, batch_id=_batch(operation)):
            raise BatchDeleted("The batch of this undo was deleted.")

    def finished(self, conn: Connection, operation: Operation, status: Status) -> None:
        """The batch says what became of it."""
        undoing.finish_undo(
            conn, batch_id=_batch(operation), operation_id=operation.id, is_complete=status is Status.COMPLETED
        )


def _batch(operation: Operation) -> int:
    return int(operation.payload["batchId"])
