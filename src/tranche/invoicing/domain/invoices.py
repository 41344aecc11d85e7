"""An invoice as a list shows it, and what a list is narrowed by."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tranche.invoicing.domain.document import InvoiceKind, InvoiceStatus
from tranche.kernel.operations.domain import ItemStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice or credit note, without its lines."""

    id: int
    kind: InvoiceKind
    status: InvoiceStatus
    number: str
    invoice_date: date
    due_date: date
    currency: str
    customer_id: int
    buyer_code: str | None
    buyer_name: str
    order_id: int | None
    order_number: str | None
    line_count: int
    net: Decimal
    tax: Decimal
    total: Decimal
    operation_id: int | None
    credits_id: int | None
    created_by: int | None
    issued_at: datetime
    closed_at: datetime | None
    close_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a printing or sending made of an invoice: `stage` is pdf or send, `status` that of an operation's item."""

    operation_id: int
    stage: str
    status: ItemStatus
    error_code: str | None
    error: str | None
    updated_at: datetime

    @property
    def lacks_address(self) -> bool:
        """Whether the customer could not be written to for want of an address."""
        return self.error_code in {"no_recipient", "bad_address"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """Which invoices a list holds; `search` is the beginning of the number, dates are inclusive."""

    kind: InvoiceKind | None = None
    status: InvoiceStatus | None = None
    customer_id: int | None = None
    order_id: int | None = None
    operation_id: int | None = None
    search: str | None = None
    since: date | None = None
    until: date | None = None
