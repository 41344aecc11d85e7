"""The sheets of workbooks that are kept in records, .xls and .xlsb, asked alike."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from tranche.imports.domain import FileKind, Limits
from tranche.imports.reading.biff import Area, OldSheet
from tranche.imports.reading.binary import BinarySheet

BINARY: Final = frozenset({FileKind.XLS, FileKind.XLSB})


class RecordSheet(Protocol):
    """One sheet."""

    def merged(self) -> Iterator[Area]:
        """First and last row, first and last column of each merged area, counted from 0."""

    def percents(self, column: int) -> set[int]:
        """The row indexes of a column's numbers that are shown as per cent."""


def binary_sheet(path: Path, *, kind: FileKind, sheet: str, limits: Limits) -> RecordSheet:
    """The sheet of that name; `kind` is one of BINARY."""
    return OldSheet(path, sheet=sheet) if kind is FileKind.XLS else BinarySheet(path, sheet=sheet, limits=limits)
