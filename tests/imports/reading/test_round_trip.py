"""Whatever is in the cells, each of them comes out again: as a value, as a fault or as extra."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.imports.factories import FIELDS, Reading, read, write_xlsx
from tranche.imports.domain import Field
from tranche.imports.reading.table import BLANKS
from tranche.imports.reading.totals import says_total

_HEADERS = ("Order no", "Qty", "Price", "Date", "Customer ID", "Notes", "Colour", "Shelf", "")
_OF = {"Order no": "orderId", "Qty": "quantity", "Price": "unitPrice", "Date": "orderDate"} | {
    "Customer ID": "customerCode",
    "Notes": "notes",
}
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from(
    "\n\t0123456789.,/-€%\"';|"
)
# A row of totals is left out, and has tests of its own.
_CELLS = st.text(_CHARACTERS, max_size=12).filter(lambda text: not says_total(text)) | st.sampled_from(
    ["", "1.234", "12,50", "1,234.5", "03/04/2024", "25/12/2024", "17850.0", "1234567890123457024", "19%", "\\."]
)
_TABLES = st.lists(st.lists(_CELLS, min_size=len(_HEADERS), max_size=len(_HEADERS)), max_size=12)
_TEXT_FIELDS = tuple(Field(field.name, field.label, field.synonyms, field.required) for field in FIELDS)


def _expected(table: list[list[str]]) -> list[tuple[int, dict[str, str]]]:
    """The filled cells by header, of rows that have any, with their numbers."""
    names = [header or "Column I" for header in _HEADERS]
    rows = [
        (number, {name: cell.strip(BLANKS) for name, cell in zip(names, row, strict=True) if cell.strip(BLANKS)})
        for number, row in enumerate(table, 2)
    ]
    return [(number, cells) for number, cells in rows if cells]


def _read_csv(table: list[list[str]], fields: tuple[Field, ...]) -> Reading:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([_HEADERS, *table])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.getvalue().encode())
        return read(path, fields=fields)


def _came_back(reading: Reading, index: int) -> dict[str, str]:
    row = reading.rows[index]
    values = {header: row[name] for header, name in _OF.items()}
    return {header: value for header, value in values.items() if value is not None} | reading.more(index)


@settings(max_examples=150, deadline=None)
@given(_TABLES)
def test_every_cell_of_a_csv_file_comes_back_as_it_was(table: list[list[str]]) -> None:
    reading = _read_csv(table, _TEXT_FIELDS)
    expected = _expected(table)
    assert reading.column("row_number") == [str(number) for number, _ in expected]
    assert [_came_back(reading, index) for index in range(len(expected))] == [cells for _, cells in expected]


@settings(max_examples=150, deadline=None)
@given(_TABLES)
def test_with_numbers_and_dates_no_cell_is_lost_and_every_fault_has_its_cell(table: list[list[str]]) -> None:
    reading = _read_csv(table, FIELDS)
    expected = _expected(table)
    assert [set(_came_back(reading, index)) for index in range(len(expected))] == [set(cells) for _, cells in expected]
    filled = {(number, header) for number, cells in expected for header in cells}
    assert {(fault.row, fault.column) for fault in reading.faults} <= filled


@settings(max_examples=30, deadline=None)
@given(_TABLES)
def test_every_text_cell_of_a_workbook_comes_back_as_it_was(table: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reading = read(write_xlsx(Path(folder) / "table.xlsx", [_HEADERS, *table]), fields=_TEXT_FIELDS)
    expected = _expected(table)
    assert [_came_back(reading, index) for index in range(len(expected))] == [cells for _, cells in expected]
