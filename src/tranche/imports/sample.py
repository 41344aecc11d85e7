"""A sample workbook of orders, some of them bad in known ways: for trying, for tests and for measuring."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

import xlsxwriter

HEADERS: Final = (
    "Order number",
    "Customer name",
    "E-mail",
    "Order date",
    "SKU",
    "Description",
    "Quantity",
    "Unit price",
    "Currency",
)
_WIDTHS: Final = (14, 30, 34, 12, 11, 34, 10, 11, 10)
_FIRST_DAY: Final = date(2025, 7, 1)
_DAYS: Final = 92
_MOST_LINES: Final = 5

_PLACES: Final = (
    "Harbour", "Linden", "Old Mill", "Northgate", "Riverside", "Castle", "Meadow", "Station", "Market", "Orchard",
    "Lakeside", "Hilltop", "Chestnut", "Bridge", "Saint Anne", "Willow", "Abbey", "Sunrise", "Bay", "Copper",
)  # fmt: skip
_TRADES: Final = (
    "Books", "Kitchen", "Garden Centre", "Café", "Stationers", "Hardware", "Bakery", "Florist", "Hotel", "School",
    "Deli", "Studio", "Clinic", "Workshop", "Toys",
)  # fmt: skip
_FORMS: Final = ("Ltd", "GmbH", "SARL", "& Sons", "Cooperative", "Partners")
_COLOURS: Final = ("white", "oak", "slate", "sea green", "terracotta")
_GOODS: Final = (
    ("Enamel mug 350 ml", "6.90"), ("Linen tea towel", "8.50"), ("Notebook A5, dotted", "5.40"),
    ("Storage jar 1 l", "7.25"), ("Desk lamp", "39.00"), ("Watering can 5 l", "18.75"), ("Seed tray", "3.20"),
    ("Serving board", "24.00"), ("Candle, beeswax", "4.60"), ("Wall hook", "2.95"), ("Plant pot 18 cm", "9.80"),
    ("Cotton tote bag", "3.75"), ("Pencil set", "6.10"), ("Picture frame A4", "12.40"), ("Door mat", "21.50"),
)  # fmt: skip


class Cause(StrEnum):
    """What is wrong with a bad order."""

    NO_ORDER_NUMBER = "no_order_number"
    NEGATIVE_QUANTITY = "negative_quantity"
    PRICE_TEXT = "price_text"
    NOT_A_DATE = "not_a_date"
    TWO_CUSTOMERS = "two_customers"
    NO_CUSTOMER = "no_customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFacts:
    """What the workbook holds. A row without an order number counts as one order, as it does in an import."""

    rows: int
    orders: int
    bad: dict[Cause, int] = field(default_factory=dict)

    @property
    def good_orders(self) -> int:
        """How many orders an import must take."""
        return self.orders - sum(self.bad.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: str
    customer: str
    email: str
    day: date | str
    sku: str
    description: str
    quantity: int
    price: Decimal | str
    currency: str = "EUR"


def write_sample(path: Path, *, orders: int, bad_every: int, seed: int) -> SampleFacts:
    """Write `orders` orders, every `bad_every`-th of them bad (0: none), the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # sample data, not secrets
    found: Counter[Cause] = Counter()
    rows = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        book.set_properties({"title": "Sample orders", "created": datetime(2025, 10, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("Orders")
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        priced = book.add_format({"num_format": "0.00"})
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write_row(0, 0, HEADERS, book.add_format({"bold": True}))
        for line in _lines(chance, orders=orders, bad_every=bad_every, found=found):
            rows += 1
            _write(sheet, rows, line, dated=dated, priced=priced)
    return SampleFacts(rows=rows, orders=orders, bad=dict(found))


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    line: _Line,
    *,
    dated: xlsxwriter.format.Format,
    priced: xlsxwriter.format.Format,
) -> None:
    for column, text in ((0, line.number), (1, line.customer), (2, line.email)):
        if text:
            sheet.write_string(row, column, text)
    if isinstance(line.day, date):
        sheet.write_datetime(row, 3, line.day, dated)
    else:
        sheet.write_string(row, 3, line.day)
    sheet.write_string(row, 4, line.sku)
    sheet.write_string(row, 5, line.description)
    sheet.write_number(row, 6, line.quantity)
    if isinstance(line.price, Decimal):
        sheet.write_number(row, 7, float(line.price), priced)
    else:
        sheet.write_string(row, 7, line.price)
    sheet.write_string(row, 8, line.currency)


def _lines(chance: random.Random, *, orders: int, bad_every: int, found: Counter[Cause]) -> Iterator[_Line]:
    customers = max(8, orders // 6)
    causes = list(Cause)
    for index in range(orders):
        lines = _order(chance, index, customer=chance.randrange(customers))
        if bad_every and index % bad_every == bad_every - 1:
            cause = causes[sum(found.values()) % len(causes)]
            found[cause] += 1
            lines = _SPOILED[cause](lines)
        yield from lines


def _order(chance: random.Random, index: int, *, customer: int) -> list[_Line]:
    name, email = _customer(customer)
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    return [
        _Line(
            number=f"SO-{10_001 + index}",
            customer=name,
            email=email,
            day=day,
            sku=f"HG-{good + 1:02d}{colour + 1:02d}",
            description=f"{_GOODS[good][0]}, {_COLOURS[colour]}",
            quantity=chance.choice((1, 1, 2, 3, 4, 6, 6, 12, 24)),
            price=Decimal(_GOODS[good][1]),
        )
        for good in chance.sample(range(len(_GOODS)), chance.randint(1, _MOST_LINES))
        for colour in (chance.randrange(len(_COLOURS)),)
    ]


def _customer(number: int) -> tuple[str, str]:
    """The name and address of customer `number`; past the words' combinations the names are numbered."""
    rest, place = divmod(number, len(_PLACES))
    rest, trade = divmod(rest, len(_TRADES))
    again, form = divmod(rest, len(_FORMS))
    shop = f"{_PLACES[place]} {_TRADES[trade]}" + (f" {again + 1}" if again else "")
    mailbox = "".join(char if char.isalnum() else "-" for char in shop.lower().replace("é", "e"))
    return f"{shop} {_FORMS[form]}", f"orders@{mailbox}-{form + 1}.example"


def _two_customers(lines: list[_Line]) -> list[_Line]:
    first = lines[0]
    return [*lines, replace(first, customer=f"{first.customer} (branch)", email=f"branch.{first.email}")]


_SPOILED: Final[dict[Cause, Callable[[list[_Line]], list[_Line]]]] = {
    Cause.NO_ORDER_NUMBER: lambda lines: [replace(lines[0], number="")],
    Cause.NEGATIVE_QUANTITY: lambda lines: [replace(lines[0], quantity=-lines[0].quantity), *lines[1:]],
    Cause.PRICE_TEXT: lambda lines: [replace(lines[0], price="on request"), *lines[1:]],
    Cause.NOT_A_DATE: lambda lines: [replace(lines[0], day="next Tuesday"), *lines[1:]],
    Cause.TWO_CUSTOMERS: _two_customers,
    Cause.NO_CUSTOMER: lambda lines: [replace(line, customer="", email="") for line in lines],
}
