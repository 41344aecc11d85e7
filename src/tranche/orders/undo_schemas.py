"""The wire contract of undone order batches."""

from datetime import datetime

from tranche.kernel.web.json import Out, utc_or_none
from tranche.orders.service import UndoReport


class UndoneOut(Out, frozen=True):
    """One order of an undo: `orderId` is its number, `code` and `reason` say why it was not reversed."""

    id: int
    order_id: str
    outcome: str
    code: str | None
    reason: str | None


class UndoOut(Out, frozen=True):
    """The last undo of a batch: how many orders went into each bucket, and a page of them."""

    batch_id: int
    operation_id: int
    status: str
    total_orders: int
    reversed_orders: int
    kept_orders: int
    errored_orders: int
    undone_at: datetime | None
    orders: list[UndoneOut]


def undo_out(report: UndoReport) -> UndoOut:
    """The last undo of a batch, or the one just begun."""
    operation = report.operation
    return UndoOut(
        batch_id=report.batch.id,
        operation_id=operation.id,
        status=operation.status.value,
        total_orders=operation.total,
        reversed_orders=operation.succeeded,
        kept_orders=operation.skipped,
        errored_orders=operation.failed + operation.unknown + operation.cancelled,
        undone_at=utc_or_none(report.batch.undone_at),
        orders=[
            UndoneOut(
                id=row["id"], order_id=row["number"], outcome=row["outcome"], code=row["code"], reason=row["reason"]
            )
            for row in report.orders
        ],
    )
