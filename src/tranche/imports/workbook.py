"""The workbook of errors: bad rows as they stand in the file, with `_row` and `_errors`, to correct and send again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from tranche.imports.memory import service as memory
from tranche.imports.parser import read_rows
from tranche.imports.service import BadRow
from tranche.imports.targets import Import

MOST_ROWS = 1_000_000
ORIGIN = "_import "  # a hidden sheet's name tells the import, and the last change that the workbook shows
_LONGEST_CELL = 32_767
_WIDTH = 18
_WIDE = 70


Edited = Mapping[int, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The rows of a stored file as the workbook shows them: what people entered goes before what the file has.

    `headers` are the file's, and behind them the fields that got a value and have no column.
    """

    headers: tuple[str, ...]
    rows: Iterator[OriginalRow]


def write_error_workbook(
    target: Path,
    *,
    source: Path,
    work: Import,
    fields: tuple[Field, ...],
    bad: Sequence[BadRow],
    edited: Edited,
    limits: Limits,
    through: int = 0,
) -> None:
    """Write `target`, streaming; cells are texts, so that nothing in them can become a formula.

    `edited` holds what people entered since, by row and field; `through` is the number of the last of these changes.

    Raises:
        UnreadableFile: the stored file cannot be read any more.
    """
    messages = {row.row: row.messages for row in bad[:MOST_ROWS]}
    with (
        show_rows(source, work=work, fields=fields, rows=list(messages), edited=edited, limits=limits) as shown,
        xlsxwriter.Workbook(
            str(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book,
    ):
        _write(book, shown, messages=messages, origin=f"{ORIGIN}{work.id} {through}")


@contextmanager
def show_rows(
    source: Path, *, work: Import, fields: tuple[Field, ...], rows: Sequence[int], edited: Edited, limits: Limits
) -> Iterator[Shown]:
    """The cells of just these rows, in rising order.

    Raises:
        UnreadableFile: the stored file cannot be read any more.
    """
    mapping = memory.as_read(work, said=read_mapping(work.options.get("mapping") or {}, fields=fields))
    request = ParseRequest(path=source, fields=fields, file_name=work.file_name, mapping=mapping, limits=limits)
    with read_rows(request, rows=rows, should_abort=lambda: False) as originals:
        headers = columns_of(work, fields)
        added = {header for cells in edited.values() for name in cells for header in headers.get(name, ())}
        whole = (*originals.headers, *sorted(added - set(originals.headers)))
        places = places_of(headers, whole)
        yield Shown(headers=whole, rows=_overlaid(originals.rows, edited=edited, places=places, width=len(whole)))


def columns_of(work: Import, fields: Iterable[Field]) -> dict[str, tuple[str, ...]]:
    """Under which headers each field stands in the workbook, several where columns are joined.

    One that the file has no column for gets its own name.
    """
    alone = {field.name: (work.headers.get(field.name, field.name),) for field in fields}
    return alone | {name: tuple(headers) for name, headers in work.joined.items() if name in alone}


def places_of(columns: Mapping[str, tuple[str, ...]], headers: Sequence[str]) -> dict[str, list[int]]:
    """Where the columns of each field stand among these headers; a field that lacks one of them is left out."""
    at = {header: place for place, header in reversed(list(enumerate(headers)))}
    return {name: [at[one] for one in wanted] for name, wanted in columns.items() if all(one in at for one in wanted)}


def _overlaid(
    rows: Iterator[OriginalRow], *, edited: Edited, places: Mapping[str, list[int]], width: int
) -> Iterator[OriginalRow]:
    """What was entered for joined columns stands whole in the first of them, and the others are empty."""
    for row in rows:
        cells = [*row.cells, *[None] * (width - len(row.cells))]
        for name, value in edited.get(row.row, {}).items():
            for number, at in enumerate(places.get(name, ())):
                cells[at] = None if number else value
        yield OriginalRow(row.row, tuple(cells))


def _write(book: xlsxwriter.Workbook, shown: Shown, *, messages: dict[int, str], origin: str) -> None:
    kept = [at for at, name in enumerate(shown.headers) if name not in OUR_HEADERS]
    sheet = book.add_worksheet("Errors")
    book.add_worksheet(origin).very_hidden()
    bold = book.add_format({"bold": True, "bg_color": "#F1F5F9", "bottom": 1})
    red = book.add_format({"font_color": "#B91C1C"})
    text = book.add_format({"num_format": "@"})  # what is entered stays as it is entered: 19 %, 03/04, long numbers
    width = len(kept)
    sheet.set_column(0, max(width - 1, 0), _WIDTH, text)
    sheet.set_column(width + 1, width + 1, _WIDE)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate([*(shown.headers[at] for at in kept), ROW_HEADER, ERRORS_HEADER]):
        sheet.write_string(0, column, name[:_LONGEST_CELL], bold)
    for line, row in enumerate(shown.rows, start=1):
        for column, at in enumerate(kept):
            if cell := row.cells[at]:
                sheet.write_string(line, column, cell[:_LONGEST_CELL], text)
        sheet.write_number(line, width, row.row)
        sheet.write_string(line, width + 1, messages[row.row][:_LONGEST_CELL], red)
