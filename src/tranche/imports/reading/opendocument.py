"""What the reader does not tell of a sheet in .ods, looked up in its XML: errors, formulas, per cent, merges."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat
from zipfile import BadZipFile

from tranche.imports.archive import open_archive
from tranche.imports.domain import Limits
from tranche.imports.reading.biff import Area

_STEP: Final = 1 << 20
_SIGNS: Final = (b":formula=", b'"error"', b'"percentage"', b"-spanned=")
_MOST_REPEATED: Final = 100_000
_BROKEN: Final = (BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, expat.ExpatError)


@dataclass(slots=True)
class OddCells:
    """By row and column index: the words in error cells, formulas without a value, per cent cells; merged areas."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unsaved: list[tuple[int, int]] = field(default_factory=list)
    percent: set[tuple[int, int]] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)


def odd_cells(path: Path, *, sheet: str, limits: Limits) -> OddCells:
    """Walk the sheet, unless its text holds no formula, error or rate at all."""
    found = OddCells()
    try:
        if any(sign in text for text in _texts(path, limits) for sign in _SIGNS):
            walker = _Walker(sheet, found)
            parser = expat.ParserCreate(namespace_separator=" ")
            parser.StartElementHandler = walker.start
            parser.EndElementHandler = walker.end
            parser.CharacterDataHandler = walker.text
            for text in _texts(path, limits):
                parser.Parse(text, False)  # noqa: FBT003  # expat's way
    except _BROKEN:
        return found  # the reader has taken the file; what it read stands
    return found


def _texts(path: Path, limits: Limits) -> Iterator[bytes]:
    with open_archive(path, limits=limits) as archive, archive.file.open("content.xml") as stream:
        for _ in range(0, limits.unzipped_bytes, _STEP):
            data = stream.read(_STEP)
            if not data:
                return
            yield data


class _Walker:
    """Counts rows and cells of one table, heeding repeats, and keeps what is odd."""

    def __init__(self, sheet: str, found: OddCells) -> None:
        self._sheet = sheet
        self._found = found
        self._inside = False
        self._row = self._rows = self._column = self._columns = 0
        self._kind = ""
        self._words: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        tag = name.rpartition(" ")[2]
        said = {key.rpartition(" ")[2] if "calc" not in key else f"calc {key.rpartition(' ')[2]}": value
                for key, value in attributes.items()}  # fmt: skip
        if tag == "table":
            self._inside = said.get("name") == self._sheet
            self._row = 0
        elif self._inside and tag == "table-row":
            self._rows, self._column = _repeats(said, "number-rows-repeated"), 0
        elif self._inside and tag in ("table-cell", "covered-table-cell"):
            self._columns, self._kind, self._words = _repeats(said, "number-columns-repeated"), _kind(said), []
            self._keep_merged(said)

    def text(self, data: str) -> None:
        """Words, kept where they tell of an error."""
        if self._inside and self._kind == "error":
            self._words.append(data)

    def end(self, name: str) -> None:
        """A tag closes."""
        tag = name.rpartition(" ")[2]
        if not self._inside:
            return
        if tag == "table":
            self._inside = False
        elif tag == "table-row":
            self._row += self._rows
        elif tag in ("table-cell", "covered-table-cell"):
            if self._kind:
                self._keep()
            self._column += self._columns
            self._kind = ""

    def _keep_merged(self, said: dict[str, str]) -> None:
        rows, columns = _repeats(said, "number-rows-spanned"), _repeats(said, "number-columns-spanned")
        if rows > 1 or columns > 1:
            self._found.merged.append((self._row, self._row + rows - 1, self._column, self._column + columns - 1))

    def _keep(self) -> None:
        words = "".join(self._words).strip() or "an error"
        for row in range(self._row, self._row + min(self._rows, _MOST_REPEATED)):
            for column in range(self._column, self._column + min(self._columns, _MOST_REPEATED // 100)):
                if self._kind == "error":
                    self._found.errors[row, column] = words
                elif self._kind == "unsaved":
                    self._found.unsaved.append((row, column))
                else:
                    self._found.percent.add((row, column))


def _kind(said: dict[str, str]) -> str:
    if said.get("calc value-type") == "error":
        return "error"
    if "formula" in said and "value-type" not in said:
        return "unsaved"
    return "percent" if said.get("value-type") == "percentage" else ""


def _repeats(said: dict[str, str], name: str) -> int:
    text = said.get(name, "1")
    return int(text) if text.isdecimal() and len(text) < 10 else 1  # noqa: PLR2004  # no sheet is as high
