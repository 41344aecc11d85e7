"""Files of orders together with what must be in the database once they were imported."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

_HEADER = ("orderId", "customerCode", "customerName", "itemSku", "itemName", "quantity", "unitPrice", "orderDate")
_DATE = "2026-03-31"
_LINES = 3
_CUSTOMERS = 97
_ITEMS = 211


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order as it must be found; `row` is the row number that a spreadsheet shows."""

    item: str
    quantity: Decimal
    unit_price: Decimal
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodOrder:
    """An order that must come in."""

    customer: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersFile:
    """A spreadsheet, the orders that must come in, and the errors (row, code) that must be named."""

    name: str
    data: bytes
    good: Mapping[str, GoodOrder]
    total: int
    errors: Counter[tuple[int, str]]


def make_file(prefix: str, *, orders: int, bad_every: int = 500) -> OrdersFile:
    """`orders` orders of three lines; in every `bad_every`th the second line has no quantity.

    The last row has no order number, and counts as one more failed order.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    good: dict[str, GoodOrder] = {}
    errors: Counter[tuple[int, str]] = Counter()
    for index in range(1, orders + 1):
        first = 2 + (index - 1) * _LINES
        number, customer = f"{prefix}-{index}", f"C{index % _CUSTOMERS}"
        lines = [_line(index, part, row=first + part) for part in range(_LINES)]
        is_bad = index % bad_every == 0
        for part, line in enumerate(lines):
            quantity = "" if is_bad and part == 1 else str(line.quantity)
            item = (line.item, f"Item {line.item}", quantity, line.unit_price)
            writer.writerow((number, customer, f"Customer {customer}", *item, _DATE))
        if is_bad:
            errors.update([(first, "order_rejected"), (first + 1, "missing_field"), (first + 2, "order_rejected")])
        else:
            good[number] = GoodOrder(customer=customer, lines=tuple(lines))
    errors[(2 + orders * _LINES, "missing_field")] += 1
    writer.writerow(("", "C1", "Customer C1", "S1", "Item S1", "1", "1.00", _DATE))
    return OrdersFile(name=f"{prefix}.csv", data=text.getvalue().encode(), good=good, total=orders + 1, errors=errors)


def _line(index: int, part: int, *, row: int) -> Line:
    return Line(
        item=f"S{(index * 7 + part) % _ITEMS}",
        quantity=Decimal(1 + (index + part) % 9),
        unit_price=Decimal((index * 37 + part * 11) % 9973) / 100,
        row=row,
    )
