"""What an order batch and an order are, and the refusals around them; pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tranche.kernel.errors import Conflict, NotFound


class BatchStatus(StrEnum):
    """Document 1's three words."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


LEGACY_NAME = "legacy_import"
DELETED_AT_ONCE = 10_000
LOGGED_ERRORS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInvoice:
    """An invoice or credit note of an order, as whoever keeps invoices names it."""

    id: int
    number: str
    kind: str
    status: str

    @property
    def is_live(self) -> bool:
        """Whether money is asked for by it."""
        return self.kind == "invoice" and self.status == "issued"


class BatchNotFound(NotFound):
    """No such order batch in this organization, or it was deleted."""

    code = "batch_not_found"
    noun = "order batch"


class OrderNotFound(NotFound):
    """No such order in this organization."""

    code = "order_not_found"
    noun = "order"


class DuplicateFile(Conflict):
    """The same bytes were uploaded before."""

    code = "duplicate_file"


class BatchBusy(Conflict):
    """The batch is still being processed."""

    code = "batch_processing"


class BatchDeleted(Conflict):
    """The batch was deleted meanwhile."""

    code = "batch_deleted"


class BatchUndone(Conflict):
    """The batch was undone."""

    code = "batch_undone"


class NotUndone(NotFound):
    """Nobody has undone the batch."""

    code = "not_undone"


class NothingRead(Conflict):
    """The batch's file could not be opened at all, or it never had one."""

    code = "nothing_read"


class InvoicedOrders(Conflict):
    """Some of the batch's orders have invoices."""

    code = "invoiced_orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBatch:
    """One upload. Counts are live while it is processed."""

    id: int
    import_id: int | None
    operation_id: int | None
    user_id: int
    user_name: str
    user_email: str
    file_name: str
    file_size: int | None
    status: BatchStatus
    total_orders: int
    successful_orders: int
    failed_orders: int
    skipped_orders: int
    error_count: int
    warning_count: int
    failure: str | None
    imported_at: datetime
    completed_at: datetime | None
    undo_operation_id: int | None = None
    undone_orders: int = 0
    kept_orders: int = 0
    undone_at: datetime | None = None

    @property
    def success_rate(self) -> Decimal:
        """Per cent of the orders that came in, two decimals; an empty batch has 0."""
        if not self.total_orders:
            return Decimal("0.00")
        return (Decimal(100) * self.successful_orders / self.total_orders).quantize(Decimal("0.01"))

    @property
    def duration(self) -> int | None:
        """Whole seconds from the upload to its end, or None while it is processed."""
        if self.completed_at is None:
            return None
        return round((self.completed_at - self.imported_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStats:
    """Document 1's statistics over all batches that were not deleted, and how many failed ones were not undone."""

    total_batches: int
    completed_batches: int
    failed_batches: int
    processing_batches: int
    total_orders_imported: int
    average_success_rate: Decimal
    left_failed_batches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, without its lines; `order_day` is the day that its date has in the organization's zone."""

    id: int
    batch_id: int | None
    number: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order; `amount` is quantity times price, rounded half up at the currency's digits."""

    line_number: int
    item_id: int | None
    item_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal | None
    amount: Decimal
    source_row: int | None
    extra: dict[str, Any] | None
