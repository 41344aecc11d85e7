"""What a cell is comes out alike from .xlsx, .xls, .xlsb and .ods: errors, numbers to the last digit, dates, times."""

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from tests.imports.factories import TEXTS, read
from tests.imports.makers import ERRORS, Error, Made, Rate, Rows, chart_of, ods_cell, write_ods, write_xls, write_xlsb
from tranche.imports.domain import FileKind, Limits
from tranche.imports.reading.records import binary_sheet
from tranche.kernel.errors import TrancheError

Write = Callable[[Rows], Path]


def write_typed_xlsx(path: Path, rows: Rows) -> Path:
    """A workbook of typed cells, errors as formulas that came to them."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Data")
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, Error):
                    sheet.write_formula(number, column, "=1/0", None, cell.name)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, dated)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
    return path


_WRITERS: dict[str, Callable[[Path, Rows], Path]] = {
    "xlsx": write_typed_xlsx,
    "xls": write_xls,
    "xlsb": write_xlsb,
    "ods": write_ods,
}


@pytest.fixture(params=list(_WRITERS))
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write rows as a workbook of each kind."""
    return lambda rows: _WRITERS[request.param](tmp_path / f"a.{request.param}", rows)


def _order(*cells: Made, price: Made = 2.5) -> list[list[Made]]:
    head: list[Made] = ["Order no", "Qty", "Price", "Date", "SKU", "Colour"]
    row: list[Made] = ["A1", 1, price, *cells]
    return [head, row]


def test_a_workbook_of_each_kind_is_read(write: Write) -> None:
    reading = read(write(_order(date(2024, 2, 29), "00123", "größe")))
    assert reading.header.kind in set(FileKind) - {FileKind.CSV}
    assert reading.faults == []
    assert (reading.rows[0]["orderDate"], reading.rows[0]["itemSku"]) == ("2024-02-29", "00123")
    assert (reading.rows[0]["quantity"], reading.rows[0]["unitPrice"], reading.more(0)) == (
        "1",
        "2.5",
        {"Colour": "größe"},
    )


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "#NULL!"])
def test_every_error_is_named_where_it_is_read_and_where_it_is_extra(write: Write, name: str) -> None:
    reading = read(write(_order(date(2024, 1, 2), "S1", Error(name), price=Error(name))))
    assert reading.codes() == [(2, "unitPrice", "error_cell")]
    assert reading.faults[0].message == f"C2 holds {name}."
    assert (reading.rows[0]["unitPrice"], reading.more(0)) == (None, {"Colour": name})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e-7, "0.0000001"),
        (1e-10, "0.0000000001"),
        (1.23456789012345, "1.23456789012345"),
        (0.1 + 0.2, "0.3"),
        (2.0999999999999996, "2.1"),
        (3586.1783646399995, "3586.17836464"),
        (123456789.123456789, "123456789.123457"),
        (0, "0"),
        (1e15, "1000000000000000"),
    ],
)
def test_a_number_comes_with_the_fifteen_digits_that_a_spreadsheet_knows(
    write: Write, number: float, text: str
) -> None:
    reading = read(write(_order(None, None, number, price=number)))
    assert (reading.rows[0]["unitPrice"], reading.more(0)) == (text, {"Colour": text})


def test_an_order_number_kept_as_a_number_is_whole(write: Write) -> None:
    rows = _order(None, 536365.0)
    rows[1][0] = 536365.0
    reading = read(write(rows))
    assert (reading.rows[0]["orderId"], reading.rows[0]["itemSku"]) == ("536365", "536365")


def test_a_number_of_nineteen_digits_is_lost_and_said_so(write: Write) -> None:
    reading = read(write(_order(None, 1234567890123456789)))
    assert reading.codes() == [(2, "itemSku", "lost_digits")]
    assert read(write(_order(None, "1234567890123456789"))).codes() == []


def test_a_truth_is_a_word(write: Write) -> None:
    assert read(write(_order(None, None, True))).more(0) == {"Colour": "true"}  # noqa: FBT003  # a cell


