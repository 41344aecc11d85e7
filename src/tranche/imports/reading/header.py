"""Where the header of a sheet stands, and which rows below it hold anything."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Field, InvalidMapping, Mapping, Matching, UnreadableFile
from tranche.imports.mapping import match
from tranche.imports.reading.table import BLANKS, Table

_LOOKED_AT: Final = 1_000
_HEADER_WITHIN: Final = 100
_CANDIDATES: Final = 20


def find_header(table: Table, *, fields: Sequence[Field], mapping: Mapping) -> tuple[int, Matching]:
    """The first row whose cells give all required fields (a title may stand above it).

    Where none does, the one that gives most fields, so that a person sees the file's own header and says what is
    missing; of rows that give equally many, or a single one, the first filled row.

    Raises:
        UnreadableFile: nothing is filled.
        InvalidMapping: what the mapping names is in none of the rows.
    """
    refused: InvalidMapping | None = None
    incomplete: list[tuple[int, Matching]] = []
    for index, cells in _candidates(table):
        try:
            matching = match(cells, fields=fields, mapping=mapping, first=table.first)
        except InvalidMapping as error:
            refused = refused or error
            continue
        if not matching.missing:
            return index, matching
        incomplete.append((index, matching))
    if incomplete:
        best = max(incomplete, key=lambda found: _known(found[1]))  # the first of equals
        return best if _known(best[1]) > 1 else incomplete[0]
    raise refused or UnreadableFile("The sheet holds no rows.", code="empty_file")


def _known(matching: Matching) -> int:
    return sum(column.field is not None for column in matching.columns)


def _candidates(table: Table) -> list[tuple[int, list[str | None]]]:
    """The first filled row, and those after it that could be a header, having two cells or more."""
    found: list[tuple[int, list[str | None]]] = []
    for index in pc.indices_nonzero(filled_rows(table, begin=0))[:_LOOKED_AT].to_pylist():
        cells = [(cell or "").replace("\ufffd", "").strip(BLANKS) or None for cell in table.row(index)]
        width = sum(cell is not None for cell in cells)
        if width > 1 or (width and not found):
            found.append((index, cells))
        if len(found) == _CANDIDATES or (found and index > found[0][0] + _HEADER_WITHIN):
            break
    return found


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
