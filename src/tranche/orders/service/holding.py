"""Holding an order batch still before what it brought in goes away."""

from tranche.imports.corrections.keeping import hold_still
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import get_operation
from tranche.orders.domain import BatchBusy, BatchNotFound, BatchStatus, OrderBatch
from tranche.orders.queries import batches
from tranche.orders.service.look import get_batch


def hold_ended(conn: Connection, *, batch_id: int, verb: str) -> OrderBatch:
    """The batch, locked after its operation and its import, once it has ended; `verb` is what is wanted of it.

    Raises:
        BatchNotFound: there is none, or it was deleted.
        BatchBusy, CorrectionRunning: it is still being processed or corrected.
    """
    batch = get_batch(conn, batch_id=batch_id)
    # Before any lock: a chunk that is just coming in holds the batch and then wants the operation.
    _refuse_while_processed(batch, verb=verb)
    hold_still(conn, import_id=batch.import_id)
    if not batches.lock_batch(conn, batch_id=batch_id):
        raise BatchNotFound.of(batch_id)
    batch = get_batch(conn, batch_id=batch_id)
    _refuse_while_processed(batch, verb=verb)
    return batch


def find_running_undo(conn: Connection, batch: OrderBatch) -> Operation | None:
    """The undo of the batch that has not ended yet."""
    if batch.undo_operation_id is None or batch.undone_at is not None:
        return None
    undo = get_operation(conn, operation_id=batch.undo_operation_id)
    return None if undo.status.is_terminal else undo


def _refuse_while_processed(batch: OrderBatch, *, verb: str) -> None:
    if batch.status is BatchStatus.PROCESSING:
        raise BatchBusy(
            f"Batch {batch.id} is still being processed. Cancel operation {batch.operation_id} or wait, then {verb}."
        )
