"""The wire contract of order batches (document 1) and orders, and how it is filled."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from tranche.kernel.db.pool import Row
from tranche.kernel.web.json import Body, Out, utc_or_none
from tranche.kernel.web.pagination import Cursors, Pagination
from tranche.orders.domain import BatchStats, Order, OrderBatch


class UploadForm(Body, frozen=True):
    """The multipart form of an upload; `mapping` is JSON, as in the query.

    It is an object of fields, each with a header or a list of headers to be joined, and of the options `sheet` (text),
    `sheets` ("all"), `headerRow` (the number of a row), `dayFirst`, `acceptReturns` (true or false), `defaultCustomer`
    (text) and `leaveOut` (headers).
    """

    file: UploadFile
    mapping: str | None = None


class BatchOut(Out, frozen=True):
    """Document 1's batch, and additively what failed it, what was skipped, what was undone and where to watch it."""

    id: int
    file_name: str
    file_size: int | None
    status: str
    total_orders: int
    successful_orders: int
    failed_orders: int
    success_rate: str
    duration: int | None
    imported_at: datetime
    completed_at: datetime | None
    skipped_orders: int
    error_count: int
    warning_count: int
    failure: str | None
    import_id: int | None
    operation_id: int | None
    undone_orders: int
    kept_orders: int
    undone_at: datetime | None
    undo_operation_id: int | None


class UserOut(Out, frozen=True):
    """Who uploaded."""

    id: int
    name: str
    email: str


class ParseErrorOut(Out, frozen=True):
    """Document 1's `{row, error}`, and additively the column's header and a stable code."""

    row: int
    error: str
    column: str | None
    code: str


class ErrorLogOut(Out, frozen=True):
    """The first 1,000 errors; all of them are at `/errors`."""

    parse_errors: list[ParseErrorOut]
    total_errors: int


class BatchDetailOut(BatchOut, frozen=True):
    """A batch with its user, what was decided for whole columns, and its error log (null when nothing was wrong)."""

    notices: list[str]
    user_id: int
    user: UserOut
    error_log: ErrorLogOut | None


class BatchListOut(Out, frozen=True):
    """Document 1's list; asked by cursor it has `cursors` instead of `pagination`."""

    batches: list[BatchOut]
    pagination: Pagination | UnsetType = UNSET
    cursors: Cursors | UnsetType = UNSET


class StatsOut(Out, frozen=True):
    """Document 1's statistics."""

    total_batches: int
    completed_batches: int
    failed_batches: int
    processing_batches: int
    total_orders_imported: int
    average_success_rate: Decimal
    recent_batches: list[BatchOut]


class OrderOut(Out, frozen=True):
    """One order; `orderId` is its number, as in the file, `orderDay` what `orderDate` is in the organization's zone."""

    id: int
    order_id: str
    batch_id: int | None
    customer_id: int
    customer_code: str | None
    customer_name: str
    kind: str
    status: str
    order_date: datetime | None
    order_day: date | None
    currency: str
    line_count: int
    total: Decimal
    notes: str | None
    created_at: datetime
    updated_at: datetime


class BatchOrdersOut(Out, frozen=True):
    """The orders of a batch, in document 1's shape, with `cursors` as the list of batches."""

    orders: list[OrderOut]
    pagination: Pagination | UnsetType = UNSET
    cursors: Cursors | UnsetType = UNSET


class DeletedOut(Out, frozen=True):
    """What a deletion removed, or is removing in `operationId`."""

    deleted_orders: int
    operation_id: int | None


class DryRunOut(Out, frozen=True):
    """The start of a dry run: its report is in the operation's summary and at `/api/imports/{importId}/errors`.

    `POST /api/imports/{importId}/import` brings in what it has found valid.
    """

    dry_run: bool
    operation_id: int
    import_id: int
    status: str
    total_orders: int
    valid_orders: int
    failed_orders: int
    skipped_orders: int
    summary: dict[str, Any]
    failure: str | None


class AdoptedOut(Out, frozen=True):
    """The batch named legacy_import, and how many orders joined it just now."""

    adopted_orders: int
    batch: BatchOut | None


def batch_out(batch: OrderBatch) -> BatchOut:
    """A batch as the list shows it."""
    return BatchOut(**_batch_fields(batch))


def batch_detail_out(batch: OrderBatch, *, errors: Sequence[Row], notices: Sequence[str]) -> BatchDetailOut:
    """A batch as its own page shows it."""
    log = None
    if batch.error_count or errors:
        log = ErrorLogOut(
            parse_errors=[
                ParseErrorOut(row=e["row_number"], error=e["message"], column=e["column_name"], code=e["code"])
                for e in errors
            ],
            total_errors=max(batch.error_count, len(errors)),
        )
    user = UserOut(id=batch.user_id, name=batch.user_name, email=batch.user_email)
    return BatchDetailOut(
        **_batch_fields(batch), notices=list(notices), user_id=batch.user_id, user=user, error_log=log
    )


def stats_out(stats: BatchStats, *, recent: Sequence[OrderBatch]) -> StatsOut:
    """The statistics with the newest batches."""
    return StatsOut(
        total_batches=stats.total_batches,
        completed_batches=stats.completed_batches,
        failed_batches=stats.failed_batches,
        processing_batches=stats.processing_batches,
        total_orders_imported=stats.total_orders_imported,
        average_success_rate=stats.average_success_rate,
        recent_batches=[batch_out(batch) for batch in recent],
    )


def order_out(order: Order) -> OrderOut:
    """An order without its lines."""
    return OrderOut(**_order_fields(order))


def _batch_fields(batch: OrderBatch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "file_name": batch.file_name,
        "file_size": batch.file_size,
        "status": batch.status.value,
        "total_orders": batch.total_orders,
        "successful_orders": batch.successful_orders,
        "failed_orders": batch.failed_orders,
        "success_rate": str(batch.success_rate),
        "duration": batch.duration,
        "imported_at": batch.imported_at.astimezone(UTC),
        "completed_at": utc_or_none(batch.completed_at),
        "skipped_orders": batch.skipped_orders,
        "error_count": batch.error_count,
        "warning_count": batch.warning_count,
        "failure": batch.failure,
        "import_id": batch.import_id,
        "operation_id": batch.operation_id,
        "undone_orders": batch.undone_orders,
        "kept_orders": batch.kept_orders,
        "undone_at": utc_or_none(batch.undone_at),
        "undo_operation_id": batch.undo_operation_id,
    }


def _order_fields(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "order_id": order.number,
        "batch_id": order.batch_id,
        "customer_id": order.customer_id,
        "customer_code": order.customer_code,
        "customer_name": order.customer_name,
        "kind": order.kind,
        "status": order.status,
        "order_date": utc_or_none(order.order_date),
        "order_day": order.order_day,
        "currency": order.currency,
        "line_count": order.line_count,
        "total": order.total,
        "notes": order.notes,
        "created_at": order.created_at.astimezone(UTC),
        "updated_at": order.updated_at.astimezone(UTC),
    }
