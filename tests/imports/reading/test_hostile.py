"""Files of kinds that people make and test folders lack: each cell comes out as a value, a fault, extra or a notice."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.imports.accountant import account_for
from tests.imports.factories import FIELDS, TEXTS, read, write_csv, write_text
from tests.imports.makers import write_ods
from tests.imports.sheets import head_row, texts_row, write_sheet
from tranche.imports.domain import FileTooLarge, Limits, Mapping, UnreadableFile

_ALL_ROWS = 1_048_576


def _rewrite(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, change(name, data))
    return path


@pytest.mark.parametrize("name", ["📦 Orders", "a & b <c>", "O'Brien's", "طلبات", "Größe “1”", "x" * 31, " padded "])
def test_a_sheet_of_any_name_is_read_and_may_be_asked_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for title in ("First", name):
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, ["Order", "Note"])
            sheet.write_row(1, 0, [title, "x"])
            sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    reading = read(path, fields=TEXTS, mapping=Mapping(sheet=name))
    assert reading.rows[0]["orderId"] == name.strip()
    assert reading.faults[0].message == "B3 holds #DIV/0!."


def test_rates_are_told_apart_in_a_workbook_of_a_hundred_thousand_styles(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["Order no", "Qty", "Price", "VAT"])
        sheet.write_row(1, 0, ["A1", 1, 2])
        sheet.write_number(1, 3, 0.19, book.add_format({"num_format": "0%"}))
    spare = b'<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    spare += b'<alignment horizontal="center" vertical="center" wrapText="1"/></xf>'

    def bloat(name: str, data: bytes) -> bytes:
        return data.replace(b"</cellXfs>", spare * 100_000 + b"</cellXfs>") if name == "xl/styles.xml" else data

    reading = read(_rewrite(path, bloat))
    assert reading.column("taxRate") == ["19"]


def test_a_sheet_in_another_encoding_is_refused_and_never_empty(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", head_row("Order", "Note") + texts_row(2, A="x", B="y"))

    def widen(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        return data.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")

    with pytest.raises(UnreadableFile):
        read(_rewrite(path, widen), fields=TEXTS)


def test_a_sheet_of_full_height_is_read_to_its_last_row(tmp_path: Path) -> None:
    rows = "<row><c><v>7</v></c></row>" * (_ALL_ROWS - 2) + "<row><c><v>8</v></c></row>"
    account = write_sheet(tmp_path / "a.xlsx", head_row("Order") + rows)
    reading = read(account, fields=TEXTS)
    assert (reading.header.rows, reading.rows[-1]["row_number"], reading.rows[-1]["orderId"]) == (
        _ALL_ROWS - 1, str(_ALL_ROWS), "8",
    )  # fmt: skip


def test_a_cell_of_opendocument_says_what_it_shows(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="string">{}</table:table-cell>'
    insides = [
        "<office:annotation><text:p>only a comment</text:p></office:annotation><text:p>shown</text:p>",
        "<text:p>two</text:p><text:p>lines</text:p>",
        "<text:p>rich <text:span>in</text:span> parts</text:p>",
        '<text:p>a<text:s text:c="3"/>b</text:p>',
        "<text:p>R&amp;D &lt;x&gt;</text:p>",
    ]
    raw = "".join(f"<table:table-row>{cell.format(inside)}</table:table-row>" for inside in insides)
    path = write_ods(tmp_path / "a.ods", [["Order"]], raw=raw)
    assert read(path, fields=TEXTS).column("orderId") == ["shown", "two\nlines", "rich in parts", "a   b", "R&D <x>"]
    assert account_for(path).lost == []


def test_a_cell_of_opendocument_that_repeats_without_end_is_refused(tmp_path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    raw = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    path = write_ods(tmp_path / "a.ods", [["Order"]], raw=raw)
    with pytest.raises((FileTooLarge, UnreadableFile, MemoryError)):
        read(path, fields=TEXTS, limits=Limits(memory_bytes=400_000_000))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Order,Note\r\nA1,x\nA2,y\rA3,z\r\n", [("A1", "x"), ("A2", "y"), ("A3", "z")]),
        ('"Or\nder",Note\n"A\r\n1",x\n', [("A\r\n1", "x")]),
        ('Order\tNote\nA1\t"x\ty"\n', [("A1", "x\ty")]),
        ("Order|Note\nA1|x;y,z\n", [("A1", "x;y,z")]),
        ("Order;Note\nA1;1.234,50\nA2;0,5\n", [("A1", "1.234,50"), ("A2", "0,5")]),
        ("\ufeffOrder,Note\n\ufeffA1,x\n", [("A1", "x")]),
        ("Order,Note\nA1,x", [("A1", "x")]),
        ("Order,Note\n\n\n , \nA1,x\n", [("A1", "x")]),
    ],
)
def test_a_text_table_of_any_make_is_read(tmp_path: Path, text: str, rows: list[tuple[str, str]]) -> None:
    path = write_text(tmp_path / "a.csv", text)
    reading = read(path, fields=TEXTS)
    assert list(zip(reading.column("orderId"), reading.column("note"), strict=True)) == rows
    assert account_for(path).lost == []


def test_numbers_of_a_german_table_are_numbers(tmp_path: Path) -> None:
    text = "Order no;Qty;Price;VAT\nA1;1.000;1.234,50;19,0\nA2;2,5;12,00 €;7\n"
    reading = read(write_text(tmp_path / "a.csv", text, encoding="cp1252"), fields=FIELDS)
    assert (reading.column("quantity")[1], reading.column("unitPrice")) == ("2.5", ["1234.50", "12.00"])
    assert reading.column("taxRate") == ["19.0", "7"]


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [("cp1252", "größe", "größe"), ("cp1251", "размер", "ðàçìåð"), ("cp1250", "Žlu", "Žlu")],
)
def test_letters_that_are_a_guess_are_shown(tmp_path: Path, encoding: str, text: str, shown: str) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order", "Note"], ["A1", text]], encoding=encoding)
    (notice,) = read(path, fields=TEXTS).header.notices
    assert f"read as Windows-1252 (“{shown}" in notice


def test_letters_that_are_no_guess_are_not_spoken_of(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16", "ascii"):
        path = write_csv(tmp_path / "a.csv", [["Order", "Note"], ["A1", "x"]], encoding=encoding)
        assert read(path, fields=TEXTS).header.notices == ()


def test_the_columns_that_only_we_fill_are_named_when_they_are_left_out(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order", "_row", "_errors"], ["A1", "7", "bad"]])
    reading = read(path, fields=TEXTS)
    assert reading.rows[0]["extra"] is None
    assert reading.header.notices[0].startswith("The columns _row and _errors are those")
    path = write_csv(tmp_path / "b.csv", [["Order", "_row"], ["A1", "7"]])
    assert read(path, fields=TEXTS).header.notices[0].startswith("The column _row is one")
