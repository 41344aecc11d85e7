"""Undoing an upload of orders: what nobody has touched since goes, the rest is kept and named."""

from dataclasses import dataclass

from tranche.imports.corrections.keeping import forget_rows
from tranche.imports.undo import NothingToUndo, Outcome
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.domain import UNDOES, Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.text import plural
from tranche.orders.domain import BatchBusy, BatchUndone, NotUndone, OrderBatch
from tranche.orders.queries import undoing
from tranche.orders.service.holding import find_running_undo, hold_ended
from tranche.orders.service.look import get_batch

UNDO_KIND = "order_undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """What the last undo of a batch did, and a page of its orders (id, number, outcome, code, reason)."""

    batch: OrderBatch
    operation: Operation
    orders: list[Row]
    total: int


def undo_batch(conn: Connection, ctx: Context, operations: Operations, *, batch_id: int) -> Operation:
    """Start the undo of a batch. It may be repeated as long as something is left, which may be free by now.

    Its refused rows cannot be corrected any more, because what is right then would come into an undone batch.

    Raises:
        BatchNotFound: there is none, or it was deleted.
        BatchBusy, CorrectionRunning: it is still being processed or corrected, or its undo is running.
        BatchUndone: nothing of it is left.
        NothingToUndo: nothing came in, or what is left was there before or belongs to a later upload.
    """
    batch = hold_ended(conn, batch_id=batch_id, verb="undo")
    if hindrance := find_undo_hindrance(conn, batch):
        raise hindrance
    payload = {"batchId": batch_id, UNDOES: batch.operation_id}
    operation = operations.start(conn, ctx, kind=UNDO_KIND, label=f"Undo {batch.file_name}", payload=payload)
    undoing.link_undo(conn, batch_id=batch_id, operation_id=operation.id)
    forget_rows(conn, import_id=batch.import_id)
    audit.record(conn, ctx, action="order_batch.undo", subject_id=batch_id, detail={"fileName": batch.file_name})
    return operation


def find_undo_hindrance(conn: Connection, batch: OrderBatch) -> Conflict | None:
    """Why no undo of an ended batch can be started; None where one can."""
    if not batch.successful_orders:
        return NothingToUndo(f"Batch {batch.id} has brought nothing in, so there is nothing to undo.")
    if batch.undone_at is not None and not batch.kept_orders:
        removed = plural(batch.undone_orders, "order was", "orders were")
        return BatchUndone(f"Batch {batch.id} was undone already: {removed} removed, and nothing of it is left.")
    running = find_running_undo(conn, batch)
    if running is not None:
        return BatchBusy(f"Batch {batch.id} is just being undone by operation {running.id}.")
    if undoing.is_all_others(conn, batch_id=batch.id):
        return NothingToUndo(
            f"Nothing of batch {batch.id} can be undone: each of its orders was there before it, or belongs to a later "
            "upload by now."
        )
    return None


def look_at_undo(conn: Connection, *, batch_id: int, outcome: Outcome | None, limit: int, offset: int) -> UndoReport:
    """The last undo of a batch; without an `outcome` its orders are those that are still there, kept or errored.

    Raises:
        BatchNotFound, NotUndone
    """
    batch = get_batch(conn, batch_id=batch_id)
    if batch.undo_operation_id is None:
        raise NotUndone(f"Batch {batch_id} was never undone.")
    wanted = [outcome] if outcome else [Outcome.KEPT, Outcome.ERRORED]
    found = undoing.list_outcomes(
        conn, operation_id=batch.undo_operation_id, outcomes=wanted, limit=limit, offset=offset
    )
    return UndoReport(
        batch=batch,
        operation=get_operation(conn, operation_id=batch.undo_operation_id),
        orders=found,
        total=undoing.count_outcomes(conn, operation_id=batch.undo_operation_id, outcomes=wanted),
    )


def mark_used_items(conn: Connection) -> None:
    """The port to items: fill `used_by` in the TEMP table `held_items(id, used_by)` where orders hold an item."""
    undoing.mark_used_items(conn)
