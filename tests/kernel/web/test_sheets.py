"""Workbooks that come as a stream."""

import io
from collections.abc import Iterator

import openpyxl

from tranche.kernel.web.sheets import Sheet, write_sheets

ROW = b"<row><c><v>%d</v></c></row>\n"


def _book(rows: Iterator[bytes], sheet: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(b"".join(write_sheets(rows, sheet, piece=1_000))))


def test_rows_past_the_limit_go_on_in_the_next_sheet_under_the_same_header() -> None:
    sheet = Sheet(name="Orders", headers=[("id", 10)], most_rows=4)
    book = _book((ROW % number for number in range(1, 8)), sheet)
    assert book.sheetnames == ["Orders 1", "Orders 2", "Orders 3"]
    shown = [[row[0] for row in one.iter_rows(values_only=True)] for one in book]
    assert shown == [["id", 1, 2, 3], ["id", 4, 5, 6], ["id", 7]]


def test_rows_that_come_together_stay_in_one_sheet() -> None:
    sheet = Sheet(name="Orders", headers=[("id", 10)], most_rows=4)
    together = (b"".join(ROW % number for number in numbers) for numbers in ((1, 2), (3, 4), (5, 6, 7)))
    book = _book(together, sheet)
    shown = [[row[0] for row in one.iter_rows(values_only=True)] for one in book]
    assert shown == [["id", 1, 2], ["id", 3, 4], ["id", 5, 6, 7]]


def test_a_sheet_ends_by_its_bytes_too() -> None:
    sheet = Sheet(name="Orders", headers=[("id", 10)], most_bytes=800)
    book = _book((ROW % number for number in range(1, 31)), sheet)
    assert len(book.sheetnames) > 1
    assert sum(one.max_row - 1 for one in book) == 30


def test_a_list_without_rows_is_a_sheet_with_its_header() -> None:
    book = _book(iter(()), Sheet(name="Orders", headers=[("id & <more>", 10), ("total", 10)]))
    assert [cell.value for cell in book.active[1]] == ["id & <more>", "total"]


def test_little_is_held_back_while_rows_come() -> None:
    taken = 0

    def rows() -> Iterator[bytes]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield ROW % (number * 7919)

    pieces = write_sheets(rows(), Sheet(name="Orders", headers=[("id", 10)]), piece=10_000)
    sizes = [len(next(pieces)) for _ in range(5)]
    assert max(sizes) < 200_000
    assert taken < 200_000
