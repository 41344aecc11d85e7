"""Where the header of a sheet stands, and which rows below it hold anything."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Field, InvalidMapping, Mapping, Matching, OriginalRow, UnreadableFile
from tranche.imports.mapping import match, name_columns, recognise
from tranche.imports.reading.table import BLANKS, Table
from tranche.kernel.errors import FieldError

_LOOKED_AT: Final = 1_000
_HEADER_WITHIN: Final = 100
_CANDIDATES: Final = 20


def find_header(table: Table, *, fields: Sequence[Field], mapping: Mapping) -> tuple[int, Matching]:
    """The row that was said, else a remembered header, else the first row whose cells give all required fields.

    A title may stand above it. Where none does, the one that gives most fields, so that a person sees the file's own
    header and says what is missing; of rows that give equally many, or a single one, the first filled row.

    Raises:
        UnreadableFile: nothing is filled.
        InvalidMapping: what the mapping names is in none of the rows, or the row that was said is blank.
    """
    if mapping.header_row is not None:
        return _said(table, mapping.header_row, fields=fields, mapping=mapping)
    candidates = _candidates(table)
    known = [found for found in candidates if recognise(name_columns(found[1], first=table.first), mapping=mapping)]
    refused: list[tuple[int, int, InvalidMapping]] = []
    incomplete: list[tuple[int, Matching]] = []
    for index, cells in (*known, *candidates):
        try:
            matching = match(cells, fields=fields, mapping=mapping, first=table.first)
        except InvalidMapping as error:
            plain = match(cells, fields=fields, mapping=Mapping(), first=table.first)
            refused.append((len(error.errors), -_known(plain), error))
            continue
        if not matching.missing:
            return index, matching
        incomplete.append((index, matching))
    if incomplete:
        best = max(incomplete, key=lambda found: _known(found[1]))  # the first of equals
        return best if _known(best[1]) > 1 else incomplete[0]
    if refused:  # by the row of which most is found, else known; the first of equals
        raise min(refused, key=lambda one: one[:2])[2]
    raise UnreadableFile("The sheet holds no rows.", code="empty_file")


def list_candidates(table: Table) -> tuple[OriginalRow, ...]:
    """The first rows that could be the header, for a person to choose from; of several sheets those of the first."""
    last = table.parts[0].end if table.parts else table.height
    return tuple(OriginalRow(index + 1, tuple(cells)) for index, cells in _candidates(table) if index < last)


def _said(table: Table, row: int, *, fields: Sequence[Field], mapping: Mapping) -> tuple[int, Matching]:
    cells = _cells(table, row - 1) if row <= table.height else []
    if not any(cells):
        message = f"Row {row} is blank; the header cannot stand there."
        raise InvalidMapping(message, errors=[FieldError("headerRow", message, "blank_header")])
    return row - 1, match(cells, fields=fields, mapping=mapping, first=table.first)


def _known(matching: Matching) -> int:
    return sum(column.field is not None for column in matching.columns)


def _candidates(table: Table) -> list[tuple[int, list[str | None]]]:
    """The first filled row, and those after it that could be a header, having two cells or more."""
    found: list[tuple[int, list[str | None]]] = []
    for index in pc.indices_nonzero(filled_rows(table, begin=0))[:_LOOKED_AT].to_pylist():
        cells = _cells(table, index)
        width = sum(cell is not None for cell in cells)
        if width > 1 or (width and not found):
            found.append((index, cells))
        if len(found) == _CANDIDATES or (found and index > found[0][0] + _HEADER_WITHIN):
            break
    return found


def _cells(table: Table, index: int) -> list[str | None]:
    return [(cell or "").replace("\ufffd", "").strip(BLANKS) or None for cell in table.row(index)]


def filled_rows(table: Table, *, begin: int) -> pa.ChunkedArray:
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


def above_notices(table: Table, at: int) -> list[str]:
    """A title is not data; that it is not read is said."""
    rows = [row + 1 for row in pc.indices_nonzero(filled_rows(table, begin=0)[:at]).to_pylist()] if at else []
    if not rows:
        return []
    named = f"Row {rows[0]}" if len(rows) == 1 else f"Rows {rows[0]} to {rows[-1]}"
    return [f"{named} above the header (row {at + 1}) {'is' if len(rows) == 1 else 'are'} not read."]
