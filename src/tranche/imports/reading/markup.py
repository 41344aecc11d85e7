"""What the reader does not tell of a sheet in .xlsx, looked up in its XML: extent, formulas, merges, per cent cells."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tranche.imports.archive import open_archive
from tranche.imports.domain import FileTooLarge, Limits, UnreadableFile, index_of
from tranche.imports.reading.auditing import Tally, refuse_far_rows

_STEP: Final = 1 << 20
_PREFIX_BYTES: Final = 64_000_000
_LONGEST_CELL: Final = 40_000
_LEAST_COLUMNS: Final = 26
_LETTERS: Final = 7
_HEAD: Final = 8
_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_PERCENT_FORMATS: Final = frozenset({"9", "10"})
_ROW_DIGITS: Final = 7
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)

_FAR: Final = re.compile(rb'<c r="([A-Z]{2,})([0-9]+)"[^<>]*(?<!/)>')
_CELL: Final = re.compile(rb'r="([A-Z]{1,3})([0-9]+)"')
_UNSAVED: Final = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_EMPTY_TEXT: Final = re.compile(rb"""\bt\s*=\s*["']str["']""")
_ADDRESS: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_MERGED: Final = re.compile(rb"""mergeCell\s[^<>]*\bref\s*=\s*["']([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})["']""")
_TINY_SIGNS: Final = (b"E-", b"e-", b".000000000")
_TINY: Final = re.compile(rb"v>-?(?:[0-9.]+[eE]-|0?\.0{9})")
_TAIL: Final = 8


@dataclass(slots=True)
class Survey:
    """What a sheet's XML holds: how many values, whether there are formulas, the merged areas.

    `is_found` says that the XML was found at all.
    """

    is_found: bool = False
    tally: Tally = field(default_factory=Tally)
    formulas: bool = False
    merged: dict[str, str] = field(default_factory=dict)


def check_extent(path: Path, *, sheet: str, limits: Limits) -> None:
    """Refuse a sheet whose filled cells span an absurd area: the reader would allocate all of it.

    Only the first 64 MB are looked at; what comes later meets the memory limit of the child.

    Raises:
        FileTooLarge: naming the area.
        UnreadableFile: the sheet cannot be unpacked, or a cell is where no cell can be.
    """
    rows = columns = 1
    for number, (text, _) in enumerate(_read(path, sheet=sheet, limits=limits, most=_PREFIX_BYTES)):
        for letters, row in _FAR.findall(text):
            columns = max(columns, index_of(letters[:_LETTERS].decode()) + 1)
            rows = max(rows, int(row[:_ROW_DIGITS]))
        rows = max(rows, _last_filled(text))
        if number < _HEAD:  # a whole small workbook; the rest is looked at beside the reader
            refuse_far_rows(text)
    if columns > limits.columns or rows * max(columns, _LEAST_COLUMNS) > most_cells(limits):
        raise FileTooLarge(
            f"The sheet “{sheet}” spans {columns:,} columns by {rows:,} rows, because cells far outside the table "
            "are filled. Delete them, or copy the table into a new workbook."
        )


def survey(path: Path, *, sheet: str, limits: Limits) -> Survey:
    """Look the whole sheet over, in a thread beside the reader.

    Raises:
        UnreadableFile: as `check_extent`.
    """
    found = Survey()
    tail: list[bytes] = []
    for text, begin in _read(path, sheet=sheet, limits=limits, most=limits.unzipped_bytes):
        found.is_found = True
        found.tally.add(text, begin=begin)
        found.formulas = found.formulas or b"<f" in text or (b"<row" not in text and b":f" in text)
        tail = [*(tail[-_TAIL:] if b"<row" not in text else ()), text]
    for text in tail:  # merged areas stand behind the rows
        found.merged.update((begin.decode(), end.decode()) for begin, end in _MERGED.findall(text))
    return found


def most_cells(limits: Limits) -> int:
    """How many cells of a workbook fit into the memory limit: a reader needs some 32 bytes for each."""
    return limits.memory_bytes // 40


def unsaved_formulas(path: Path, *, sheet: str, limits: Limits) -> list[tuple[int, int]]:
    """Row and column indexes of formulas whose results were not saved; the reader takes them for empty cells.

    Raises:
        UnreadableFile: there is one whose place is not written down.
    """
    found: set[tuple[int, int]] = set()
    for text, _ in pieces(path, sheet=sheet, limits=limits, most=limits.unzipped_bytes):
        for attributes in _UNSAVED.findall(text):
            place = _ADDRESS.search(attributes)
            if _EMPTY_TEXT.search(attributes):
                continue
            if place is None:
                raise UnreadableFile(
                    f"The sheet “{sheet}” has formulas without a stored value. "
                    "Open the file in a spreadsheet program, save it and upload that."
                )
            found.add((int(place[2]) - 1, index_of(place[1].decode())))
    return sorted(found)


def has_tiny_numbers(path: Path, *, sheet: str, limits: Limits) -> bool:
    """Whether a cell may hold a number so near to 0 that nine decimals do not show it."""
    return any(
        any(sign in text for sign in _TINY_SIGNS) and _TINY.search(text) is not None
        for text, _ in pieces(path, sheet=sheet, limits=limits, most=limits.unzipped_bytes)
    )


def percent_rows(path: Path, *, sheet: str, letter: str, limits: Limits) -> set[int]:
    """Row indexes of a column's cells that are shown as per cent, so that 0.19 in the file is 19 % to a person."""
    with open_archive(path, limits=limits) as archive:
        styles = _percent_styles(archive.file)
    cell = re.compile(rb'<c r="' + letter.encode() + rb'([0-9]{1,7})"[^<>]*? s="([0-9]+)"')
    return {
        int(row) - 1
        for text, _ in pieces(path, sheet=sheet, limits=limits, most=limits.unzipped_bytes)
        for row, style in cell.findall(text)
        if int(style) in styles
    }


def _read(path: Path, *, sheet: str, limits: Limits, most: int) -> Iterator[tuple[bytes, int]]:
    try:
        yield from pieces(path, sheet=sheet, limits=limits, most=most)
    except _BROKEN as error:
        raise UnreadableFile("The workbook is damaged: a sheet cannot be unpacked. Save it again as .xlsx.") from error


def pieces(path: Path, *, sheet: str, limits: Limits, most: int) -> Iterator[tuple[bytes, int]]:
    """The XML of a sheet in pieces that overlap by the longest cell, each with where its own part begins.

    There are none where the sheet cannot be found, and none behind `most` bytes.
    """
    with _opened(path, limits=limits) as file:
        part = _sheet_part(file, sheet)
        if part is None:
            return
        rest = b""
        with file.open(part) as stream:
            for _ in range(0, most, _STEP):
                data = stream.read(_STEP)
                if not data:
                    return
                text = rest + data
                yield text, len(rest)
                rest = text[-_LONGEST_CELL:]


@contextmanager
def _opened(path: Path, *, limits: Limits) -> Iterator[zipfile.ZipFile]:
    with open_archive(path, limits=limits) as archive:
        yield archive.file


def _sheet_part(file: zipfile.ZipFile, sheet: str) -> str | None:
    """The part that holds a sheet, or None where the workbook is built in a way that we do not follow."""
    known = {name.replace("\\", "/").lstrip("/").lower(): name for name in file.NameToInfo}
    links = {link.get("Id"): link.get("Target") or "" for link in _elements(file, known.get(_LINKS, _LINKS))}
    for element in _elements(file, known.get(_BOOK, _BOOK)):
        if _tag(element) == "sheet" and element.get("name") == sheet:
            link = next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), None)
            target = posixpath.normpath(posixpath.join("/xl", links.get(link, "").replace("\\", "/"))).lstrip("/")
            return known.get(target.lower())
    return None


