"""The values in a sheet's XML held against what the reader took: none may go missing or stand in for another.

The reader takes the last of two cells of one address, counts a row past 2^32 from the beginning again, leaves out what
is out of order, and gives the first text of the workbook for an index that is no number.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import UnreadableFile, index_of, letter_of

_VALUE_ENDS: Final = (b"</v>", b"</is>", b"<is/>")
_ODD_SIGNS: Final = (b"<!--", b"<![CDATA[", b"v>false", b"<v/>")
_NO_INDEX: Final = re.compile(rb't="s"[^<>]*>\s*<v>[0-9]*[^0-9<]')
_FAR_ROW: Final = re.compile(rb' r="([A-Za-z]+[0-9]{8,})"')
_PLACE: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_LAST_ROW: Final = 1_048_576
_LAST_COLUMN: Final = 16_384
_TAKEN, _SEEN = 1, 2
_AGAIN: Final = "Open it in a spreadsheet program, save it again as .xlsx and upload that."


@dataclass(slots=True)
class Tally:
    """What was counted in the XML of a sheet so far; `is_odd` asks for a closer look whatever the count says."""

    values: int = 0
    is_odd: bool = False

    def add(self, text: bytes, *, begin: int) -> None:
        """Count a piece, of which the part before `begin` was counted before.

        Raises:
            UnreadableFile: a cell has an address that no sheet has.
        """
        self.values += sum(text.count(end, max(0, begin - len(end) + 1)) for end in _VALUE_ENDS)
        self.is_odd = self.is_odd or any(sign in text for sign in _ODD_SIGNS) or _NO_INDEX.search(text) is not None
        refuse_far_rows(text)


def refuse_far_rows(text: bytes) -> None:
    """The reader counts past 2^32 from the beginning again.

    Raises:
        UnreadableFile: a cell is in a row that no sheet has.
    """
    if far := _FAR_ROW.search(text):
        raise damaged(f"it has a cell {far[1][:20].decode()}, which no sheet has")


def refuse_twins(names: Sequence[str]) -> None:
    """Sheets are asked for by name, so that of two of one name the second would never be read.

    Raises:
        UnreadableFile: there are two.
    """
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise damaged(f"it has two sheets of the name “{twice}”")


@dataclass(slots=True)
class Taken:
    """What the reader took of a sheet: its columns, of which the first is the column `first` of the sheet.

    `broken` are the cells that it named as errors instead, by column and row.
    """

    columns: Sequence[pa.ChunkedArray]
    first: int
    broken: Mapping[int, Mapping[int, str]]

    def count(self) -> int:
        """How many cells that is."""
        filled: int = sum(len(column) - column.null_count for column in self.columns)
        return filled + sum(len(cells) for cells in self.broken.values())


def audit(tally: Tally, taken: Taken, *, texts: Iterable[tuple[bytes, int]]) -> dict[tuple[int, int], str]:
    """Cells that the reader read as something else, by row and column index, with what they are.

    `texts` is the XML in pieces as `Tally.add` takes them. It is walked cell by cell only when the count is another
    than the reader's, or something in it is odd.

    Raises:
        UnreadableFile: a value is lost, doubled, or out of place; the sentence names its cell.
    """
    if tally.values == taken.count() and not tally.is_odd:
        return {}
    walker = _Walker(taken)
    parser = expat.ParserCreate()
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.text
    parser.CommentHandler = parser.StartCdataSectionHandler = walker.interrupt
    try:
        for text, begin in texts:
            parser.Parse(text[begin:], False)  # noqa: FBT003  # expat's way
    except expat.ExpatError as error:
        raise damaged("a sheet of it is not well formed") from error
    return walker.corrected


@dataclass(slots=True)
class _Cell:
    row: int
    column: int
    kind: str
    values: int = 0
    is_interrupted: bool = False
    words: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{letter_of(self.column)}{self.row + 1}"


class _Walker:
    """Marks each cell with a value as seen, in a map of what the reader took."""

    def __init__(self, taken: Taken) -> None:
        self.corrected: dict[tuple[int, int], str] = {}
        self._first = taken.first
        self._marks = [_marks(column, taken.broken.get(index, {})) for index, column in enumerate(taken.columns)]
        self._row = self._column = 0
        self._cell: _Cell | None = None
        self._inside = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        tag = name.rpartition(":")[2]
        if tag == "row":
            number = attributes.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row
            self._column = 0
        elif tag == "c":
            self._cell = self._open(attributes)
        elif self._cell is not None and tag in ("v", "is"):
            self._cell.values += 1
            self._inside += 1

    def text(self, data: str) -> None:
        """Words inside a value."""
        if self._cell is not None and self._inside:
            self._cell.words.append(data)

    def interrupt(self, *_: str) -> None:
        """A comment, or text in the raw: the reader takes what stands before it for the whole."""
        if self._cell is not None and self._inside:
            self._cell.is_interrupted = True

    def end(self, name: str) -> None:
        """A tag closes."""
        tag = name.rpartition(":")[2]
        if tag == "row":
            self._row += 1
        elif tag in ("v", "is") and self._inside:
            self._inside -= 1
        elif tag == "c" and self._cell is not None:
            self._check(self._cell)
            self._column, self._cell, self._inside = self._cell.column + 1, None, 0

    def _open(self, attributes: dict[str, str]) -> _Cell:
        address = attributes.get("r")
        row, column = self._row, self._column
        if address is not None:
            found = _PLACE.fullmatch(address)
            row, column = (int(found[2]) - 1, index_of(found[1])) if found else (_LAST_ROW, _LAST_COLUMN)
        if not (0 <= row < _LAST_ROW and column < _LAST_COLUMN):
            raise damaged(f"it has a cell {(address or 'of row ' + str(row + 1))[:20]}, which no sheet has")
        return _Cell(row, column, attributes.get("t", "n"))

    def _check(self, cell: _Cell) -> None:
        text = "".join(cell.words)
        if cell.is_interrupted:
            raise damaged(f"the value of the cell {cell.address} cannot be read")
        if cell.kind == "s" and text and not text.isdecimal():
            raise damaged(f"the cell {cell.address} refers to a text that is not there")
        if text.strip():
            self._mark(cell)
        if cell.kind == "b" and text == "false":
            self.corrected[cell.row, cell.column] = text

    def _mark(self, cell: _Cell) -> None:
        column = cell.column - self._first
        marks = self._marks[column] if 0 <= column < len(self._marks) else b""
        mark = marks[cell.row] if cell.row < len(marks) else 0
        if cell.values > 1 or mark == _SEEN:
            raise damaged(f"the cell {cell.address} stands in it with two values")
        if mark != _TAKEN or not isinstance(marks, bytearray):
            raise damaged(f"the cell {cell.address} is out of its order and could not be read")
        marks[cell.row] = _SEEN


def _marks(column: pa.ChunkedArray, broken: Mapping[int, str]) -> bytearray:
    """A byte for each row: whether the reader took a value there, or named it."""
    flags = pc.cast(column.is_valid(), pa.uint8()).combine_chunks()
    marks = bytearray(flags.buffers()[1])[flags.offset : flags.offset + len(flags)] if len(flags) else bytearray()
    for row in broken:
        marks[row] = _TAKEN
    return marks


def damaged(what: str) -> UnreadableFile:
    """The refusal of a workbook that no program has written like this, with the way out."""
    return UnreadableFile(f"The workbook is damaged: {what}. {_AGAIN}")
