"""Totals at the end or between are no orders: they are left out and named; what only looks like one is a fault."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.imports.factories import Cell, Reading, read, write_csv, write_xlsx
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.opening.fields import STOCK_FIELDS

_HEAD: list[Cell] = ["Order no", "Qty", "Price", "Amount"]
_DATA: list[list[Cell]] = [["A1", 2, 2.5, 5], ["A2", 3, 1.5, 4.5], ["A3", 1, 10, 10]]
Write = Callable[[Sequence[Sequence[Cell]]], Path]


@pytest.fixture(params=["csv", "xlsx"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write the same rows as either kind of file."""
    if request.param == "xlsx":
        return lambda rows: write_xlsx(tmp_path / "a.xlsx", rows)
    return lambda rows: write_csv(
        tmp_path / "a.csv", [["" if cell is None else str(cell) for cell in row] for row in rows]
    )


def _told(reading: Reading) -> list[str]:
    return [notice for notice in reading.header.notices if "total" in notice.lower() and "not imported" in notice]


@pytest.mark.parametrize(
    "total",
    [
        ["Total", 6, None, 19.5],
        ["TOTAL:", None, None, 19.5],
        ["Summe", 6, None, None],
        ["Gesamt", None, None, 19.5],
        ["Razem", 6, 14, 19.5],
        [None, 6, None, 19.5],
        [None, None, None, 19.5],
        [None, 6, 14, 19.5],
        [None, 6, 14, None],
        ["المجموع", 6, None, 19.5],
        ["মোট", 6, None, 19.5],
        ["कुल योग", 6, None, 19.5],
        ["Grand total", 999, None, 999],
    ],
)
def test_a_total_at_the_end_is_left_out_and_named(write: Write, total: list[Cell]) -> None:
    reading = read(write([_HEAD, *_DATA, total]))
    assert reading.column("orderId") == ["A1", "A2", "A3"]
    assert (reading.header.rows, reading.faults) == (3, [])
    (notice,) = _told(reading)
    assert notice.startswith("Row 5 is a total and is not imported (")
    assert all(str(cell) in notice for cell in total if cell is not None)


def test_a_total_below_a_blank_row_and_with_its_word_elsewhere_is_seen(write: Write) -> None:
    reading = read(write([_HEAD, *_DATA, [], [None, None, "Total", 19.5]]))
    assert reading.column("orderId") == ["A1", "A2", "A3"]
    assert _told(reading)[0].startswith("Row 6 ")


def test_subtotals_between_and_the_grand_total_are_all_named(write: Write) -> None:
    rows: list[list[Cell]] = [
        _HEAD, *_DATA[:2], ["Subtotal", 5, None, 9.5],
        _DATA[2], ["Subtotal", 1, None, 10],
        ["Grand total", 6, None, 19.5],
    ]  # fmt: skip
    reading = read(write(rows))
    assert reading.column("orderId") == ["A1", "A2", "A3"]
    assert [notice.split(" is ")[0] for notice in _told(reading)] == ["Row 4", "Row 6", "Row 7"]


def test_an_order_that_is_called_total_but_sums_nothing_is_a_fault(write: Write) -> None:
    reading = read(write([_HEAD, *_DATA, ["Total", 7, 2.5, 17.5]]))
    assert reading.codes() == [(5, "orderId", "looks_like_total")]
    assert "A5 says “Total”" in reading.faults[0].message
    assert len(reading.rows) == 4


@pytest.mark.parametrize(
    "row",
    [
        [None, 4, 2.5, 10],
        [None, 6, 14, 19],
        [None, 6, 2.5, None, "a mug"],
        [None, 6, 14, 19.5, "a mug"],
        ["TOTAL-17", 6, 2.5, 15],
        ["A4", 6, 3.25, 19.5],
    ],
)
def test_a_line_without_a_number_or_with_chance_sums_is_no_total(write: Write, row: list[Cell]) -> None:
    reading = read(write([[*_HEAD, "Description"], *_DATA, row]))
    assert len(reading.rows) == 4
    assert _told(reading) == []