def _percent_styles(file: zipfile.ZipFile) -> set[int]:
    formats = set(_PERCENT_FORMATS)
    styles: list[bool] = []
    inside = False
    for element in _elements(file, "xl/styles.xml"):
        tag = _tag(element)
        if tag == "numFmt" and "%" in (element.get("formatCode") or ""):
            formats.add(element.get("numFmtId") or "")
        inside = tag == "cellXfs" or (inside and tag != "cellStyles")
        if inside and tag == "xf":
            styles.append(element.get("numFmtId") in formats)
    return {index for index, is_percent in enumerate(styles) if is_percent}


def _elements(file: zipfile.ZipFile, name: str) -> Iterator[ET.Element]:
    """The tags of a part with their attributes, without what is in them: styles alone may take many megabytes."""
    try:
        with file.open(name) as part:
            for _, element in ET.iterparse(part, ("start",)):  # noqa: S314  # of limited size, in a limited process
                yield element
                element.clear()
    except (KeyError, ET.ParseError, *_BROKEN):
        return


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _last_filled(text: bytes) -> int:
    value = max(text.rfind(b"<v>"), text.rfind(b"<is>"))
    cell = text.rfind(b"<c ", 0, max(value, 0))
    found = _CELL.search(text, cell) if cell >= 0 else None
    return int(found[2][:_ROW_DIGITS]) if found else 1
