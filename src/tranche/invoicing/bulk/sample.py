"""A made-up invoice with the organization's own seller, to look at a design or a template."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.domain import (
    InvoiceDocument,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Party,
    sum_taxes,
)
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import get_organization

_ROWS: Final = (
    ("Gold ring, 18 carat", "2", "1249.00", "19"),
    ("Silver chain, 45 cm", "10", "38.50", "19"),
    ("Insured shipping", "1", "12.90", "7"),
)


def sample_document(conn: Connection, *, language: str | None) -> InvoiceDocument:
    """Looks like an invoice and is kept nowhere."""
    settings, organization = invoicing.get_settings(conn), get_organization(conn)
    lines = tuple(_line(number, row) for number, row in enumerate(_ROWS, start=1))
    net, tax = sum((line.net for line in lines), Decimal(0)), sum((line.tax for line in lines), Decimal(0))
    return InvoiceDocument(
        organization_id=organization.id,
        id=0,
        kind=InvoiceKind.INVOICE,
        status=InvoiceStatus.ISSUED,
        number=f"{settings.series}-SAMPLE",
        language=language or organization.language,
        currency=organization.currency,
        digits=2,
        invoice_date=date(2026, 1, 15),
        due_date=date(2026, 2, 14),
        payment_terms=settings.payment_terms,
        seller=settings.seller,
        buyer=Party(name="Sample Customer", address="12 Example Street\nExample Town", code="C-1"),
        bank=settings.bank,
        lines=lines,
        taxes=sum_taxes(lines),
        net=net,
        tax=tax,
        total=net + tax,
        order_number="ORD-1",
        credited_number=None,
        credited_by=None,
        notes=settings.notes,
        issued_at=datetime(2026, 1, 15, tzinfo=UTC),
        voided_at=None,
        void_reason=None,
    )


def _line(number: int, row: tuple[str, str, str, str]) -> InvoiceLine:
    quantity, price, rate = Decimal(row[1]), Decimal(row[2]), Decimal(row[3])
    net = (quantity * price).quantize(Decimal("0.01"))
    return InvoiceLine(
        line_number=number,
        item_id=None,
        item_code=f"SKU-{number}",
        description=row[0],
        quantity=quantity,
        unit_price=price,
        tax_rate=rate,
        net=net,
        tax=(net * rate / 100).quantize(Decimal("0.01")),
    )