def test_a_total_has_no_faults(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Order no", "Qty", "Price", "Date"], ["A1", 2, 2.5, None], ["Total", 2, None, "in May"]]
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows))
    assert (reading.faults, reading.column("orderId")) == ([], ["A1"])
    assert "Date in May" in _told(reading)[0]


def test_one_line_and_its_twin_are_no_total(write: Write) -> None:
    reading = read(write([_HEAD, _DATA[0], [None, 2, 2.5, 5]]))
    assert len(reading.rows) == 2


def test_a_total_of_decimal_commas_is_seen(tmp_path: Path) -> None:
    text = [["Order no", "Qty", "Price", "Betrag"], ["A1", "1", "12,50", "12,50"], ["A2", "2", "0,25", "0,50"]]
    path = write_csv(tmp_path / "a.csv", [*text, ["Summe", "", "", "13,00 €"]], delimiter=";")
    reading = read(path)
    assert reading.column("orderId") == ["A1", "A2"]
    assert "13,00 €" in _told(reading)[0]


def test_a_thousand_totals_are_all_named_by_their_rows(tmp_path: Path) -> None:
    rows: list[list[str]] = []
    for number in range(60):
        rows += [[f"A{number}", "1", "2", "2"], ["Total", "1", "", "2"]]
    reading = read(write_csv(tmp_path / "a.csv", [["Order no", "Qty", "Price", "Amount"], *rows]))
    assert len(reading.rows) == 60
    told = " ".join(reading.header.notices)
    assert all(str(row) in told for row in range(3, 122, 2))


_STOCK: list[list[Cell]] = [
    ["SKU", "Name", "Lot", "Qty", "Cost"],
    ["P-1", "Paint", "L-1", 100, 2.5],
    ["P-2", "Brush", None, 80, 1],
]


@pytest.mark.parametrize(
    "total",
    [
        ["Total", None, None, 180, None],
        [None, "Summe", None, 180, None],
        [None, None, "Total:", 180, None],
        ["Total", None, None, None, None],
        [None, None, None, 180, None],
        [None, None, None, 180, 3.5],
    ],
)
def test_a_total_of_stock_is_left_out_and_named(write: Write, total: list[Cell]) -> None:
    reading = read(write([*_STOCK, total]), fields=STOCK_FIELDS)
    assert reading.column("itemSku") == ["P-1", "P-2"]
    assert reading.faults == []
    assert _told(reading)[0].startswith("Row 4 is a total and is not imported (")


@pytest.mark.parametrize(
    ("row", "at"),
    [(["Total", None, None, 20, None], "itemSku"), ([None, "Sum", None, 20, 1], "name")],
)
def test_stock_of_what_is_called_total_but_sums_nothing_is_a_fault(write: Write, row: list[Cell], at: str) -> None:
    reading = read(write([*_STOCK, row]), fields=STOCK_FIELDS)
    assert reading.codes() == [(4, at, "looks_like_total")]
    assert len(reading.rows) == 3


@pytest.mark.parametrize(
    "row",
    [
        ["P-3", "Total Repair", None, 180, None],
        ["P-3", None, None, 180, 3.5],
        [None, None, "L-7", 180, 3.5],
        [None, None, None, 180, 2],
        [None, None, None, 20, None],
    ],
)
def test_a_row_of_stock_that_has_an_item_or_a_lot_or_another_number_is_no_total(write: Write, row: list[Cell]) -> None:
    reading = read(write([*_STOCK, row]), fields=STOCK_FIELDS)
    assert len(reading.rows) == 3
    assert (reading.faults, _told(reading)) == ([], [])


def test_a_code_that_happens_to_be_a_sum_is_no_total(write: Write) -> None:
    rows: list[list[Cell]] = [["SKU", "Name", "Price"], ["1", "Paint", 2], ["2", "Brush", 1], ["3", None, None]]
    reading = read(write(rows), fields=ITEM_FIELDS)
    assert (len(reading.rows), _told(reading)) == (3, [])
