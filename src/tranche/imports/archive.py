"""The zip directory of a workbook, checked before anything is unpacked: parts, sizes, doubles, the sheet's extent."""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tranche.imports.domain import FileTooLarge, Limits, UnreadableFile

_MOST_PARTS: Final = 10_000
_DIRECTORY_BYTES: Final = 4_000_000
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_ZIP64: Final = 0xFFFFFFFF
_COMMENT_BYTES: Final = 65_535
_RATIO: Final = 300
_RATIO_FROM: Final = 100_000_000
_SCAN_BYTES: Final = 64_000_000
_STEP: Final = 1 << 20
_PART_BYTES: Final = 10_000_000
_FAR_CELL: Final = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{2,3})([0-9]+)"[^>]*[^/]>')
_CELL: Final = re.compile(rb'r="([A-Z]{1,3})([0-9]+)"')
_DAMAGED: Final = "The workbook is damaged or was cut short on its way"
_AGAIN: Final = "Open it in a spreadsheet program, save it again and upload that."


@dataclass(frozen=True, slots=True)
class Archive:
    """A checked zip directory; `mime` is what an OpenDocument file says of itself, else empty."""

    file: zipfile.ZipFile
    names: tuple[str, ...]
    mime: str


@contextmanager
def open_archive(path: Path, *, limits: Limits) -> Iterator[Archive]:
    """Open a zip whose directory has been found sane.

    Raises:
        UnreadableFile: cut short, two parts of one name, encrypted parts.
        FileTooLarge: too many parts, or unpacked too large.
    """
    _check_end(path)
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError) as error:
        raise UnreadableFile(f"{_DAMAGED}. {_AGAIN}") from error
    with file:
        parts = file.infolist()
        _check_parts(parts, limits=limits)
        yield Archive(file, tuple(part.filename for part in parts), _mime(file))


def check_extent(path: Path, *, sheet: str, limits: Limits) -> None:
    """Refuse a sheet of .xlsx whose filled cells span an absurd area: the parser would allocate all of it.

    Only the first 64 MB are looked at; what comes later meets the memory limit of the child.

    Raises:
        FileTooLarge: naming the area.
    """
    with open_archive(path, limits=limits) as archive:
        part = _sheet_part(archive.file, sheet)
        if part is None:
            return
        try:
            rows, columns = _extent(archive.file, part)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise UnreadableFile(f"{_DAMAGED}. {_AGAIN}") from error
    if rows * columns > most_cells(limits):
        raise FileTooLarge(
            f"The sheet “{sheet}” spans {columns:,} columns by {rows:,} rows, because cells far outside the table "
            f"are filled. Delete them, or copy the table into a new workbook."
        )


def most_cells(limits: Limits) -> int:
    """How many cells of a workbook fit into the memory limit: a reader needs some 32 bytes for each."""
    return limits.memory_bytes // 40


def _check_end(path: Path) -> None:
    """Before the standard library reads a directory into memory: how large does it claim to be?"""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_BYTES - _COMMENT_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise UnreadableFile(f"{_DAMAGED}: its end is missing. {_AGAIN}")
    parts, directory = struct.unpack_from("<HI", tail, at + 10)
    if parts > _MOST_PARTS or _DIRECTORY_BYTES < directory < _ZIP64:
        raise FileTooLarge(f"The workbook consists of more than {_MOST_PARTS:,} parts, which is over the limit.")


def _check_parts(parts: list[zipfile.ZipInfo], *, limits: Limits) -> None:
    names = [part.filename.lower() for part in parts]
    total = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > _MOST_PARTS:
        raise FileTooLarge(f"The workbook consists of more than {_MOST_PARTS:,} parts, which is over the limit.")
    if total > limits.unzipped_bytes or (total > _RATIO_FROM and total > _RATIO * max(packed, 1)):
        raise FileTooLarge(
            f"Unpacked the workbook would take {total // 1_000_000:,} MB, which is over the limit of "
            f"{limits.unzipped_bytes // 1_000_000:,} MB or out of all proportion to its size. Split it."
        )
    if len(set(names)) < len(names):
        raise UnreadableFile(f"The workbook is damaged: it has two parts of one name. {_AGAIN}")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile(
            "The file is protected with a password. Save it without a password and upload it again.", code="encrypted"
        )


def _mime(file: zipfile.ZipFile) -> str:
    try:
        with file.open("mimetype") as part:
            return part.read(200).decode("ascii", "replace").strip()
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return ""


def _sheet_part(file: zipfile.ZipFile, sheet: str) -> str | None:
    """The part that holds a sheet, or None where the workbook is built in a way that we do not follow."""
    try:
        links = {
            link.get("Id"): (link.get("Target") or "")
            for link in ET.fromstring(_part(file, "xl/_rels/workbook.xml.rels"))  # noqa: S314  # a size-limited part, in a limited process
        }
        book = ET.fromstring(_part(file, "xl/workbook.xml"))  # noqa: S314  # as above
    except (KeyError, ET.ParseError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return None
    for element in book.iter():
        if element.tag.rpartition("}")[2] == "sheet" and element.get("name") == sheet:
            link = next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), None)
            target = posixpath.normpath(posixpath.join("xl", links.get(link, ""))).lstrip("/")
            return target if target in file.NameToInfo else None
    return None


def _part(file: zipfile.ZipFile, name: str) -> bytes:
    with file.open(name) as part:
        return part.read(_PART_BYTES)


def _extent(file: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """The last row and the last column that hold something, in the first part of the XML."""
    rows = columns = 1
    rest = b""
    with file.open(part) as stream:
        for _ in range(_SCAN_BYTES // _STEP):
            data = stream.read(_STEP)
            text = rest + data
            for letters, row in _FAR_CELL.findall(text):
                columns = max(columns, _number(letters))
                rows = max(rows, int(row[:8]))
            rows = max(rows, _last_filled(text))
            if not data:
                break
            rest = text[-400:]
    return rows, max(columns, 26)


def _last_filled(text: bytes) -> int:
    value = max(text.rfind(b"<v>"), text.rfind(b"<is>"))
    cell = text.rfind(b"<c ", 0, max(value, 0))
    found = _CELL.search(text, cell) if cell >= 0 else None
    return int(found[2][:8]) if found else 1


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
