"""What the bytes of a file are, whatever its name says, and a plain sentence where they are not a spreadsheet."""

import mmap
import struct
from pathlib import Path
from typing import Final

from tranche.imports.archive import ENCRYPTED, open_archive
from tranche.imports.domain import FileKind, Limits, UnreadableFile, UnsupportedFile

_CFB: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD: Final = 4096
_SMALLEST_CFB: Final = 1536
_SECTOR_SHIFTS: Final = {9: 3, 12: 4}
_LITTLE_ENDIAN: Final = 0xFFFE
_WORKBOOK_NAMES: Final = (".xlsx", ".xls", ".xlsb", ".ods", ".xlsm", ".xltx", ".xlt")
_SAVE_AS: Final = "Open it in a spreadsheet program, save it as .xlsx and upload that."
_MACROS: Final = (
    "The workbook contains macros, which are not accepted. Save it as .xlsx without macros and upload that."
)

_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "a PDF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x09\x00\x04\x00", "a worksheet of Excel 2"),
    (b"\x09\x02\x06\x00", "a worksheet of Excel 3"),
    (b"\x09\x04\x06\x00", "a worksheet of Excel 4"),
    (b"\x09\x08\x08\x00", "a worksheet of Excel 5"),
)
_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<div", b"<script", b"<style")


def detect(path: Path, *, file_name: str, limits: Limits) -> FileKind:
    """What kind of spreadsheet the bytes are, after cheap checks; no table is unpacked.

    Raises:
        UnreadableFile: empty, encrypted, cut short, or damaged beyond reading.
        UnsupportedFile: something else than a spreadsheet, whatever it is called.
        FileTooLarge: unpacked it would pass the limits.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise UnreadableFile("The file is empty (0 bytes).", code="empty_file")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _archive_kind(path, limits=limits)
    if head.startswith(_CFB[: len(head)]) and len(head) >= len(_CFB):
        return _compound_kind(path, head)
    _refuse_foreign(head)
    if file_name.lower().endswith(_WORKBOOK_NAMES):
        raise UnsupportedFile(_misnamed(file_name, head))
    return FileKind.CSV


def _archive_kind(path: Path, *, limits: Limits) -> FileKind:
    with open_archive(path, limits=limits) as archive:
        names = {name.lower().lstrip("/").replace("\\", "/") for name in archive.names}
        kind = archive.mime
    if kind.startswith("application/vnd.oasis.opendocument.spreadsheet") or (not kind and "content.xml" in names):
        return FileKind.ODS
    if "xl/vbaproject.bin" in names:
        raise UnsupportedFile(_MACROS, code="macros")
    if "xl/workbook.bin" in names:
        return FileKind.XLSB
    if any(name.startswith("xl/") for name in names) or "workbook.xml" in names:
        return FileKind.XLSX
    raise UnsupportedFile(f"The file is {_archive_name(names, kind)}, not a spreadsheet. {_SAVE_AS}")


def _archive_name(names: set[str], kind: str) -> str:
    if any(name.startswith("word/") for name in names) or kind.endswith("opendocument.text"):
        return "a text document"
    if any(name.startswith("ppt/") for name in names) or kind.endswith("opendocument.presentation"):
        return "a presentation"
    if any(name.endswith(".iwa") or name == "index.zip" for name in names):
        return "an Apple Numbers, Pages or Keynote document"
    if kind.startswith("application/vnd.oasis"):
        return "an OpenDocument file of another kind"
    return "a zip archive"


def _compound_kind(path: Path, head: bytes) -> FileKind:
    """The old container of Office: an .xls, an encrypted workbook, or another program's document."""
    _check_compound(path, head)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = {name for name in _STREAMS if data.find(name.encode("utf-16-le")) >= 0}
    if "EncryptedPackage" in found:
        raise UnreadableFile(ENCRYPTED, code="encrypted")
    if found & {"Workbook", "WORKBOOK", "Book", "BOOK"}:
        return FileKind.XLS
    if "WordDocument" in found:
        raise UnsupportedFile(f"The file is a Word document, not a spreadsheet. {_SAVE_AS}")
    if "PowerPoint Document" in found:
        raise UnsupportedFile(f"The file is a presentation, not a spreadsheet. {_SAVE_AS}")
    return FileKind.XLS


_STREAMS: Final = (
    "EncryptedPackage",
    "Workbook",
    "WORKBOOK",
    "Book",
    "BOOK",
    "WordDocument",
    "PowerPoint Document",
)


def _check_compound(path: Path, head: bytes) -> None:
    """The sizes in the header must fit into the file; fuzzed ones make readers allocate without end."""
    size = path.stat().st_size
    if size < _SMALLEST_CFB:
        raise UnreadableFile("The file is cut short: it begins like an .xls workbook and ends at once.")
    version, order, shift = struct.unpack_from("<HHH", head, 26)
    tables, directory = struct.unpack_from("<I", head, 44)[0], struct.unpack_from("<I", head, 48)[0]
    sectors = size >> shift if _SECTOR_SHIFTS.get(shift) == version else 0
    if order != _LITTLE_ENDIAN or tables > sectors or directory > sectors:
        raise UnreadableFile(f"The .xls workbook is damaged: its table of contents points outside it. {_SAVE_AS}")


def _refuse_foreign(head: bytes) -> None:
    for start, what in _FOREIGN:
        if head.startswith(start):
            raise UnsupportedFile(f"The file is {what}, not a spreadsheet that can be read. {_SAVE_AS}")
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(_PAGES):
        raise UnsupportedFile(f"The file is a web page, not a spreadsheet. {_SAVE_AS}")
    if begin.startswith(b"<?xml"):
        what = "an XML spreadsheet of Excel 2003" if b"spreadsheet" in begin else "an XML file"
        raise UnsupportedFile(f"The file is {what}, not a spreadsheet that can be read. {_SAVE_AS}")
    if begin.startswith(b"mime-version:"):
        raise UnsupportedFile(f"The file is a saved web page. {_SAVE_AS}")


def _misnamed(file_name: str, head: bytes) -> str:
    ending = file_name[file_name.rindex(".") :]
    printable = not any(byte < 9 or 13 < byte < 32 for byte in head)  # noqa: PLR2004  # control characters of ASCII
    if printable:
        return f"The file is called {ending} but holds plain text. If it is a CSV file, rename it to .csv."
    return f"The file is called {ending} but is not a workbook; it may have been damaged on its way."
