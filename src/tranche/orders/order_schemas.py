"""The wire contract of one order: its lines, and what it was invoiced with."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict

from tranche.kernel.web.json import Out
from tranche.orders.domain import Order, OrderInvoice, OrderLine
from tranche.orders.schemas import OrderOut, order_out


class LineOut(Out, frozen=True):
    """One line; `row` is the file's row, `extra` holds the columns that no field takes."""

    line_number: int
    item_id: int | None
    item_sku: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal | None
    amount: Decimal
    row: int | None
    extra: dict[str, Any] | None


class OrderInvoiceOut(Out, frozen=True):
    """An invoice or credit note of the order; at most one of them is an invoice that is still `issued`."""

    id: int
    number: str
    kind: str
    status: str


class OrderDetailOut(OrderOut, frozen=True):
    """An order with its lines, and its invoices and credit notes, the newest first."""

    lines: list[LineOut]
    invoices: list[OrderInvoiceOut]


def order_detail_out(order: Order, lines: Sequence[OrderLine], *, invoices: Sequence[OrderInvoice]) -> OrderDetailOut:
    """One order, whole."""
    return OrderDetailOut(
        **asdict(order_out(order)),
        lines=[
            LineOut(
                line_number=line.line_number,
                item_id=line.item_id,
                item_sku=line.item_code,
                description=line.description,
                quantity=line.quantity,
                unit_price=line.unit_price,
                tax_rate=line.tax_rate,
                amount=line.amount,
                row=line.source_row,
                extra=line.extra,
            )
            for line in lines
        ],
        invoices=[OrderInvoiceOut(id=one.id, number=one.number, kind=one.kind, status=one.status) for one in invoices],
    )
