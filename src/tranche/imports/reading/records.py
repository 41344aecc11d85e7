"""The sheets of workbooks that are kept in records, .xls and .xlsb, asked alike."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from tranche.imports.domain import FileKind, Limits, letter_of
from tranche.imports.reading.auditing import damaged
from tranche.imports.reading.biff import Area, OldSheet
from tranche.imports.reading.binary import BinarySheet

_LOOKED_AT: Final = 1_000_000
BINARY: Final = frozenset({FileKind.XLS, FileKind.XLSB})


class RecordSheet(Protocol):
    """One sheet."""

    def merged(self) -> Iterator[Area]:
        """First and last row, first and last column of each merged area, counted from 0."""

    def values(self) -> Iterator[tuple[int, int]]:
        """Row and column of every cell with a value, as they follow each other."""

    def percents(self, column: int) -> set[int]:
        """The row indexes of a column's numbers that are shown as per cent."""


def binary_sheet(path: Path, *, kind: FileKind, sheet: str, limits: Limits) -> RecordSheet:
    """The sheet of that name; `kind` is one of BINARY."""
    return OldSheet(path, sheet=sheet) if kind is FileKind.XLS else BinarySheet(path, sheet=sheet, limits=limits)


def refuse_doubles(sheet: RecordSheet) -> None:
    """The reader takes the last of two cells of one place. The first million cells are looked at, for time's sake.

    Raises:
        UnreadableFile: there is one with two values.
    """
    seen: set[tuple[int, int]] = set()
    for place in islice(sheet.values(), _LOOKED_AT):
        if place in seen:
            row, column = place
            raise damaged(f"the cell {letter_of(column)}{row + 1} stands in it with two values")
        seen.add(place)
