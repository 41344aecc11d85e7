"""What other programs write into the XML of an .xlsx file: strings in every form, formulas, merges, empty rows."""

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tests.imports.factories import TEXTS, Cell, orders, read, write_xlsx
from tests.imports.sheets import head_row, write_sheet
from tranche.imports.domain import FileTooLarge, UnreadableFile


def _note(tmp_path: Path, cell: str, *, strings: str = "") -> str | None:
    rows = head_row("Order", "Note") + f'<row r="2"><c r="A2"><v>1</v></c>{cell}</row>'
    return read(write_sheet(tmp_path / "a.xlsx", rows, strings=strings), fields=TEXTS).rows[0]["note"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2" t="inlineStr"><is><t>plain</t></is></c>', "plain"),
        (
            '<c r="B2" t="inlineStr"><is><r><t xml:space="preserve">rich </t></r><r><t>text</t></r></is></c>',
            "rich text",
        ),
        ('<c r="B2" t="inlineStr"><is><t xml:space="preserve">  in  side </t></is></c>', "in  side"),
        ('<c r="B2" t="str"><f>A2</f><v>of a formula</v></c>', "of a formula"),
        ('<c r="B2" t="inlineStr"><is><t>one_x000D_\ntwo</t></is></c>', "one\r\ntwo"),
        ('<c r="B2" t="inlineStr"><is><t>a_x005F_x000D_b</t></is></c>', "a_x000D_b"),
        ('<c r="B2" t="inlineStr"><is><t>5 &lt; 6 &amp; &#x20AC;</t></is></c>', "5 < 6 & €"),
        ('<c r="B2" t="b"><v>1</v></c>', "true"),
        ('<c r="B2" t="d"><v>2024-01-02T03:04:05</v></c>', "2024-01-02T03:04:05"),
        ('<c r="B2"><v>1.5E3</v></c>', "1500"),
    ],
)
def test_a_cell_in_any_form_has_its_value(tmp_path: Path, cell: str, text: str) -> None:
    assert _note(tmp_path, cell) == text


def test_shared_strings_may_be_rich_and_their_count_may_lie(tmp_path: Path) -> None:
    strings = "<si><t>first</t></si><si><r><t>se</t></r><r><t>cond</t></r><rPh><t>phonetic</t></rPh></si>"
    assert _note(tmp_path, '<c r="B2" t="s"><v>1</v></c>', strings=strings) == "second"


def test_a_shared_string_that_is_not_there_never_becomes_another(tmp_path: Path) -> None:
    try:
        found = _note(tmp_path, '<c r="B2" t="s"><v>7</v></c>', strings="<si><t>first</t></si>")
    except UnreadableFile:
        return
    except BaseException as panic:  # noqa: BLE001  # the child of an import says it is damaged
        assert "index" in str(panic).lower()  # noqa: PT017  # either end is right
        return
    assert found is None


@pytest.mark.parametrize("number", ["NaN", "1e400", "-INF"])
def test_a_number_without_an_end_does_not_pass_for_one(tmp_path: Path, number: str) -> None:
    rows = (
        head_row("Order no", "Qty", "Price") + f'<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>{number}</v></c></row>'
    )
    try:
        found = read(write_sheet(tmp_path / "a.xlsx", rows)).rows[0]["quantity"]
    except UnreadableFile:
        return
    assert found in ("NaN", "inf", "-inf")


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>1+1</f></c>',
        '<c r="B2"><f>1+1</f><v></v></c>',
        '<c r="B2"><f>1+1</f><v/></c>',
        '<c s="0" r="B2"><f t="shared" si="0"/></c>',
        "<c r='B2'><f>1+1</f></c>",
    ],
)
def test_a_formula_without_a_stored_value_is_a_fault_in_every_spelling(tmp_path: Path, cell: str) -> None:
    rows = head_row("Order no", "Qty", "Price") + f'<row r="2"><c r="A2"><v>1</v></c>{cell}<c r="C2"><v>1</v></c></row>'
    assert read(write_sheet(tmp_path / "a.xlsx", rows)).codes() == [(2, "quantity", "unsaved_formula")]


def test_a_formula_without_a_stored_value_is_seen_behind_prefixes(tmp_path: Path) -> None:
    rows = head_row("Order no", "Qty", "Price") + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>1+1</f></c></row>'
    prefixed = rows.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    reading = read(write_sheet(tmp_path / "a.xlsx", prefixed, prefix="x:"))
    assert reading.codes() == [(2, "quantity", "unsaved_formula")]


def test_a_formula_without_a_stored_value_and_without_a_place_refuses_the_file(tmp_path: Path) -> None:
    rows = head_row("Order no", "Qty", "Price") + "<row><c><v>1</v></c><c><f>1+1</f></c></row>"
    with pytest.raises(UnreadableFile, match="“Data” has formulas without a stored value"):
        read(write_sheet(tmp_path / "a.xlsx", rows))


