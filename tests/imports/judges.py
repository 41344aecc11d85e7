"""Other readers of the same files, to compare with: openpyxl, Python's csv, and a plain walk through OpenDocument."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import openpyxl

from tests.imports.accountant import Account
from tranche.imports.reading.table import BLANKS

Cells = dict[tuple[int, int], str]
_SPACES: Final = {
    short: f"{{urn:oasis:names:tc:opendocument:xmlns:{short}:1.0}}" for short in ("office", "table", "text")
}
_NEAR: Final = 1e-14
_MOST_REPEATED: Final = 2_000
_MOST_CELLS: Final = 250_000


class CannotJudge(Exception):
    """The other reader does not read this file."""


def judge(account: Account) -> Cells:
    """The filled cells below the header as another reader sees them, by Excel's row and the sheet's column.

    Raises:
        CannotJudge: there is no other reader for the kind, or it fails.
    """
    walk = _JUDGES.get(account.kind)
    if walk is None:
        raise CannotJudge(account.kind)
    try:
        cells = dict(walk(Path(account.path), account))
    except Exception as error:
        raise CannotJudge(type(error).__name__) from error
    trimmed = {place: text.strip(BLANKS) for place, text in cells.items() if place[0] > account.header_row}
    return {place: text for place, text in trimmed.items() if text}


def same(ours: str, theirs: str) -> bool:
    """Whether two readers mean the same: numbers to fifteen digits, texts but for their line ends."""
    if _lines(ours) == _lines(theirs) or theirs == "#VALUE!":  # openpyxl's word for a day that it cannot name
        return True
    try:
        one, other = float(ours), float(theirs)
    except ValueError:
        return False
    return abs(one - other) <= _NEAR * max(abs(one), abs(other))


def _lines(text: str) -> str:
    return text.strip(BLANKS).replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n").replace("T", " ")


def _by_openpyxl(path: Path, account: Account) -> Iterator[tuple[tuple[int, int], str]]:
    sheet = openpyxl.load_workbook(path, data_only=True)[account.sheet or ""]
    if sheet.max_row * sheet.max_column > _MOST_CELLS:
        raise CannotJudge(path.name)
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                yield (cell.row, cell.column - 1), _text(cell.value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        return _clock(round(value.total_seconds()))
    if isinstance(value, dt.time):
        return value.isoformat("seconds")
    return repr(value) if isinstance(value, float) else str(value)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _by_csv(path: Path, account: Account) -> Iterator[tuple[tuple[int, int], str]]:
    text = path.read_bytes().decode(account.encoding or "utf-8").removeprefix("\ufeff")
    if text.lower().startswith("sep="):
        text = text.partition("\n")[2]
    for row, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=account.delimiter or ","), 1):
        for column, cell in enumerate(cells):
            yield (row, column), cell


def _by_elements(path: Path, account: Account) -> Iterator[tuple[tuple[int, int], str]]:
    with zipfile.ZipFile(path) as file:
        root = ET.fromstring(file.read("content.xml"))  # noqa: S314  # of our own making, or read before
    tables = [
        table for table in root.iter(f"{_SPACES['table']}table") if _said(table, "table", "name") == account.sheet
    ]
    number = 1
    for row in tables[0].iter(f"{_SPACES['table']}table-row"):
        repeated = int(_said(row, "table", "number-rows-repeated") or 1)
        cells = list(_of_row(row))
        for again in range(min(repeated, _MOST_REPEATED) if cells else 0):
            for column, text in cells:
                yield (number + again, column), text
        number += repeated


def _of_row(row: ET.Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        if not cell.tag.endswith("table-cell"):
            continue
        repeated = int(_said(cell, "table", "number-columns-repeated") or 1)
        text = _value(cell)
        for again in range(min(repeated, _MOST_REPEATED) if text else 0):
            yield column + again, text
        column += repeated


def _value(cell: ET.Element) -> str:
    kind = _said(cell, "office", "value-type")
    if any(value == "error" for value in cell.attrib.values()) or kind in ("", "string"):
        paragraphs = cell.findall(f"{_SPACES['text']}p")
        return "\n".join(_written(paragraph) for paragraph in paragraphs)
    if kind == "time":
        hours, _, rest = _said(cell, "office", "time-value").removeprefix("PT").partition("H")
        minutes, _, seconds = rest.partition("M")
        return _clock(int(hours) * 3600 + int(minutes) * 60 + round(float(seconds.rstrip("S") or 0)))
    name = {"boolean": "boolean-value", "date": "date-value"}.get(kind, "value")
    return _said(cell, "office", name)


def _written(element: ET.Element) -> str:
    """A paragraph's text; OpenDocument writes further blanks as elements."""
    is_blanks = element.tag == f"{_SPACES['text']}s"
    text = " " * int(_said(element, "text", "c") or 1) if is_blanks else element.text or ""
    return text + "".join(_written(child) + (child.tail or "") for child in element)


def _said(element: ET.Element, space: str, name: str) -> str:
    return element.get(f"{_SPACES[space]}{name}", "")


_JUDGES: Final = {"xlsx": _by_openpyxl, "ods": _by_elements, "csv": _by_csv}