def test_the_copies_of_cells_in_a_chart_of_an_xls_file_are_no_cells(tmp_path: Path) -> None:
    rows = _order(None, "S1", "red")
    path = write_xls(tmp_path / "a.xls", rows, charts=chart_of([[7, 8, 9], [1, 99, 99], [5, 5, 5]]))
    reading = read(path)
    assert len(reading.rows) == 1
    assert (reading.rows[0]["quantity"], reading.rows[0]["unitPrice"]) == ("1", "2.5")


def test_a_second_set_of_properties_does_not_undo_the_epoch_of_1904(tmp_path: Path) -> None:
    source, path = tmp_path / "b.xlsx", tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(source), {"date_1904": True}) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["Order no", "Qty", "Price", "Date"])
        sheet.write_row(1, 0, ["A1", 1, 2])
        sheet.write_datetime(1, 3, date(2021, 1, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    later = b'<extLst><ext xmlns:x15="urn:x"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</workbook>", later))
    assert read(path).column("orderDate") == ["2021-01-01"]


@pytest.mark.parametrize("is_1904", [False, True])
def test_times_and_durations_are_not_days_of_the_first_weeks(tmp_path: Path, is_1904: bool) -> None:  # noqa: FBT001  # a case
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": is_1904}) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["Order no", "Qty", "Price", "Picked at", "Date"])
        for row, (value, shape) in enumerate([(0.25, "hh:mm"), (1.5, "[h]:mm:ss"), (0.75, "h:mm AM/PM")], 1):
            sheet.write_row(row, 0, [f"A{row}", 1, 2])
            sheet.write_number(row, 3, value, book.add_format({"num_format": shape}))
            sheet.write_number(row, 4, value, book.add_format({"num_format": shape}))
    reading = read(path)
    assert [reading.more(row)["Picked at"] for row in range(3)] == ["06:00:00", "36:00:00", "18:00:00"]
    assert {code for _, _, code in reading.codes()} == {"not_a_date"}
    assert len(reading.faults) == 3


@pytest.mark.parametrize(
    ("number", "code"),
    [(59, "date_out_of_range"), (60, "date_out_of_range"), (61, None), (2958465, None), (2958466, "date_out_of_range"),
     (1e10, "error_cell")],
)  # fmt: skip
def test_days_that_no_two_programs_agree_on_are_refused(tmp_path: Path, number: float, code: str | None) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["Order no", "Qty", "Price", "Date"])
        sheet.write_row(1, 0, ["A1", 1, 2])
        sheet.write_number(1, 3, number, book.add_format({"num_format": "yyyy-mm-dd"}))
    assert [fault.code for fault in read(path).faults] == ([code] if code else [])


def test_times_of_opendocument_are_times(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="time" office:time-value="PT{}"/>'
    rows = "".join(f"<table:table-row>{cell.format(time)}</table:table-row>" for time in ("06H30M00S", "36H00M05.5S"))
    reading = read(write_ods(tmp_path / "a.ods", [["Order"]], raw=rows), fields=TEXTS)
    assert reading.column("orderId") == ["06:30:00", "36:00:05"]


def test_a_formula_of_opendocument_without_a_value_is_a_fault_also_where_it_is_repeated(tmp_path: Path) -> None:
    raw = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string">'
        '<text:p>A</text:p></table:table-cell><table:table-cell table:formula="of:=1+1"/>'
        '<table:table-cell office:value-type="float" office:value="2"/></table:table-row>'
    )
    reading = read(write_ods(tmp_path / "a.ods", [["Order no", "Qty", "Price"]], raw=raw))
    assert reading.codes() == [(2, "quantity", "unsaved_formula"), (3, "quantity", "unsaved_formula")]


def test_rates_shown_as_per_cent_in_opendocument_are_per_cent(tmp_path: Path) -> None:
    raw = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>A</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="1"/><table:table-cell office:value-type="float" '
        'office:value="1"/><table:table-cell office:value-type="percentage" office:value="0.19"/></table:table-row>'
    )
    reading = read(write_ods(tmp_path / "a.ods", [["Order no", "Qty", "Price", "VAT"]], raw=raw))
    assert reading.column("taxRate") == ["19"]