def test_a_formula_without_a_stored_value_is_named_in_extra_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["Order", "Shelf"], ["A1", "=1+1"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx", fields=TEXTS).more(0) == {"Shelf": "a formula without a stored value"}


def test_a_cell_in_a_column_that_no_sheet_has_is_refused_at_once(tmp_path: Path) -> None:
    rows = head_row("Order", "Note") + '<row r="2"><c r="A2"><v>1</v></c><c r="ZZZZ2"><v>1</v></c></row>'
    with pytest.raises(FileTooLarge, match="spans 475,254 columns"):
        read(write_sheet(tmp_path / "a.xlsx", rows), fields=TEXTS)


def test_merged_cells_below_the_header_are_pointed_out(tmp_path: Path) -> None:
    def merge(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.merge_range(0, 0, 0, 1, "Orders of May")
        sheet.merge_range(2, 1, 3, 1, "both")

    rows: list[list[Cell]] = [[], ["Order", "Note"], ["A1"], ["A2"]]
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows, more=merge), fields=TEXTS)
    assert reading.column("note") == ["both", None]
    (notice,) = [notice for notice in reading.header.notices if "merged" in notice]
    assert "B3:B4" in notice
    assert "A1:B1" not in notice


def test_a_chart_sheet_in_front_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        front = book.add_chartsheet("Chart")
        sheet = book.add_worksheet("Data")
        for row, cells in enumerate(orders(("Notes", ["n"]))):
            sheet.write_row(row, 0, cells)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Data!$B$2:$B$2"})
        front.set_chart(chart)
    assert (read(path).header.sheet, read(path).column("notes")) == ("Data", ["n"])


def test_a_column_of_days_and_a_duration_faults_the_duration_alone(tmp_path: Path) -> None:
    def duration(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_number(2, 3, 1.5, book.add_format({"num_format": "[h]:mm"}))

    rows = orders(("Date", [date(2024, 1, 2), None, date(2024, 1, 3)]))
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows, more=duration))
    assert reading.codes() == [(3, "orderDate", "not_a_date")]
    assert reading.faults[0].message == "D3 holds “36:00:00”, which is not a date."
    assert reading.column("orderDate") == ["2024-01-02", "36:00:00", "2024-01-03"]


def test_a_currency_format_is_only_a_format(tmp_path: Path) -> None:
    def money(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        sheet.write_number(1, 2, 1234.5, book.add_format({"num_format": '#,##0.00 "€"'}))
        sheet.write_number(2, 2, -7, book.add_format({"num_format": "$#,##0;[Red]($#,##0)"}))

    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("Notes", ["a", "b"])), more=money))
    assert reading.column("unitPrice") == ["1234.5", "-7"]


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1\u00a0234,50", "2\u202f000,00"], ["1234.50", "2000.00"]),
        (["1\u2009234.50", "3.00"], ["1234.50", "3.00"]),
        (["(12.50)", "\u22123.00"], ["-12.50", "-3.00"]),
        (["١٢٫٥٠", "٣٫٢٥"], ["12.50", "3.25"]),
        (["१२.५०", "৩.২৫"], ["12.50", "3.25"]),
        (["0." + "1" * 60, "2.5"], ["0." + "1" * 60, "2.5"]),
    ],
)
def test_numbers_as_the_world_writes_them(tmp_path: Path, texts: Sequence[str], numbers: Sequence[str]) -> None:
    rows = orders(("Notes", ["a"] * len(texts)))
    for row, text in zip(rows[1:], texts, strict=True):
        row[2] = text
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows))
    assert (reading.column("unitPrice"), reading.faults) == (list(numbers), [])


def test_sixty_thousand_coloured_rows_are_no_rows_and_cost_little(tmp_path: Path) -> None:
    def colour(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("Data")
        assert sheet is not None
        red = book.add_format({"bg_color": "red"})
        for row in range(3, 60_000):
            for column in range(4):
                sheet.write_blank(row, column, None, red)

    path = write_xlsx(tmp_path / "a.xlsx", orders(("Notes", ["a", "b"])), more=colour)
    begun = time.monotonic()
    reading = read(path)
    assert (reading.header.rows, len(reading.rows)) == (2, 2)
    assert time.monotonic() - begun < 5


def test_sixteen_thousand_columns_of_a_workbook_are_read(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Order", *(f"c{n}" for n in range(16_383))], ["A1", *["v"] * 16_383]]
    assert len(read(write_xlsx(tmp_path / "a.xlsx", rows), fields=TEXTS).more(0)) == 16_383
