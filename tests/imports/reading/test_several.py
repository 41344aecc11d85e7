"""Of several sheets the right one is read, or all that have the same header, and what is left out is said."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from tests.imports.factories import Cell, read
from tranche.imports.domain import InvalidMapping, Mapping, SheetPart

_HEAD: Sequence[Cell] = ("Order no", "Qty", "Price", "Date")
_ALL = Mapping(all_sheets=True)


def _write(path: Path, sheets: dict[str, Sequence[Sequence[Cell]]], *, hidden: Sequence[str] = ()) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, column, cell, dated)
                    elif cell is not None:
                        sheet.write(number, column, cell)
            if name in hidden:
                sheet.hide()
    return path


_MONTHS: dict[str, Sequence[Sequence[Cell]]] = {
    "May": (_HEAD, ("A1", 1, 2.5, date(2024, 5, 1)), ("A2", 2, 2.5, None)),
    "June": (("June 2024",), (), _HEAD, ("B1", 3, 2.5, date(2024, 6, 1)), (), ("B2", 4, 2.5, "soon")),
    "Notes": (("Ask Ann",),),
}


def test_a_cover_sheet_is_passed_over_and_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xlsx", {"Cover": (("Orders", "of May"), ("by", "Ann")), "Data": _MONTHS["May"]})
    reading = read(path)
    assert (reading.header.sheet, reading.column("orderId")) == ("Data", ["A1", "A2"])
    assert "Only the sheet “Data” is read, not “Cover”." in reading.header.notices


def test_if_no_sheet_has_the_table_the_first_is_told_of(tmp_path: Path) -> None:
    header = read(_write(tmp_path / "a.xlsx", {"One": (("x", "y"),), "Two": (("z", "w"),)})).header
    assert (header.sheet, header.headers) == ("One", ("x", "y"))


def test_all_sheets_with_one_header_are_read_one_below_the_other(tmp_path: Path) -> None:
    reading = read(_write(tmp_path / "a.xlsx", _MONTHS), mapping=_ALL)
    assert reading.column("orderId") == ["A1", "A2", "B1", "B2"]
    assert reading.column("row_number") == ["2", "3", "7", "9"]
    assert reading.column("orderDate") == ["2024-05-01", None, "2024-06-01", "soon"]
    assert reading.header.parts == (SheetPart("May", 0, 3), SheetPart("June", 3, 9))


def test_a_fault_names_the_sheet_and_its_own_cell(tmp_path: Path) -> None:
    reading = read(_write(tmp_path / "a.xlsx", _MONTHS), mapping=_ALL)
    assert [fault.message for fault in reading.faults] == ["June!D6 holds “soon”, which is not a date."]
    assert reading.faults[0].row == 9


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    notices = read(_write(tmp_path / "a.xlsx", _MONTHS), mapping=_ALL).header.notices
    assert "Not read, because the header is another: “Notes”." in notices
    assert any("“June” from 7" in notice for notice in notices)
    assert "June: Row 1 above the header (row 3) is not read." in notices


def test_hidden_sheets_and_such_with_another_header_are_left_out(tmp_path: Path) -> None:
    sheets = _MONTHS | {"Old": _MONTHS["May"], "Wider": ((*_HEAD, "Shelf"), ("C1", 1, 1, None, "x"))}
    reading = read(_write(tmp_path / "a.xlsx", sheets, hidden=["Old"]), mapping=_ALL)
    assert reading.column("orderId") == ["A1", "A2", "B1", "B2"]
    assert any("“Notes”, “Wider”" in notice for notice in reading.header.notices)


def test_a_header_written_in_capitals_is_the_same(tmp_path: Path) -> None:
    sheets = {"May": _MONTHS["May"], "June": (("ORDER NO", "QTY", "PRICE", "DATE"), ("B1", 1, 1, None))}
    assert read(_write(tmp_path / "a.xlsx", sheets), mapping=_ALL).column("orderId") == ["A1", "A2", "B1"]


def test_long_numbers_are_found_in_the_second_sheet_too(tmp_path: Path) -> None:
    sheets = {"May": _MONTHS["May"], "June": (_HEAD, (1234567890123456789, 1, 1, None))}
    reading = read(_write(tmp_path / "a.xlsx", sheets), mapping=_ALL)
    assert reading.codes() == [(5, "orderId", "lost_digits")]
    assert reading.faults[0].message.startswith("June!A2 ")


def test_one_sheet_is_read_as_if_all_had_not_been_said(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xlsx", {"May": _MONTHS["May"]})
    assert read(path, mapping=_ALL).rows == read(path).rows
    assert read(path, mapping=_ALL).header.parts == ()


def test_without_any_fitting_sheet_all_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.xlsx", {"One": (("x", "y"),), "Two": (("z", "w"),)})
    with pytest.raises(InvalidMapping, match="No visible sheet has all the columns"):
        read(path, mapping=_ALL)
