"""A whole sheet made ready to be sent: its header found, its columns matched and cleaned, its rows counted."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import (
    OUR_HEADERS,
    Column,
    Field,
    FieldKind,
    FileHeader,
    FileKind,
    FileTooLarge,
    Limits,
    Mapping,
    Matching,
    SheetPart,
    letter_of,
)
from tranche.imports.mapping import with_samples
from tranche.imports.reading.columns import clean
from tranche.imports.reading.decimals import doubt_points
from tranche.imports.reading.header import above_notices, filled_rows, find_header
from tranche.imports.reading.joined import join
from tranche.imports.reading.marks import Clean, Verdict
from tranche.imports.reading.markup import percent_rows
from tranche.imports.reading.merged import merged_notices
from tranche.imports.reading.records import BINARY, binary_sheet
from tranche.imports.reading.table import Part, Table, trimmed
from tranche.imports.reading.totals import Totals, find_totals
from tranche.imports.reading.workbook import UNSAVED, cell_kinds

_UNSAVED: Final = Verdict(
    "unsaved_formula",
    "{cell} has a formula without a stored value. Open the file in a spreadsheet program, save it and upload that.",
)
_SAMPLES: Final = 5
_SAMPLE_ROWS: Final = 2_000
_SAMPLE_CHARACTERS: Final = 200
_THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is sent: `filled[i]` says whether the table's row `i + 1` is a row of data.

    `clean` holds the columns of fields by column index, `table` all columns, trimmed.
    """

    header: FileHeader
    table: Table
    clean: dict[int, Clean]
    filled: pa.ChunkedArray
    begin: int


def prepare(table: Table, *, path: Path, fields: Sequence[Field], mapping: Mapping, limits: Limits) -> Sheet:
    """Find the header, match it and clean the columns of fields. Columns are trimmed in place, to spare memory.

    Raises:
        UnreadableFile, InvalidMapping, FileTooLarge: with one sentence.
    """
    at, matching = find_header(table, fields=fields, mapping=mapping)
    begin = at + 1
    with ThreadPoolExecutor(_THREADS) as pool:  # columns have nothing to do with each other, and pyarrow frees Python
        table.columns[:] = pool.map(trimmed, table.columns)
    above = above_notices(table, at)
    matching = with_samples(matching, [_samples(column, begin) for column in table.columns])
    cleaned = _clean_all(
        table, path=path, matching=matching, fields=fields, mapping=mapping, limits=limits, begin=begin
    )
    filled = filled_rows(table, begin=begin)
    totals = find_totals(table, matching=matching, fields=fields, cleaned=cleaned, filled=filled, begin=begin)
    filled = _without(filled, totals.rows)
    rows = pc.sum(filled).as_py() or 0
    if rows > limits.rows:
        raise FileTooLarge(f"The file has {rows:,} rows; at most {limits.rows:,} are read. Split it.")
    _rule(cleaned, totals)
    header = FileHeader(
        kind=table.kind,
        sheet=table.sheet,
        sheets=table.sheets,
        header_row=begin,
        rows=rows,
        matching=matching,
        encoding=table.encoding,
        delimiter=table.delimiter,
        notices=(
            *table.notices,
            *above,
            *merged_notices(table, begin=begin),
            *_own_notices(matching),
            *(notice for done in cleaned.values() for notice in done.notices),
            *totals.notices,
        ),
        parts=tuple(SheetPart(part.sheet, part.offset, part.end) for part in table.parts),
    )
    return Sheet(header=header, table=table, clean=cleaned, filled=filled, begin=begin)


def _own_notices(matching: Matching) -> Iterator[str]:
    """A workbook of errors that comes as a new upload brings columns which only we have filled."""
    own = [column.header for column in matching.columns if column.header in OUR_HEADERS and not column.field]
    if own:
        yield (
            f"The columns {' and '.join(own)} are those that a workbook of errors has; they are not kept. To correct "
            "an import, send its workbook of errors there."
            if len(own) > 1
            else f"The column {own[0]} is one that a workbook of errors has; it is not kept. Rename it if it is yours."
        )


