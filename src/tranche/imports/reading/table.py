"""The cells of one sheet as columns of text, and how they are called by their addresses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import FileKind, letter_of

_BATCH_CELLS: Final = 100_000
BLANKS: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several sheets that are read as one: its rows begin at `offset`, its data at `begin`.

    `first` is the index of the sheet's column in which its table begins.
    """

    sheet: str
    offset: int
    begin: int
    end: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows of a sheet: row `i` of every column is Excel's row `i + 1`, `first` the index of the left column.

    `broken` holds, by column and row index, the text of cells that have no value ("#DIV/0!"); they are null in
    `columns`. Numbers and dates of a workbook come as text in one fixed form; `typed` says so. `merged` holds merged
    areas, first cell to last; `percent` the places of cells shown as per cent, where the file tells (.ods).
    Where several sheets are read as one, `parts` says which rows are whose.
    """

    kind: FileKind
    sheet: str | None
    sheets: tuple[str, ...]
    columns: list[pa.ChunkedArray]
    height: int
    first: int = 0
    broken: dict[int, dict[int, str]] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    merged: dict[str, str] = field(default_factory=dict)
    percent: frozenset[tuple[int, int]] = frozenset()
    parts: tuple[Part, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def typed(self) -> bool:
        """Whether the cells had types of their own, unlike those of a CSV file."""
        return self.kind is not FileKind.CSV

    def address(self, column: int, row: int) -> str:
        """How a person finds a cell: C7, or June!C7 where several sheets are read."""
        part = next((part for part in self.parts if part.offset <= row < part.end), None)
        if part is None:
            return f"{letter_of(self.first + column)}{row + 1}"
        return f"{part.sheet}!{letter_of(part.first + column)}{row - part.offset + 1}"

    def name_of(self, row: int) -> str:
        """How a person finds a row: Row 7, or June row 7 where several sheets are read."""
        part = next((part for part in self.parts if part.offset <= row < part.end), None)
        return f"{part.sheet} row {row - part.offset + 1}" if part else f"Row {row + 1}"

    def row(self, index: int) -> list[str | None]:
        """The cells of one row as they stand there, errors by their names."""
        return [self._cell(number, index, column[index].as_py()) for number, column in enumerate(self.columns)]

    def rows(self, indexes: Sequence[int]) -> Iterator[tuple[int, list[str | None]]]:
        """The cells of many rows, given in rising order."""
        step = max(1, _BATCH_CELLS // max(1, len(self.columns)))
        for begin in range(0, len(indexes), step):
            batch = indexes[begin : begin + step]
            taken = [column.take(pa.array(batch)).to_pylist() for column in self.columns]
            for place, index in enumerate(batch):
                yield index, [self._cell(number, index, cells[place]) for number, cells in enumerate(taken)]

    def _cell(self, number: int, index: int, text: str | None) -> str | None:
        known = self.broken.get(number, {}).get(index, text)
        return known.replace("\x00", "\ufffd") if known else known


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without blanks of any alphabet at both ends; nothing left is null."""
    bare = pc.utf8_trim(column, characters=BLANKS)
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)
