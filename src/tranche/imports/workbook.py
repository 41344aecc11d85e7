"""The workbook of errors: bad rows as they stand in the file, with `_row` and `_errors`, to correct and send again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import xlsxwriter

from tranche.imports.choices import read_mapping
from tranche.imports.domain import (
    ERRORS_HEADER,
    OUR_HEADERS,
    ROW_HEADER,
    Field,
    Limits,
    OriginalRow,
    ParseRequest,
)
from tranche.imports.parser import read_rows
from tranche.imports.service import BadRow
from tranche.imports.targets import Import

MOST_ROWS = 1_000_000
_LONGEST_CELL = 32_767
_WIDTH = 18
_WIDE = 70


def write_error_workbook(
    target: Path, *, source: Path, work: Import, fields: tuple[Field, ...], bad: Sequence[BadRow], limits: Limits
) -> None:
    """Write `target`, streaming; cells are texts, so that nothing in them can become a formula.

    Raises:
        UnreadableFile: the stored file cannot be read any more.
    """
    messages = {row.row: row.messages for row in bad[:MOST_ROWS]}
    mapping = read_mapping(work.options.get("mapping") or {}, fields=fields)
    request = ParseRequest(path=source, fields=fields, file_name=work.file_name, mapping=mapping, limits=limits)
    with (
        read_rows(request, rows=list(messages), should_abort=lambda: False) as originals,
        xlsxwriter.Workbook(
            str(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book,
    ):
        _write(book, header=[*originals.headers], rows=originals.rows, messages=messages)


def _write(
    book: xlsxwriter.Workbook, *, header: list[str], rows: Iterator[OriginalRow], messages: dict[int, str]
) -> None:
    kept = [at for at, name in enumerate(header) if name not in OUR_HEADERS]
    sheet = book.add_worksheet("Errors")
    bold = book.add_format({"bold": True, "bg_color": "#F1F5F9", "bottom": 1})
    red = book.add_format({"font_color": "#B91C1C"})
    width = len(kept)
    sheet.set_column(0, max(width - 1, 0), _WIDTH)
    sheet.set_column(width + 1, width + 1, _WIDE)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate([*(header[at] for at in kept), ROW_HEADER, ERRORS_HEADER]):
        sheet.write_string(0, column, name[:_LONGEST_CELL], bold)
    for line, row in enumerate(rows, start=1):
        for column, at in enumerate(kept):
            if cell := row.cells[at]:
                sheet.write_string(line, column, cell[:_LONGEST_CELL])
        sheet.write_number(line, width, row.row)
        sheet.write_string(line, width + 1, messages[row.row][:_LONGEST_CELL], red)
