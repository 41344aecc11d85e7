"""What the reader does not tell of a sheet in .xls, looked up in its records: merged areas, per cent cells."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tranche.imports.reading.compound import find_streams

_BOF, _EOF, _SHEET, _FORMAT, _XF, _MERGED, _MULTIPLE = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0, 0x00E5, 0x00BD
_NUMBERS: Final = frozenset({0x0006, 0x0203, 0x027E, 0x0406})
_VALUES: Final = _NUMBERS | {0x00D6, 0x00FD, 0x0204, 0x0205}
_PERCENT_FORMATS: Final = frozenset({9, 10})
_VERSION_8: Final = 0x0600

Area = tuple[int, int, int, int]


class OldSheet:
    """One sheet of a workbook of Excel 5 to 2003; one that cannot be found has nothing."""

    def __init__(self, path: Path, *, sheet: str) -> None:
        """`sheet` is its name."""
        data = path.read_bytes()
        self._stream = next((found.data for found in find_streams(data, ("workbook", "book"))), b"")
        self._sheet = sheet

    def merged(self) -> Iterator[Area]:
        """First and last row, first and last column of each merged area, counted from 0."""
        for kind, at, size in self._records():
            if kind == _MERGED:
                for place in range(at + 2, at + size - 7, 8):
                    yield struct.unpack_from("<HHHH", self._stream, place)

    def percents(self, column: int) -> set[int]:
        """The row indexes of a column's numbers that are shown as per cent."""
        styles = self._percent_styles()
        return {row for row, at, style in self._numbers() if at == column and style in styles}

    def values(self) -> Iterator[tuple[int, int]]:
        """Row and column of every cell with a value, as they follow each other."""
        return ((row, column) for row, column, _ in self._cells(_VALUES))

    def _numbers(self) -> Iterator[tuple[int, int, int]]:
        """Row, column and style of every number."""
        return self._cells(_NUMBERS)

    def _cells(self, kinds: frozenset[int]) -> Iterator[tuple[int, int, int]]:
        for kind, at, size in self._records():
            if kind in kinds and size >= 6:  # noqa: PLR2004  # three numbers of two bytes
                yield struct.unpack_from("<HHH", self._stream, at)
            elif kind == _MULTIPLE:
                row, first = struct.unpack_from("<HH", self._stream, at)
                for number, place in enumerate(range(at + 4, at + size - 7, 6)):
                    yield row, first + number, struct.unpack_from("<H", self._stream, place)[0]

    def _percent_styles(self) -> set[int]:
        formats = set(_PERCENT_FORMATS)
        styles: list[int] = []
        for kind, at, size in _walk(self._stream, 0):
            data = self._stream[at : at + size]
            if kind == _FORMAT and "%" in _text(data[2:], count_bytes=2, has_flags=self._is_new):
                formats.add(int.from_bytes(data[:2], "little"))
            elif kind == _XF:
                styles.append(int.from_bytes(data[2:4], "little"))
        return {number for number, used in enumerate(styles) if used in formats}

    def _records(self) -> Iterator[tuple[int, int, int]]:
        begin = self._begin()
        return _walk(self._stream, begin) if begin else iter(())

    def _begin(self) -> int:
        for kind, at, size in _walk(self._stream, 0):
            if kind == _SHEET:
                name = _text(self._stream[at + 6 : at + size], count_bytes=1, has_flags=self._is_new)
                if name == self._sheet:
                    return int.from_bytes(self._stream[at : at + 4], "little")
        return 0

    @property
    def _is_new(self) -> bool:
        return self._stream[4:6] == struct.pack("<H", _VERSION_8)


def _walk(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records of one part of the stream; what is embedded in it is passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        at += 4
        if at + size > len(stream):
            return
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, at, size
        at += size


def _text(data: bytes, *, count_bytes: int, has_flags: bool) -> str:
    """A text behind its length; since Excel 97 a flag says whether its letters have one byte or two."""
    if not has_flags:
        return data[1:].decode("latin-1")
    is_wide, letters = data[count_bytes : count_bytes + 1] == b"\x01", data[count_bytes + 1 :]
    return letters.decode("utf-16-le", "replace") if is_wide else letters.decode("latin-1")
