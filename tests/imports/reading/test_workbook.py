"""What only workbooks have: typed cells, errors, formulas, formats, sheets, and corners far away."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tests.imports.factories import TEXTS, Cell, orders, read, write_xlsx
from tranche.imports.domain import FileKind, FileTooLarge, InvalidMapping, Mapping, UnreadableFile


def _rewrite(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data.replace(old, new) if name == part else data)


def test_long_numbers_of_a_workbook_are_lost_if_the_cell_is_a_number(tmp_path: Path) -> None:
    rows = orders(("SKU", [1234567890123456789, "1234567890123457024", 123456789012345, "1234567890123456789", 1e20]))
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows))
    assert reading.codes() == [(2, "itemSku", "lost_digits"), (6, "itemSku", "lost_digits")]
    assert reading.rows[2]["itemSku"] == "123456789012345"
    assert "as text" in reading.faults[0].message


def test_a_code_that_became_a_date_is_a_fault(tmp_path: Path) -> None:
    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("SKU", [date(2024, 1, 2), "2024-01-02 00:00:00", 7.0]))))
    assert reading.codes() == [(2, "itemSku", "date_in_identifier")]
    assert reading.rows[2]["itemSku"] == "7"


def test_date_cells_come_as_iso_and_early_ones_are_refused(tmp_path: Path) -> None:
    cells: list[Cell] = [date(2024, 2, 29), datetime(2024, 1, 2, 3, 4, 5), date(1900, 2, 28), date(1900, 3, 1)]  # noqa: DTZ001  # a cell has no zone
    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("Date", cells))))
    assert reading.column("orderDate")[0] == "2024-02-29"
    assert reading.column("orderDate")[3] == "1900-03-01"
    assert reading.codes() == [(4, "orderDate", "date_out_of_range")]


def test_the_epoch_of_1904_is_heeded(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Order no", "Qty", "Price", "Date"])
        sheet.write_row(1, 0, ["A1", 1, 2])
        sheet.write_datetime(1, 3, date(2021, 1, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    assert read(path).column("orderDate") == ["2021-01-01"]


def test_error_cells_are_named_and_never_become_nothing(tmp_path: Path) -> None:
    def errors(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 3, "=NA()", None, "#N/A")

    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("Colour", ["red", None])), more=errors))
    assert reading.codes() == [(2, "quantity", "error_cell")]
    assert reading.faults[0].message == "B2 holds #DIV/0!."
    assert reading.rows[0]["quantity"] is None
    assert reading.more(1) == {"Colour": "#N/A"}


def test_a_row_of_nothing_but_an_error_is_still_a_row(tmp_path: Path) -> None:
    def error(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_formula(1, 1, "=1/0", None, "#VALUE!")

    reading = read(write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"]], more=error), fields=TEXTS)
    assert (reading.codes(), len(reading.rows)) == ([(2, "note", "error_cell")], 1)


def test_a_formula_whose_result_was_not_saved_is_a_fault(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["Order no", "Qty", "Price"], ["A1", "=1+1", 3], ["A2", 2, 3]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    reading = read(tmp_path / "a.xlsx")
    assert reading.codes() == [(2, "quantity", "unsaved_formula")]
    assert reading.faults[0].message == (
        "B2 has a formula without a stored value. Open the file in a spreadsheet program, save it and upload that."
    )


def test_a_formula_with_a_saved_result_is_its_result(tmp_path: Path) -> None:
    def formula(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 3, '=""', None, "nothing")

    path = write_xlsx(tmp_path / "a.xlsx", orders(("Notes", ["n"])), more=formula)
    _rewrite(path, "xl/worksheets/sheet1.xml", b"<v>nothing</v>", b"<v></v>")
    reading = read(path)
    assert (reading.rows[0]["quantity"], reading.rows[0]["notes"], reading.faults) == ("2", None, [])


def test_rates_shown_as_per_cent_are_per_cent(tmp_path: Path) -> None:
    def rates(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_number(1, 3, 0.19, book.add_format({"num_format": "0%"}))
        sheet.write_number(2, 3, 0.075, book.add_format({"num_format": "0.0##\\ %"}))
        sheet.write_number(3, 3, 19, book.add_format({"num_format": "0.00"}))

    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("VAT", [None] * 3)), more=rates))
    assert reading.column("taxRate") == ["19", "7.5", "19"]
    assert any("shown as per cent" in notice for notice in reading.header.notices)


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[], [], [None, None, "Order", "Note"], [None, None, "A1", "x", "y"]]
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows), fields=TEXTS)
    assert (reading.header.header_row, reading.rows[0]["row_number"]) == (3, "4")
    assert [column.letter for column in reading.header.matching.columns] == ["C", "D", "E"]
    assert reading.more(0) == {"Column E": "y"}
    said = Mapping(columns={"orderId": "E"})
    assert read(tmp_path / "a.xlsx", fields=TEXTS, mapping=said).rows[0]["orderId"] == "y"


def test_the_first_visible_sheet_with_anything_in_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, cell in (("Hidden", "x"), ("Empty", None), ("Here", "Order"), ("After", "Order")):
            sheet = book.add_worksheet(name)
            if cell:
                sheet.write_row(0, 0, [cell, "Note"])
        book.get_worksheet_by_name("Empty").activate()
        book.get_worksheet_by_name("Hidden").hide()
    header = read(path, fields=TEXTS).header
    assert (header.kind, header.sheet, header.sheets) == (FileKind.XLSX, "Here", ("Hidden", "Empty", "Here", "After"))
    assert read(path, fields=TEXTS, mapping=Mapping(sheet="After")).header.sheet == "After"
    with pytest.raises(InvalidMapping, match=r"no sheet “Nope”\. Sheets: Hidden, Empty, Here, After"):
        read(path, fields=TEXTS, mapping=Mapping(sheet="Nope"))
    with pytest.raises(UnreadableFile, match="“Empty” is empty"):
        read(path, fields=TEXTS, mapping=Mapping(sheet="Empty"))


def test_merged_cells_hold_their_value_once(tmp_path: Path) -> None:
    def merge(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.merge_range(1, 1, 2, 1, "both")

    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], ["A1"], ["A2"]], more=merge)
    assert read(path, fields=TEXTS).column("note") == ["both", None]


def test_a_filled_cell_in_the_last_corner_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    def corner(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write(1_048_575, 16_383, "x")

    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], ["A1"]], more=corner)
    assert path.stat().st_size < 10_000
    with pytest.raises(FileTooLarge, match="16,384 columns by 1,048,576 rows"):
        read(path, fields=TEXTS)


def test_a_colour_in_the_last_corner_does_no_harm(tmp_path: Path) -> None:
    def corner(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bg_color": "red"}))

    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], ["A1"]], more=corner)
    assert len(read(path, fields=TEXTS).rows) == 1


def test_a_sheet_that_cannot_be_unpacked_is_damaged(tmp_path: Path) -> None:
    source = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], *([f"A{i}", "x" * 50] for i in range(2000))])
    data = bytearray(source.read_bytes())
    with zipfile.ZipFile(source) as file:
        at = file.getinfo("xl/worksheets/sheet1.xml").header_offset
    data[at + 200 : at + 400] = bytes(200)
    source.write_bytes(bytes(data))
    with pytest.raises(UnreadableFile, match="damaged"):
        read(source, fields=TEXTS)


def test_an_error_that_nobody_knows_is_named(tmp_path: Path) -> None:
    def error(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_formula(1, 0, "=1/0", None, "#DIV/0!")

    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], ["A1", "x"]], more=error)
    _rewrite(path, "xl/worksheets/sheet1.xml", b"#DIV/0!", b"#SPILL!")
    with pytest.raises(UnreadableFile, match=r"a cell with the error #SPILL!, which is not known"):
        read(path, fields=TEXTS)
