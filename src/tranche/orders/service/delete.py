"""Deleting an order batch with all its orders."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tranche.imports.corrections.keeping import forget_rows
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.text import plural
from tranche.orders.domain import DELETED_AT_ONCE, BatchBusy, InvoicedOrders, OrderBatch
from tranche.orders.queries import batches, orders
from tranche.orders.service.holding import find_running_undo, hold_ended

DELETE_KIND = "order_delete"
_NAMED_ORDERS = 20


@runtime_checkable
class Voider(Protocol):
    """The port to invoicing: void the live invoices of a batch's orders."""

    def __call__(self, conn: Connection, ctx: Context, *, batch_id: int) -> int:
        """Returns how many invoices were voided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion removed, or is removing while `operation` runs."""

    orders: int
    operation: Operation | None = None


def delete_batch(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    batch_id: int,
    force_void: bool = False,
    voider: Voider | None = None,
) -> Deleted:
    """Remove a batch and its orders; past 10,000 orders they are hidden at once and removed by an operation.

    Raises:
        BatchNotFound: there is none, or it was deleted before.
        BatchBusy, CorrectionRunning: it is still being processed, or just being corrected or undone.
        InvoicedOrders: some orders have invoices and `force_void` was not asked for, or nobody can void them.
    """
    batch = hold_ended(conn, batch_id=batch_id, verb="delete")
    _refuse_while_undone(conn, batch)
    _settle_invoices(conn, ctx, batch_id=batch_id, force_void=force_void, voider=voider)
    count = orders.count_batch_orders(conn, batch_id=batch_id)
    batches.mark_deleted(conn, batch_id=batch_id, user_id=ctx.user_id)
    forget_rows(conn, import_id=batch.import_id)
    audit.record(
        conn,
        ctx,
        action="order_batch.delete",
        subject_id=batch_id,
        detail={"fileName": batch.file_name, "orders": count},
    )
    if count <= DELETED_AT_ONCE:
        return Deleted(orders=orders.delete_batch_orders(conn, batch_id=batch_id, limit=DELETED_AT_ONCE))
    operation = operations.start(
        conn,
        ctx,
        kind=DELETE_KIND,
        label=f"Delete {plural(count, 'order')} of {batch.file_name}",
        payload={"batchId": batch_id, "orders": count},
    )
    return Deleted(orders=count, operation=operation)


def _refuse_while_undone(conn: Connection, batch: OrderBatch) -> None:
    undo = find_running_undo(conn, batch)
    if undo is not None:
        raise BatchBusy(f"Batch {batch.id} is just being undone. Cancel operation {undo.id} or wait, then delete.")


def _settle_invoices(conn: Connection, ctx: Context, *, batch_id: int, force_void: bool, voider: Voider | None) -> None:
    numbers = orders.list_invoiced_numbers(conn, batch_id=batch_id, limit=_NAMED_ORDERS)
    if not numbers:
        return
    if force_void and voider is not None:
        voider(conn, ctx, batch_id=batch_id)
        return
    raise InvoicedOrders(
        f"Orders of this batch have invoices ({', '.join(numbers)}). Void them first, or delete with force=void."
    )