def _without(filled: pa.ChunkedArray, rows: Sequence[int]) -> pa.ChunkedArray:
    if not rows:
        return filled
    left_out = set(rows)
    mask = pa.array([index not in left_out for index in range(len(filled))])
    return pa.chunked_array([pc.and_(filled, mask).combine_chunks()], pa.bool_())


def _rule(cleaned: dict[int, Clean], totals: Totals) -> None:
    """A total has no faults; an id that says total, of a row that is none, is one."""
    for done in cleaned.values():
        for row in totals.rows:
            done.marks.pop(row, None)
    for (column, row), verdict in totals.unsure.items():
        cleaned[column].marks[row] = verdict


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
    def clean_one(field: Field) -> tuple[int, Clean]:
        columns = matching.columns_of(field.name)
        first = columns[0]
        values = [_below(table.columns[column.index], begin) for column in columns]
        alone = len(columns) == 1
        done = clean(
            values[0] if alone else join(columns, values, kind=field.kind),
            kind=field.kind,
            header=matching.name_of(field.name),
            day_first=mapping.day_first,
            usually_day_first=matching.remembered.day_first if matching.remembered else None,
            kinds=partial(cell_kinds, path, table=table, column=first.index, limits=limits)
            if table.typed and alone
            else None,
            percents=_percents(path, table, first, limits=limits) if alone else None,
        )
        return first.index, _with_errors(table, [column.index for column in columns], begin=begin, done=done)

    with ThreadPoolExecutor(_THREADS) as pool:
        cleaned = dict(pool.map(clean_one, [field for field in fields if matching.columns_of(field.name)]))
    if not table.typed:
        numbers = [field for field in fields if field.kind in (FieldKind.DECIMAL, FieldKind.PERCENT)]
        columns = [column.index for field in numbers if (column := matching.column_of(field.name))]
        written = {index: _below(table.columns[index], begin) for index in columns}
        doubt_points(written, cleaned, semicolons=table.delimiter == ";")
    return cleaned


def _percents(path: Path, table: Table, column: Column, *, limits: Limits) -> Callable[[], set[int]] | None:
    if table.kind is FileKind.ODS:
        return lambda: {row for row, index in table.percent if index == table.first + column.index}
    if table.kind is FileKind.CSV or table.sheet is None:
        return None
    return partial(_percents_of_sheets, path, table, column, limits=limits)


def _percents_of_sheets(path: Path, table: Table, column: Column, *, limits: Limits) -> set[int]:
    parts = table.parts or (Part(table.sheet or "", 0, 0, table.height, table.first),)
    return {
        part.offset + row
        for part in parts
        for row in _percents_of(path, table, part, part.first + column.index, limits=limits)
    }


def _percents_of(path: Path, table: Table, part: Part, column: int, *, limits: Limits) -> set[int]:
    if table.kind in BINARY:
        return binary_sheet(path, kind=table.kind, sheet=part.sheet, limits=limits).percents(column)
    return percent_rows(path, sheet=part.sheet, letter=letter_of(column), limits=limits)


def _below(column: pa.ChunkedArray, begin: int) -> pa.ChunkedArray:
    """The header and what stands above it must not speak on the column's behalf."""
    return pa.chunked_array([pa.nulls(begin, pa.string()), *column[begin:].chunks], pa.string())


def _with_errors(table: Table, indexes: Sequence[int], *, begin: int, done: Clean) -> Clean:
    errors: dict[int, Verdict] = {}
    for index in indexes:
        for row, text in table.broken.get(index, {}).items():
            if row >= begin:
                verdict = _UNSAVED if text == UNSAVED else Verdict("error_cell", "{cell} holds " + text + ".")
                if len(indexes) > 1:  # of columns that are joined, that one is named
                    verdict = Verdict(verdict.code, verdict.sentence.replace("{cell}", table.address(index, row)))
                errors[row] = verdict.after(errors.get(row))
    return Clean(done.values, done.marks | errors, done.notices)
