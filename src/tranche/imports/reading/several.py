"""Which sheets of a workbook are read: the one that was said, the first with a table, or all with the same header."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from tranche.imports.detect import detect
from tranche.imports.domain import Field, FileKind, InvalidMapping, Limits, Mapping, UnreadableFile
from tranche.imports.mapping import fingerprint
from tranche.imports.reading.header import above_notices, find_header
from tranche.imports.reading.merged import merged_notices
from tranche.imports.reading.table import BLANKS, Part, Table
from tranche.imports.reading.text import load_text
from tranche.imports.reading.workbook import walk_sheets

_MOST_SHEETS: Final = 200
_NAMED: Final = 20


def choose(path: Path, *, file_name: str, fields: Sequence[Field], mapping: Mapping, limits: Limits) -> Table:
    """The cells of a file of any of the kinds, from the sheet or sheets that hold the table.

    Raises:
        UnreadableFile, UnsupportedFile, FileTooLarge, InvalidMapping: with one sentence.
    """
    kind = detect(path, file_name=file_name, limits=limits)
    if kind is FileKind.CSV:
        return load_text(path, limits=limits)
    tables = walk_sheets(path, kind=kind, wanted=mapping.sheet, limits=limits)
    if mapping.sheet is not None:
        return next(tables)
    if mapping.all_sheets:
        return _joined(tables, fields=fields, mapping=mapping)
    table = _first_fitting(tables, fields=fields, mapping=mapping)
    others = [name for name in table.sheets if name != table.sheet]
    if not others:
        return table
    only = f"Only the sheet “{table.sheet}” is read, not {_listed(others)}."
    return replace(table, notices=(only, *table.notices))


def _first_fitting(tables: Iterator[Table], *, fields: Sequence[Field], mapping: Mapping) -> Table:
    """The first that has all required columns; if none has, the first of all, so that its columns can be named."""
    first: Table | None = None
    for count, table in enumerate(tables, 1):
        first = first or table
        if len(table.sheets) == 1 or _fits(table, fields=fields, mapping=mapping):
            return table
        if count == _MOST_SHEETS:
            break
    if first is None:
        raise UnreadableFile("The workbook has no visible sheet with anything in it.", code="empty_file")
    return first


def _fits(table: Table, *, fields: Sequence[Field], mapping: Mapping) -> bool:
    try:
        _, matching = find_header(table, fields=fields, mapping=mapping)
    except (InvalidMapping, UnreadableFile):
        return False
    return not matching.missing


def _joined(tables: Iterator[Table], *, fields: Sequence[Field], mapping: Mapping) -> Table:
    """The first sheet with all required columns, and below it the rows of all others with the same header."""
    whole: list[tuple[Table, int]] = []
    left: list[str] = []
    header = b""
    for table in tables:
        if not _fits(table, fields=fields, mapping=mapping):
            left.append(table.sheet or "")
            continue
        at, _ = find_header(table, fields=fields, mapping=mapping)
        found = _header(table, at)
        header = header or found
        if found == header:
            whole.append((table, at))
        else:
            left.append(table.sheet or "")
    if not whole:
        message = "No visible sheet has all the columns that are needed; name one with the mapping's “sheet”."
        raise InvalidMapping(message)
    return _one_below_the_other(whole, left)


def _header(table: Table, at: int) -> bytes:
    cells = [(cell or "").strip(BLANKS) for cell in table.row(at)]
    while cells and not cells[-1]:
        cells.pop()
    return fingerprint(cells)


def _one_below_the_other(whole: Sequence[tuple[Table, int]], left: Sequence[str]) -> Table:
    width = max(len(table.columns) for table, _ in whole)
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    parts: list[Part] = []
    broken: dict[int, dict[int, str]] = {}
    percent: set[tuple[int, int]] = set()
    offset = 0
    for table, at in whole:
        hidden = at + 1 if parts else 0
        for index in range(width):
            lacks = index >= len(table.columns)
            column = pa.chunked_array([pa.nulls(table.height, pa.string())]) if lacks else table.columns[index]
            chunks[index] += [pa.nulls(hidden, pa.string()), *column[hidden:].chunks]
        for column, cells in table.broken.items():
            moved = {row + offset: text for row, text in cells.items() if row >= hidden}
            broken.setdefault(column, {}).update(moved)
        percent |= {(row + offset, column - table.first) for row, column in table.percent}
        parts.append(Part(table.sheet or "", offset, at + 1, offset + table.height, table.first))
        offset += table.height
    first = whole[0][0]
    return replace(
        first,
        columns=[pa.chunked_array(column, pa.string()) for column in chunks],
        height=offset,
        broken=broken,
        merged={},
        percent=frozenset((row, column + first.first) for row, column in percent),
        parts=tuple(parts) if len(parts) > 1 else (),
        notices=(*_notices(parts, left), *_own_notices(whole)),
    )


def _own_notices(whole: Sequence[tuple[Table, int]]) -> Iterator[str]:
    """What each sheet has to say; the first one's title is told where the header is."""
    for number, (table, at) in enumerate(whole):
        above = above_notices(table, at) if number else []
        for notice in (*table.notices, *above, *merged_notices(table, begin=at + 1)):
            yield f"{table.sheet}: {notice}"


def _notices(parts: Sequence[Part], left: Sequence[str]) -> Iterator[str]:
    if len(parts) > 1:
        told = ", ".join(f"“{part.sheet}” from {part.offset + part.begin + 1}" for part in parts[1:_NAMED])
        yield (
            f"{len(parts)} sheets are read as one table. Row numbers run on: “{parts[0].sheet}” keeps its own, "
            f"the data of {told}."
        )
    if left:
        yield f"Not read, because the header is another: {_listed(left)}."


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f"“{name}”" for name in names[:_NAMED]) + rest
