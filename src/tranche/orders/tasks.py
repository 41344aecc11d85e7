"""The operations of orders: the import of a batch, and the removal of a large one."""

from dataclasses import replace

from tranche.imports.corrections.tasks import make_correction_handler
from tranche.imports.domain import Limits
from tranche.imports.tasks import FilePaths, make_handler
from tranche.imports.undo import make_undo_handler
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Handler, Retried, StreamWork
from tranche.kernel.operations.service import Operations
from tranche.orders.domain import NothingRead
from tranche.orders.queries import orders
from tranche.orders.service import DELETE_KIND, UNDO_KIND, undo_batch
from tranche.orders.target import OrderTarget
from tranche.orders.undo import MarkFreed, OrderUndoer

_REMOVED_AT_ONCE = 5_000


class RemovePhase:
    """Stream: the orders of a deleted batch, five thousand in a transaction."""

    name = "remove"
    unit = "orders"

    def work(self, work: StreamWork) -> None:
        """Remove until none is left; a second call goes on where the first one ended."""
        batch_id, total = work.operation.payload["batchId"], work.operation.payload["orders"]
        while True:
            with work.transaction() as conn:
                removed = orders.delete_batch_orders(conn, batch_id=batch_id, limit=_REMOVED_AT_ONCE)
                left = orders.count_batch_orders(conn, batch_id=batch_id)
                work.progress(conn, done=total - left, total=total)
            if removed < _REMOVED_AT_ONCE:
                return


def make_handlers(files: FilePaths, *, limits: Limits, mark_freed: MarkFreed) -> list[Handler]:
    """The kinds of operation that this module adds; `mark_freed` knows which orders have no invoice any more."""
    return [
        replace(make_handler(OrderTarget(), files, limits=limits), undo=_undo_import),
        make_undo_handler(UNDO_KIND, OrderUndoer(mark_freed)),
        make_correction_handler(OrderTarget(), files, limits=limits),
        Handler(kind=DELETE_KIND, phases=(RemovePhase(),), retry=_retry_removal),
    ]


def _undo_import(conn: Connection, ctx: Context, operations: Operations, operation: Operation) -> Operation:
    """See service.undo_batch; a dry run has brought nothing in.

    Raises:
        NothingRead: there is no batch.
    """
    batch_id = operation.payload["batchId"]
    if batch_id is None:
        raise NothingRead("A dry run brings nothing in, so there is nothing to undo.")
    return undo_batch(conn, ctx, operations, batch_id=batch_id)


def _retry_removal(conn: Connection, operation: Operation, code: str | None) -> Retried:
    """A removal that was cancelled or failed goes on; its batch stays hidden meanwhile."""
    del code
    left = orders.count_batch_orders(conn, batch_id=operation.payload["batchId"])
    return Retried(phases=frozenset({RemovePhase.name} if left else ()))
