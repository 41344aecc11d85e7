"""A whole sheet made ready to be sent: its header found, its columns matched and cleaned, its rows counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.detect import detect
from tranche.imports.domain import (
    Column,
    Field,
    FileHeader,
    FileKind,
    FileTooLarge,
    InvalidMapping,
    Limits,
    Mapping,
    Matching,
    UnreadableFile,
)
from tranche.imports.mapping import match, with_samples
from tranche.imports.reading.columns import clean
from tranche.imports.reading.marks import Clean, Verdict
from tranche.imports.reading.markup import percent_rows
from tranche.imports.reading.table import BLANKS, Table, trimmed
from tranche.imports.reading.text import load_text
from tranche.imports.reading.workbook import cell_kinds, load_workbook

_LOOKED_AT: Final = 1_000
_HEADER_WITHIN: Final = 100
_CANDIDATES: Final = 20
_SAMPLES: Final = 5
_SAMPLE_ROWS: Final = 2_000
_SAMPLE_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is sent: `filled[i]` says whether Excel's row `i + 1` is a row of data.

    `clean` holds the columns of fields by column index, `table` all columns, trimmed.
    """

    header: FileHeader
    table: Table
    clean: dict[int, Clean]
    filled: pa.ChunkedArray
    begin: int


def load(path: Path, *, file_name: str, sheet: str | None, limits: Limits) -> Table:
    """The cells of a file of any of the kinds.

    Raises:
        UnreadableFile, UnsupportedFile, FileTooLarge, InvalidMapping: with one sentence.
    """
    kind = detect(path, file_name=file_name, limits=limits)
    if kind is FileKind.CSV:
        return load_text(path, limits=limits)
    return load_workbook(path, kind=kind, wanted=sheet, limits=limits)


def prepare(table: Table, *, path: Path, fields: Sequence[Field], mapping: Mapping, limits: Limits) -> Sheet:
    """Find the header, match it and clean the columns of fields. Columns are trimmed in place, to spare memory.

    Raises:
        UnreadableFile, InvalidMapping, FileTooLarge: with one sentence.
    """
    at, matching = find_header(table, fields=fields, mapping=mapping)
    for index, column in enumerate(table.columns):
        table.columns[index] = trimmed(column)
    filled = _filled(table, begin=at + 1)
    rows = pc.sum(filled).as_py() or 0
    if rows > limits.rows:
        raise FileTooLarge(f"The file has {rows:,} rows; at most {limits.rows:,} are read. Split it.")
    matching = with_samples(matching, [_samples(column, at + 1) for column in table.columns])
    cleaned = _clean_all(
        table, path=path, matching=matching, fields=fields, mapping=mapping, limits=limits, begin=at + 1
    )
    header = FileHeader(
        kind=table.kind,
        sheet=table.sheet,
        sheets=table.sheets,
        header_row=at + 1,
        rows=rows,
        matching=matching,
        encoding=table.encoding,
        delimiter=table.delimiter,
        notices=tuple(notice for done in cleaned.values() for notice in done.notices),
    )
    return Sheet(header=header, table=table, clean=cleaned, filled=filled, begin=at + 1)


def find_header(table: Table, *, fields: Sequence[Field], mapping: Mapping) -> tuple[int, Matching]:
    """The first row whose cells give all required fields (a title may stand above it), else the first filled row.

    Raises:
        UnreadableFile: nothing is filled.
        InvalidMapping: what the mapping names is in none of the rows.
    """
    refused: InvalidMapping | None = None
    fallback: tuple[int, Matching] | None = None
    for index, cells in _candidates(table):
        try:
            matching = match(cells, fields=fields, mapping=mapping, first=table.first)
        except InvalidMapping as error:
            refused = refused or error
            continue
        if not matching.missing:
            return index, matching
        fallback = fallback or (index, matching)
    if fallback:
        return fallback
    raise refused or UnreadableFile("The sheet holds no rows.", code="empty_file")


def _candidates(table: Table) -> list[tuple[int, list[str | None]]]:
    """The first filled row, and those after it that could be a header, having two cells or more."""
    found: list[tuple[int, list[str | None]]] = []
    for index in pc.indices_nonzero(_filled(table, begin=0))[:_LOOKED_AT].to_pylist():
        cells = [(cell or "").replace("\ufffd", "").strip(BLANKS) or None for cell in table.row(index)]
        width = sum(cell is not None for cell in cells)
        if width > 1 or (width and not found):
            found.append((index, cells))
        if len(found) == _CANDIDATES or (found and index > found[0][0] + _HEADER_WITHIN):
            break
    return found


def _filled(table: Table, *, begin: int) -> pa.ChunkedArray:
    """Blank rows keep their number and are not sent; an error cell is something."""
    mask = pa.chunked_array([pa.nulls(table.height, pa.bool_()).fill_null(False)])  # noqa: FBT003  # pyarrow's way
    for column in table.columns:
        if column.null_count < table.height:
            mask = pc.or_(mask, pc.is_valid(column))
    extra = {row for cells in table.broken.values() for row in cells}
    flags = pa.array([index in extra for index in range(table.height)]) if extra else None
    mask = pc.or_(mask, flags) if flags is not None else mask
    head = pa.nulls(begin, pa.bool_()).fill_null(False)  # noqa: FBT003  # as above
    return pa.chunked_array([head, *mask[begin:].chunks], pa.bool_())


def _samples(column: pa.ChunkedArray, begin: int) -> list[str]:
    part = column[begin : begin + _SAMPLE_ROWS]
    if part.null_count == len(part):
        return []
    values = pc.unique(pc.drop_null(part))[:_SAMPLES].to_pylist()
    return [value[:_SAMPLE_CHARACTERS].replace("\x00", "\ufffd") for value in values]


def _clean_all(
    table: Table,
    *,
    path: Path,
    matching: Matching,
    fields: Sequence[Field],
    mapping: Mapping,
    limits: Limits,
    begin: int,
) -> dict[int, Clean]:
    kinds = {field.name: field.kind for field in fields}
    return {
        column.index: _with_errors(
            table,
            column.index,
            begin=begin,
            done=clean(
                _below(table.columns[column.index], begin),
                kind=kinds[column.field],
                header=column.header,
                day_first=mapping.day_first,
                usually_day_first=matching.remembered.day_first if matching.remembered else None,
                kinds=partial(cell_kinds, path, table=table, column=column.index) if table.typed else None,
                percents=_percents(path, table, column, limits=limits),
            ),
        )
        for column in matching.columns
        if column.field
    }


def _percents(path: Path, table: Table, column: Column, *, limits: Limits) -> Callable[[], set[int]] | None:
    if table.kind is not FileKind.XLSX or table.sheet is None:
        return None
    return partial(percent_rows, path, sheet=table.sheet, letter=column.letter, limits=limits)


def _below(column: pa.ChunkedArray, begin: int) -> pa.ChunkedArray:
    """The header and what stands above it must not speak on the column's behalf."""
    return pa.chunked_array([pa.nulls(begin, pa.string()), *column[begin:].chunks], pa.string())


def _with_errors(table: Table, index: int, *, begin: int, done: Clean) -> Clean:
    broken = table.broken.get(index, {})
    errors = {row: Verdict("error_cell", "{cell} holds " + text + ".") for row, text in broken.items() if row >= begin}
    return Clean(done.values, done.marks | errors, done.notices)
