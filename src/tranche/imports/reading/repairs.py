"""Bytes for the reader where it would misread a workbook as it stands: charts in .xls, a doubled epoch in .xlsx."""

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tranche.imports.archive import open_archive
from tranche.imports.domain import FileKind, Limits
from tranche.imports.reading.compound import find_streams

_KNOWN: Final = {".xlsx", ".xlsm", ".xlam", ".xls", ".xla", ".xlsb", ".ods"}
_PART: Final = "xl/workbook.xml"
_PART_BYTES: Final = 10_000_000
_PROPERTIES: Final = re.compile(rb"<(?:\w+:)?workbookPr\b[^<>]*>")
_EPOCH: Final = re.compile(rb"""date1904\s*=\s*["'](?:1|true|on)["']""")
_CHART_BEGINS: Final = re.compile(rb"\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x20\x00")
_BOF, _EOF = 0x0809, 0x000A
_CELLS: Final = frozenset({0x0006, 0x00BD, 0x00BE, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x0207, 0x027E, 0x0406})
_NOTHING: Final = struct.pack("<H", 0x0EFF)


def source(path: Path, *, kind: FileKind, limits: Limits) -> Path | bytes:
    """What the reader is given: the file, or bytes where the file's ending or its content would mislead it."""
    repaired = None
    if kind is FileKind.XLS:
        repaired = _without_charts(path)
    elif kind is FileKind.XLSX:
        repaired = _with_one_epoch(path, limits=limits)
    if repaired is not None:
        return repaired
    ending = path.suffix.lower()
    return path.read_bytes() if ending in _KNOWN and ending != f".{kind}" else path


def _with_one_epoch(path: Path, *, limits: Limits) -> bytes | None:
    """The reader heeds the last `workbookPr`; later versions of Excel write a second one, which has no epoch."""
    with open_archive(path, limits=limits) as archive:
        if _PART not in archive.file.NameToInfo:
            return None
        with archive.file.open(_PART) as part:
            text = part.read(_PART_BYTES)
        properties = _PROPERTIES.findall(text)
        if len(properties) < 2 or not _EPOCH.search(properties[0]) or _EPOCH.search(properties[-1]):  # noqa: PLR2004  # a second one
            return None
        first = text.index(properties[0]) + len(properties[0])
        later = text[first:].replace(b"workbookPr", b"workbookEx")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for entry in archive.file.infolist():
                data = text[:first] + later if entry.filename == _PART else archive.file.read(entry)
                copy.writestr(entry.filename, data)
        return out.getvalue()


def _without_charts(path: Path) -> bytes | None:
    """A chart inside a sheet keeps copies of cells, which the reader takes for cells of the sheet."""
    data = path.read_bytes()
    if not _CHART_BEGINS.search(data):
        return None
    changed = bytearray(data)
    for stream in find_streams(data, ("workbook", "book")):
        for at in _chart_cells(stream.data):
            for byte in range(2):
                changed[stream.place(at + byte)] = _NOTHING[byte]
    return bytes(changed)


def _chart_cells(stream: bytes) -> Iterator[int]:
    """Where records of cells begin that stand in a substream within a substream."""
    at = depth = 0
    while at + 4 <= len(stream):
        record, size = struct.unpack_from("<HH", stream, at)
        if record == _BOF:
            depth += 1
        elif record == _EOF:
            depth = max(0, depth - 1)
        elif depth > 1 and record in _CELLS:
            yield at
        at += 4 + size
