"""What an invoice is, its settings, its refusals, and the document that is printed, sent and archived; pure."""

from tranche.invoicing.domain.document import (
    BankAccount,
    InvoiceDocument,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Party,
    TaxSum,
    sum_taxes,
)
from tranche.invoicing.domain.invoices import Invoice, InvoiceFilter
from tranche.invoicing.domain.metrics import Day, Metrics, Pattern
from tranche.invoicing.domain.refusals import (
    InvoiceNotFound,
    NothingSelected,
    NotLive,
    OrderRefused,
    SelectionNotFound,
    TooManyOrders,
    invalid_field,
)
from tranche.invoicing.domain.runs import (
    CurrencySum,
    Finding,
    Maker,
    OrderFilter,
    Preflight,
    Selection,
    Settings,
    Terms,
    Wishes,
    number_prefix,
)

__all__ = [
    "BankAccount",
    "CurrencySum",
    "Day",
    "Finding",
    "Invoice",
    "InvoiceDocument",
    "InvoiceFilter",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceNotFound",
    "InvoiceStatus",
    "Maker",
    "Metrics",
    "NotLive",
    "NothingSelected",
    "OrderFilter",
    "OrderRefused",
    "Party",
    "Pattern",
    "Preflight",
    "Selection",
    "SelectionNotFound",
    "Settings",
    "TaxSum",
    "Terms",
    "TooManyOrders",
    "Wishes",
    "invalid_field",
    "number_prefix",
    "sum_taxes",
]
