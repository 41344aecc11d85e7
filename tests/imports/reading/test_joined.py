"""Columns that a person names together are one value: dates in parts, first and last names."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.imports.factories import Cell, orders, read, write_csv, write_xlsx
from tranche.imports.domain import InvalidMapping, Mapping


def _mapping(field: str, *headers: str) -> Mapping:
    return Mapping(columns={field: headers})


@pytest.mark.parametrize(
    ("headers", "cells", "expected"),
    [
        (("Year", "Month", "Day"), ("2024", "3", "5"), "2024-03-05"),
        (("Day", "Month", "Year"), ("5", "3", "2024"), "2024-03-05"),
        (("Order day", "Order month", "Order year"), ("05", "03", "2024"), "2024-03-05"),
        (("Tag", "Monat", "Jahr"), ("5", "März", "2024"), "2024-03-05"),
        (("Month", "Day", "Year"), ("March", "5", "2024"), "2024-03-05"),
        (("Date", "Time"), ("2024-03-05", "14:30"), "2024-03-05 14:30:00"),
        (("Date", "Time"), ("05.03.2024", ""), "2024-03-05"),
        (("Date", "Time"), ("25/12/2024", "2:30 PM"), "2024-12-25 14:30:00"),
        (("Year", "Month", "Day"), (2024.0, 3.0, 5.0), "2024-03-05"),
    ],
)
def test_a_date_in_parts_is_a_date(
    tmp_path: Path, headers: tuple[str, ...], cells: tuple[Cell, ...], expected: str
) -> None:
    rows: list[list[Cell]] = [["Order no", "Qty", "Price", *headers], ["A1", "1", "2", *cells]]
    mapping = Mapping(columns={"orderDate": headers}, day_first=True)
    assert read(write_xlsx(tmp_path / "a.xlsx", rows), mapping=mapping).column("orderDate") == [expected]


def test_a_day_and_a_time_of_a_workbook_are_joined(tmp_path: Path) -> None:
    rows = orders(("Date", [date(2024, 3, 5)]), ("Time", [0.25]))

    def show_as_time(book: object) -> None:
        sheet = book.get_worksheet_by_name("Data")  # type: ignore[attr-defined]
        sheet.write_number(1, 4, 0.25, book.add_format({"num_format": "hh:mm"}))  # type: ignore[attr-defined]

    path = write_xlsx(tmp_path / "a.xlsx", rows, more=show_as_time)
    assert read(path, mapping=_mapping("orderDate", "Date", "Time")).column("orderDate") == ["2024-03-05 06:00:00"]


def test_names_are_joined_in_the_order_that_was_said_and_blanks_left_out(tmp_path: Path) -> None:
    rows = orders(("Last", ["Lovelace", "Turing", None, None]), ("First", ["Ada", None, "Grace", None]))
    mapping = _mapping("customerName", "First", "Last")
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows), mapping=mapping)
    assert reading.column("customerName") == ["Ada Lovelace", "Turing", "Grace", None]
    assert reading.rows[0]["extra"] is None
    assert [column.place for column in reading.header.matching.columns_of("customerName")] == [0, 1]
    assert reading.header.matching.columns_of("customerName")[0].header == "First"


def test_a_part_that_is_no_date_faults_all_columns_with_the_whole(tmp_path: Path) -> None:
    rows = orders(("Year", ["2024"]), ("Month", ["13"]), ("Day", ["1"]))
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows), mapping=_mapping("orderDate", "Year", "Month", "Day"))
    assert reading.codes() == [(2, "orderDate", "not_a_date")]
    assert reading.column("orderDate") == ["2024 13 1"]
    assert reading.faults[0].column == "Year + Month + Day"
    assert reading.faults[0].message == "D2 + E2 + F2 holds “2024 13 1”, which is not a date."


def test_an_error_in_any_part_is_a_fault(tmp_path: Path) -> None:
    def error(book: object) -> None:
        book.get_worksheet_by_name("Data").write_formula(1, 4, "=1/0", None, "#DIV/0!")  # type: ignore[attr-defined]

    path = write_xlsx(tmp_path / "a.xlsx", orders(("Year", ["2024"]), ("Month", ["1"]), ("Day", ["1"])), more=error)
    reading = read(path, mapping=_mapping("orderDate", "Year", "Month", "Day"))
    assert reading.codes() == [(2, "orderDate", "error_cell")]
    assert reading.faults[0].column == "Year + Month + Day"
    assert reading.faults[0].message == "E2 holds #DIV/0!."


def test_errors_in_two_parts_are_both_named(tmp_path: Path) -> None:
    def errors(book: object) -> None:
        for column, text in ((3, "#DIV/0!"), (5, "#N/A")):
            book.get_worksheet_by_name("Data").write_formula(1, column, "=1/0", None, text)  # type: ignore[attr-defined]

    path = write_xlsx(tmp_path / "a.xlsx", orders(("Year", ["2024"]), ("Month", ["1"]), ("Day", ["1"])), more=errors)
    reading = read(path, mapping=_mapping("orderDate", "Year", "Month", "Day"))
    assert [fault.message for fault in reading.faults] == ["D2 holds #DIV/0!. F2 holds #N/A."]


@pytest.mark.parametrize(
    ("columns", "pointer", "words"),
    [
        ({"customerName": ("First", "Nowhere")}, "customerName", "no column “Nowhere”"),
        ({"customerName": ("First", "First")}, "customerName", "for customerName and for customerName"),
        ({"customerName": ("First", "Last"), "notes": "Last"}, "notes", "for customerName and for notes"),
    ],
)
def test_a_part_that_is_not_there_or_stands_twice_is_refused(
    tmp_path: Path, columns: dict[str, str | tuple[str, ...]], pointer: str, words: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order no", "Qty", "Price", "First", "Last"], ["A1", "1", "2", "a", "b"]])
    with pytest.raises(InvalidMapping, match=words) as refused:
        read(path, mapping=Mapping(columns=columns))
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_a_long_number_in_parts_is_judged_by_its_look(tmp_path: Path) -> None:
    cells: Sequence[Cell] = ["A"]
    reading = read(write_xlsx(tmp_path / "a.xlsx", orders(("Shop", cells), ("No", [17.0]))), mapping=Mapping(
        columns={"itemSku": ("Shop", "No")}
    ))  # fmt: skip
    assert reading.column("itemSku") == ["A 17"]
