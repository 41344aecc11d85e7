"""What the reader does not tell of a sheet in .xlsb, looked up in its records: merged areas, per cent cells."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET
from zipfile import BadZipFile

from tranche.imports.archive import open_archive
from tranche.imports.domain import Limits
from tranche.imports.reading.biff import Area

_SHEET, _ROW, _FORMAT, _STYLE, _STYLES_BEGIN, _STYLES_END, _MERGED = 156, 0, 44, 47, 617, 618, 176
_NUMBERS: Final = frozenset({2, 5, 9})
_VALUES: Final = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
_CELLS_END: Final = b"\x92\x01\x00"
_PERCENT_FORMATS: Final = frozenset({9, 10})
_BROKEN: Final = (BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, ET.ParseError)


class BinarySheet:
    """One sheet of a binary workbook; one that cannot be found has nothing."""

    def __init__(self, path: Path, *, sheet: str, limits: Limits) -> None:
        """`sheet` is its name."""
        self._cells = self._styles = b""
        try:
            with open_archive(path, limits=limits) as archive:
                links = {
                    link.get("Id", ""): link.get("Target", "")
                    for link in ET.fromstring(archive.file.read("xl/_rels/workbook.bin.rels"))  # noqa: S314  # limited
                }
                target = links.get(_link(archive.file.read("xl/workbook.bin"), sheet), "")
                self._cells = archive.file.read(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
                self._styles = archive.file.read("xl/styles.bin")
        except _BROKEN:
            return  # the reader has taken the file; what it read stands

    def merged(self) -> Iterator[Area]:
        """First and last row, first and last column of each merged area, counted from 0."""
        # They stand behind the cells.
        begin = self._cells.rfind(_CELLS_END)
        for kind, data in _walk(self._cells, begin) if begin >= 0 else ():
            if kind == _MERGED and len(data) >= 16:  # noqa: PLR2004  # four numbers
                yield struct.unpack_from("<IIII", data)

    def values(self) -> Iterator[tuple[int, int]]:
        """Row and column of every cell with a value, as they follow each other."""
        row = 0
        for kind, data in _walk(self._cells, 0):
            if kind == _ROW:
                row = int.from_bytes(data[:4], "little")
            elif kind in _VALUES:
                yield row, int.from_bytes(data[:4], "little")

    def percents(self, column: int) -> set[int]:
        """The row indexes of a column's numbers that are shown as per cent."""
        styles = _percent_styles(self._styles)
        found: set[int] = set()
        row = 0
        for kind, data in _walk(self._cells, 0) if styles else ():
            if kind == _ROW:
                row = int.from_bytes(data[:4], "little")
            elif kind in _NUMBERS:
                at, style = struct.unpack_from("<II", data.ljust(8, b"\x00"))
                if at == column and style & 0xFFFFFF in styles:
                    found.add(row)
        return found


def _link(workbook: bytes, sheet: str) -> str:
    for kind, data in _walk(workbook, 0):
        if kind == _SHEET:
            link, rest = _text(data[8:])
            if _text(rest)[0] == sheet:
                return link
    return ""


def _percent_styles(styles: bytes) -> set[int]:
    formats = set(_PERCENT_FORMATS)
    used: list[int] = []
    inside = False
    for kind, data in _walk(styles, 0):
        if kind == _FORMAT and "%" in _text(data[2:])[0]:
            formats.add(int.from_bytes(data[:2], "little"))
        inside = kind == _STYLES_BEGIN or (inside and kind != _STYLES_END)
        if inside and kind == _STYLE:
            used.append(int.from_bytes(data[2:4], "little"))
    return {number for number, shown in enumerate(used) if shown in formats}


def _text(data: bytes) -> tuple[str, bytes]:
    """A text behind the count of its letters, and what follows it."""
    end = 4 + 2 * int.from_bytes(data[:4], "little")
    return data[4:end].decode("utf-16-le", "replace"), data[end:]


def _walk(part: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place on: kind and data; numbers are kept in groups of seven bits."""
    while at < len(part):
        kind, at = _number(part, at, most=2)
        size, at = _number(part, at, most=4)
        if at + size > len(part):
            return
        yield kind, part[at : at + size]
        at += size


def _number(part: bytes, at: int, *, most: int) -> tuple[int, int]:
    number = 0
    for place in range(most):
        byte = part[at] if at < len(part) else 0
        number |= (byte & 0x7F) << (7 * place)
        at += 1
        if byte < 0x80:  # noqa: PLR2004  # the last of the number
            break
    return number, at
