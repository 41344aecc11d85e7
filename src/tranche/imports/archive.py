"""The zip directory of a workbook, checked before anything is unpacked: parts, sizes, doubles, passwords."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.imports.domain import FileTooLarge, Limits, UnreadableFile

_MOST_PARTS: Final = 10_000
_DIRECTORY_BYTES: Final = 4_000_000
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_ZIP64: Final = 0xFFFFFFFF
_COMMENT_BYTES: Final = 65_535
_RATIO: Final = 300
_RATIO_FROM: Final = 100_000_000
_MANIFEST_BYTES: Final = 1_000_000
_UNREADABLE_PART: Final = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
ENCRYPTED: Final = "The file is protected with a password. Save it without a password and upload it again."
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
        raise UnreadableFile(f"The workbook is damaged or was cut short on its way. {_AGAIN}") from error
    with file:
        parts = file.infolist()
        _check_parts(parts, limits=limits)
        if _has_secrets(file):
            raise UnreadableFile(ENCRYPTED, code="encrypted")
        yield Archive(file, tuple(part.filename for part in parts), _mime(file))


def _check_end(path: Path) -> None:
    """Before the standard library reads a directory into memory: how large does it claim to be?"""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_BYTES - _COMMENT_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise UnreadableFile(f"The workbook is damaged or was cut short on its way: its end is missing. {_AGAIN}")
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
        raise UnreadableFile(ENCRYPTED, code="encrypted")


def _mime(file: zipfile.ZipFile) -> str:
    try:
        with file.open("mimetype") as part:
            return part.read(200).decode("ascii", "replace").strip()
    except _UNREADABLE_PART:
        return ""


def _has_secrets(file: zipfile.ZipFile) -> bool:
    """OpenDocument encrypts each part by itself, so that only its manifest says so."""
    try:
        with file.open("META-INF/manifest.xml") as part:
            return b"encryption-data" in part.read(_MANIFEST_BYTES)
    except _UNREADABLE_PART:
        return False
