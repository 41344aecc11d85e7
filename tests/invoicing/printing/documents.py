"""Invoices to print, made without a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tranche.invoicing.domain import (
    BankAccount,
    InvoiceDocument,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Party,
    sum_taxes,
)

SELLER = Party(
    name="Mondlicht Goldschmiede GmbH",
    address="Lindenallee 14\n50968 Köln",
    tax_id="DE136695976",
    registration="HRB 48211",
    email="rechnung@mondlicht.example",
    phone="+49 221 555 01 30",
)
BUYER = Party(name="Atelier Rive Gauche", address="12 rue de Seine\n75006 Paris", tax_id="FR40303265045", code="C-1")
BANK = BankAccount(bank="Sparkasse KölnBonn", iban="DE89 3704 0044 0532 0130 00", bic="COLSDE33XXX")

Row = tuple[str, str, str]


def make_line(number: int, row: Row, *, description: str = "Gold ring") -> InvoiceLine:
    """A line from quantity, price and rate, rounded as invoices are."""
    quantity, price, rate = (Decimal(text) for text in row)
    net = _cents(quantity * price)
    return InvoiceLine(
        line_number=number,
        item_id=number,
        item_code=f"SKU-{number}",
        description=description,
        quantity=quantity,
        unit_price=price,
        tax_rate=rate,
        net=net,
        tax=_cents(net * rate / 100),
    )


def make_document(
    rows: Sequence[Row] = (("2", "100.00", "19"), ("1", "12.90", "7")),
    *,
    description: str = "Gold ring",
    **changes: Any,
) -> InvoiceDocument:
    """An invoice over these lines; `changes` replace any field."""
    lines = tuple(make_line(number, row, description=description) for number, row in enumerate(rows, start=1))
    net, tax = sum((line.net for line in lines), Decimal(0)), sum((line.tax for line in lines), Decimal(0))
    facts: dict[str, Any] = {
        "organization_id": 1,
        "id": 7,
        "kind": InvoiceKind.INVOICE,
        "status": InvoiceStatus.ISSUED,
        "number": "INV-2026-000231",
        "language": "en",
        "currency": "EUR",
        "digits": 2,
        "invoice_date": date(2026, 11, 28),
        "due_date": date(2026, 12, 28),
        "payment_terms": "30 days net",
        "seller": SELLER,
        "buyer": BUYER,
        "bank": BANK,
        "lines": lines,
        "taxes": sum_taxes(lines),
        "net": net,
        "tax": tax,
        "total": net + tax,
        "order_number": "ORD-10432",
        "credited_number": None,
        "credited_by": None,
        "notes": "Thank you.",
        "issued_at": datetime(2026, 11, 28, 9, tzinfo=UTC),
        "voided_at": None,
        "void_reason": None,
    }
    return InvoiceDocument(**(facts | changes))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