@pytest.mark.parametrize("kind", ["xls", "xlsb", "ods"])
def test_rates_shown_as_per_cent_are_per_cent_in_every_kind_of_workbook(tmp_path: Path, kind: str) -> None:
    rows: Rows = [
        ["Order no", "Qty", "Price", "VAT", "Discount"],
        ["A", 1, 2, Rate(0.19), 0.5],
        ["B", 1, 2, Rate(0.075, is_own=True), Rate(0.5)],
        ["C", 1, 2, 20, None],
        ["D", Rate(0.5), 2, None, None],
    ]
    reading = read(_WRITERS[kind](tmp_path / f"a.{kind}", rows))
    assert reading.column("taxRate") == ["19", "7.5", "20", None]
    assert any("shown as per cent" in notice for notice in reading.header.notices)


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_a_rate_that_is_shown_as_a_plain_number_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    rows: Rows = [["Order no", "Qty", "Price", "VAT"], ["A", 1, 2, 0.19], ["B", 1, Rate(0.5), 1]]
    reading = read(_WRITERS[kind](tmp_path / f"a.{kind}", rows))
    assert reading.column("taxRate") == ["0.19", "1"]
    assert any("taken as they are" in notice for notice in reading.header.notices)


@pytest.mark.parametrize("write_merged", [write_xls, write_xlsb])
def test_merged_cells_are_pointed_out_in_binary_workbooks(tmp_path: Path, write_merged: Callable[..., Path]) -> None:
    rows: Rows = [["Order no", "Qty", "Price", "Note"], ["A", 1, 2, "both"], ["B", 1, 2]]
    path = write_merged(tmp_path / f"a.{write_merged.__name__[6:]}", rows, merged=[(1, 2, 3, 3), (1, 1, 0, 0)])
    notices = read(path).header.notices
    assert [notice.partition(":")[0] for notice in notices] == ["The sheet has merged cells (D2"]
    assert "D2:D3" in notices[0]


def test_merged_cells_are_pointed_out_in_opendocument(tmp_path: Path) -> None:
    cells = ods_cell("A") + ods_cell(1) + ods_cell(2)
    merged = '<table:table-cell table:number-rows-spanned="2" office:value-type="string"><text:p>x</text:p>'
    raw = (
        f"<table:table-row>{cells}{merged}</table:table-cell></table:table-row>"
        f"<table:table-row>{cells}<table:covered-table-cell/></table:table-row>"
    )
    path = write_ods(tmp_path / "a.ods", [["Order no", "Qty", "Price", "Note"]], raw=raw)
    (notice,) = read(path).header.notices
    assert "(D2:D3)" in notice


def test_a_short_old_workbook_lies_in_small_pieces_and_is_read_alike(tmp_path: Path) -> None:
    rows: list[list[Made]] = [["Order no", "Qty", "Price", "VAT"]]
    rows += [[f"A{n}", 1, 2, Rate(0.19)] for n in range(20)]
    path = write_xls(tmp_path / "a.xls", rows, merged=[(1, 2, 4, 4)], is_short=True)
    reading = read(path)
    assert reading.column("taxRate") == ["19"] * 20
    assert "E2:E3" in reading.header.notices[0]
    charted = write_xls(tmp_path / "b.xls", rows, charts=chart_of([[7.0, 8.0]]), is_short=True)
    assert read(charted).column("quantity") == ["1"] * 20


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_any_cut_of_the_records_is_survived(tmp_path: Path, kind: str) -> None:
    rows: Rows = [["Order no", "Qty", "Price", "VAT"], ["A", 1, 2, Rate(0.19)]]
    path = _WRITERS[kind](tmp_path / f"a.{kind}", rows)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 37):
        path.write_bytes(whole[:cut])
        try:
            sheet = binary_sheet(path, kind=FileKind(kind), sheet="Data", limits=Limits())
        except TrancheError:
            continue  # the directory of the zip is checked, and refused with its sentence
        assert list(sheet.merged()) == []
        assert sheet.percents(3) <= {1}


def test_letters_that_an_old_workbook_lost_are_pointed_out(tmp_path: Path) -> None:
    reading = read(write_xls(tmp_path / "a.xls", _order(None, "S1", "one \x95 two")))
    assert any("could not be read (the first in F2)" in notice for notice in reading.header.notices)
