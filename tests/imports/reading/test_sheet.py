"""Workbooks and CSV alike come out as clean columns with Excel's row numbers, and nothing is lost in silence."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.imports.factories import FIELDS, TEXTS, Cell, orders, read, write_csv, write_text, write_xlsx
from tranche.imports.domain import InvalidMapping, Limits, Mapping, Remembered
from tranche.imports.mapping import fingerprint


def _as_csv(folder: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    return write_csv(folder / "a.csv", [["" if cell is None else str(cell) for cell in row] for row in rows])


def _as_xlsx(folder: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    return write_xlsx(folder / "a.xlsx", rows)


@pytest.fixture(params=[_as_csv, _as_xlsx])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Sequence[Sequence[Cell]]], Path]:
    """Write the same rows as either kind of file."""
    return lambda rows: request.param(tmp_path, rows)


Write = Callable[[Sequence[Sequence[Cell]]], Path]


def test_rows_keep_their_numbers_past_blank_ones(write: Write) -> None:
    reading = read(write([["Order", "Note"], ["A1", "x"], [None, None], ["\u00a0", " "], ["A2", None]]), fields=TEXTS)
    assert reading.column("row_number") == ["2", "5"]
    assert reading.header.rows == 2


def test_the_header_may_stand_under_a_title(write: Write) -> None:
    rows: list[list[Cell]] = [
        ["Orders of May"],
        [None],
        ["Printed", "by", "Ann"],
        ["Order", "Note", "Place"],
        ["A1", "x", "y"],
    ]
    reading = read(write(rows), fields=TEXTS)
    assert (reading.header.header_row, reading.column("row_number")) == (4, ["5"])


def test_a_header_that_lacks_a_field_is_known_by_the_others_under_a_title(write: Write) -> None:
    reading = read(write([["Sales November"], [None], ["Referenz", "Note", "Place"], ["A1", "x", "y"]]), fields=TEXTS)
    assert (reading.header.header_row, reading.header.headers) == (3, ("Referenz", "Note", "Place"))
    assert reading.header.matching.missing == ("orderId",)


def test_without_a_fitting_header_the_first_row_is_it(write: Write) -> None:
    header = read(write([["Ref", "Text"], ["A1", "x"]]), fields=TEXTS).header
    assert (header.header_row, header.matching.missing, header.headers) == (1, ("orderId",), ("Ref", "Text"))


def test_the_row_with_the_headers_may_be_said(write: Write) -> None:
    rows: list[list[Cell]] = [["Order", "Note"], ["printed", "by Ann"], [None], ["Order", "Place"], ["A1", "y"]]
    assert read(write(rows), fields=TEXTS).header.header_row == 1
    reading = read(write(rows), fields=TEXTS, mapping=Mapping(header_row=4))
    assert (reading.header.header_row, reading.header.headers) == (4, ("Order", "Place"))
    assert reading.column("row_number") == ["5"]
    assert reading.header.notices == ("Rows 1 to 2 above the header (row 4) are not read.",)
    for row in (3, 99):
        with pytest.raises(InvalidMapping, match=f"Row {row} is blank; the header cannot stand there"):
            read(write(rows), fields=TEXTS, mapping=Mapping(header_row=row))


def test_a_remembered_header_is_found_under_one_that_would_fit(write: Write) -> None:
    rows: list[list[Cell]] = [["Order", "Note"], ["Ref", "Place"], ["A1", "y"]]
    known = Remembered(id=1, fingerprint=fingerprint(["Ref", "Place"]).hex(), columns={"orderId": "Ref"})
    header = read(write(rows), fields=TEXTS, mapping=Mapping(remembered=(known,))).header
    assert (header.header_row, header.matching.remembered) == (2, known)


def test_text_is_trimmed_of_every_kind_of_blank(write: Write) -> None:
    reading = read(write([["Order", "Note"], ["\u00a0A1\u2003", "  in  side \u200b"]]), fields=TEXTS)
    assert (reading.rows[0]["orderId"], reading.rows[0]["note"]) == ("A1", "in  side")


def test_unmapped_cells_are_kept_by_header_and_blank_ones_are_not(write: Write) -> None:
    rows: list[list[Cell]] = [
        ["Order", 'A "x"', "B\\", "Note"],
        ["A1", 'say "hi"', None, "n"],
        ["A2", None, None, None],
    ]
    reading = read(write(rows), fields=TEXTS)
    assert reading.more(0) == {'A "x"': 'say "hi"'}
    assert reading.rows[1]["extra"] is None


def test_strange_letters_survive(write: Write) -> None:
    strange = "سلام 👩‍👩‍👧 \U0001f9fe 漢字 \\. \\N \t tab \"q\" 'a', {cell} \x1b"
    reading = read(write([["Order", "Note", "More"], ["\\.", strange, strange]]), fields=TEXTS)
    assert reading.rows[0]["orderId"] == "\\."
    assert reading.rows[0]["note"] == strange
    assert reading.more(0)["More"] == strange


def test_a_cell_of_thirty_two_thousand_characters_is_whole(write: Write) -> None:
    reading = read(write([["Order", "Note"], ["A1", "ß" * 32_767]]), fields=TEXTS)
    assert reading.rows[0]["note"] == "ß" * 32_767


def test_slices_are_cut_by_rows_and_by_bytes(write: Write) -> None:
    path = write([["Order", "Note"], *([f"A{row}", "x" * 1000] for row in range(100))])
    by_rows = read(path, fields=TEXTS, limits=Limits(slice_rows=7))
    by_bytes = read(path, fields=TEXTS, limits=Limits(slice_bytes=5_000))
    assert by_rows.rows == by_bytes.rows == read(path, fields=TEXTS).rows


def test_identifiers_lose_a_needless_fraction_and_keep_their_zeros(write: Write) -> None:
    path = write(orders(("Customer ID", ["17850.0", "00123", "12.5", "007.0", "-3.00", "0.0"])))
    assert read(path).column("customerCode") == ["17850", "00123", "12.5", "007.0", "-3", "0"]


def test_an_ambiguous_column_of_dates_is_a_fault_in_every_row(write: Write) -> None:
    reading = read(write(orders(("Date", ["03/04/2024", "04/04/2024", "05/06/2024"]))))
    assert reading.column("orderDate") == ["03/04/2024", "2024-04-04", "05/06/2024"]
    assert reading.codes() == [(2, "orderDate", "ambiguous_date"), (4, "orderDate", "ambiguous_date")]
    assert reading.faults[0].message.startswith("D2 holds “03/04/2024”")
    assert "dayFirst" in reading.faults[0].message


def test_one_date_settles_the_column_and_the_notice_says_which(write: Write) -> None:
    reading = read(write(orders(("Date", ["03/04/2024", "25/12/2024"]))))
    assert reading.column("orderDate") == ["2024-04-03", "2024-12-25"]
    assert reading.header.notices == ("Date: the day comes first, as “25/12/2024” shows.",)


def test_a_person_may_say_the_order(write: Write) -> None:
    path = write(orders(("Date", ["03/04/2024"])))
    assert read(path, mapping=Mapping(day_first=True)).column("orderDate") == ["2024-04-03"]
    assert read(path, mapping=Mapping(day_first=False)).column("orderDate") == ["2024-03-04"]


def test_a_text_that_is_no_date_stays_and_is_named(write: Write) -> None:
    reading = read(write(orders(("Date", ["2024-01-31", "soon", "45292"]))))
    assert reading.column("orderDate") == ["2024-01-31", "soon", "45292"]
    assert reading.codes() == [(3, "orderDate", "not_a_date"), (4, "orderDate", "not_a_date")]
    assert "format the column as a date" in reading.faults[1].message


def test_decimal_commas_are_read_by_the_column(write: Write) -> None:
    rows = orders(("Tax rate", ["7,5", "19"]))
    rows[1][2], rows[2][2] = "1.250,00 €", "0,99 €"
    reading = read(write(rows))
    assert (reading.column("unitPrice"), reading.column("taxRate")) == (["1250.00", "0.99"], ["7.5", "19"])
    assert "Price: the comma is read as the decimal sign." in reading.header.notices
    assert "Price: the currency sign € is left out." in reading.header.notices


def test_a_column_with_both_decimal_signs_is_left_to_the_judge(write: Write) -> None:
    rows = orders(("Note", [None] * 3))
    for row, price in zip(rows[1:], ["12,50", "1,234.50", "1.234"], strict=True):
        row[2] = price
    reading = read(write(rows))
    assert reading.column("unitPrice") == ["12,50", "1,234.50", "1.234"]
    assert reading.codes() == [(4, "unitPrice", "ambiguous_number")]


def test_currencies_are_written_large(write: Write) -> None:
    assert read(write(orders(("Currency", ["eur"])))).column("currency") == ["EUR"]


def test_the_samples_are_the_first_different_values(write: Write) -> None:
    header = read(write([["Order", "Note"], *([f"A{row}", "same"] for row in range(9))]), fields=TEXTS).header
    assert [column.samples for column in header.matching.columns] == [("A0", "A1", "A2", "A3", "A4"), ("same",)]


def test_a_mapping_may_name_any_column(write: Write) -> None:
    path = write([["x", "y"], ["A1", "n"]])
    reading = read(path, fields=TEXTS, mapping=Mapping(columns={"orderId": "y", "note": "A"}))
    assert (reading.rows[0]["orderId"], reading.rows[0]["note"]) == ("n", "A1")
    with pytest.raises(InvalidMapping, match="no column “z”"):
        read(path, fields=TEXTS, mapping=Mapping(columns={"orderId": "z"}))


def test_headers_only_is_no_rows(write: Write) -> None:
    assert read(write([["Order", "Note"]]), fields=TEXTS).rows == []


def test_long_numbers_of_a_csv_file_are_lost_only_if_all_look_so(tmp_path: Path) -> None:
    lost = orders(("SKU", ["1234567890123457024", "9876543210987655168", "17"]))
    whole = orders(("SKU", ["1234567890123457024", "1234567890123456789", "4111111111111111"]))
    shown = orders(("SKU", ["1.23457E+17", "5e+03", "5E3"]))
    assert [row for row, _, _ in read(_as_csv(tmp_path, lost)).codes()] == [2, 3]
    assert read(_as_csv(tmp_path, whole)).codes() == []
    assert read(_as_csv(tmp_path, shown)).codes() == [(2, "itemSku", "lost_digits"), (3, "itemSku", "lost_digits")]


def test_small_rates_that_nothing_explains_are_pointed_out(write: Write) -> None:
    reading = read(write(orders(("VAT", ["0.19", "0"]))))
    assert reading.column("taxRate") == ["0.19", "0"]
    assert any("0.19 is 0.19 %" in notice for notice in reading.header.notices)


def test_the_whole_retail_row_comes_through(tmp_path: Path) -> None:
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,,United Kingdom\n"
    )
    reading = read(write_text(tmp_path / "a.csv", text), mapping=Mapping(columns={"itemSku": "StockCode"}))
    assert reading.faults == []
    assert [reading.rows[0][name] for name in ("orderId", "itemSku", "quantity", "unitPrice", "customerCode")] == [
        "536365",
        "85123A",
        "6",
        "2.55",
        "17850",
    ]
    assert (reading.rows[1]["quantity"], reading.rows[1]["customerCode"]) == ("-1", None)
    assert len(FIELDS) + 3 == len(reading.rows[0])
