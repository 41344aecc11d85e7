"""A corrected workbook of errors, compared with what it was made from: only what a person changed is taken."""

import re
from array import array
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tranche.imports.corrections.domain import Entry, InvalidCell
from tranche.imports.corrections.values import Habits, bare, read_entry, require_storable
from tranche.imports.domain import (
    ROW_HEADER,
    Field,
    FieldKind,
    Limits,
    OriginalRow,
    ParseRequest,
    UnreadableFile,
)
from tranche.imports.parser import Originals, read_rows
from tranche.imports.reading.parts import side_by_side
from tranche.imports.targets import Import
from tranche.imports.workbook import ORIGIN, columns_of, places_of

_ROW_FIELD: Final = (Field(ROW_HEADER, ROW_HEADER, required=True),)
_NUMBER: Final = re.compile(r"([1-9][0-9]{0,8})(?:\.0+)?")
_CHANGE: Final = re.compile(r"[0-9]{1,18}")
_ERROR_CELL: Final = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA)")
_SMALL: Final = re.compile(r"0?\.[0-9]*[1-9][0-9]*|1(?:\.0+)?")
_FOREIGN: Final = (
    "This workbook was made from import {other}, and these are the corrections of import {own}. Nothing was changed. "
    "Download the workbook of errors of this import, correct it and send that."
)
_NO_ROW: Final = (
    "The workbook has no column _row, so nobody can tell which rows these are. Nothing was changed. Download the "
    "workbook of errors, correct its cells and leave its last columns as they are."
)
_PERCENT: Final = (
    "The corrected cell holds {value}: is that {value} % or a hundred times as much? Write it as 19 or as 0.5 %."
)
_BROKEN: Final = "The corrected cell holds {value}."


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRow:
    """One row of the workbook. `at` is its number there, `row` that of the import (None: `_row` holds no number)."""

    at: int
    row: int | None
    cells: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A corrected workbook."""

    path: Path
    file_name: str
    work: Import
    fields: tuple[Field, ...]
    limits: Limits

    def rows(self, baseline: "Baseline", *, should_abort: Callable[[], bool]) -> Generator[CorrectedRow, None, None]:
        """The rows with their cells by field, those that have a column; blank rows are left out.

        The baseline is told when the workbook was made, as far as the workbook knows it.

        Raises:
            UnreadableFile: it lacks `_row`, or was made from another import; before the first row.
            UnsupportedFile, FileTooLarge, ParseAbortedError: as reading any file.
        """
        request = ParseRequest(path=self.path, fields=_ROW_FIELD, file_name=self.file_name, limits=self.limits)
        with read_rows(request, rows=None, should_abort=should_abort) as found:
            baseline.through = self._made_after(found)
            places = places_of(columns_of(self.work, self.fields) | {ROW_HEADER: (ROW_HEADER,)}, found.headers)
            for original in found.rows:
                cells = cells_of(original, places, fields=self.fields)
                if any(original.cells) and cells[ROW_HEADER] != ROW_HEADER:
                    yield _corrected(original, cells)

    def _made_after(self, found: Originals) -> int | None:
        """The last change that a workbook of this import shows; None where it does not say so, as a CSV file."""
        origins = [name.removeprefix(ORIGIN).partition(" ") for name in found.sheets if name.startswith(ORIGIN)]
        if any(origin != str(self.work.id) for origin, _, _ in origins):
            sentence = _FOREIGN.replace("{other}", origins[0][0]).replace("{own}", str(self.work.id))
            raise UnreadableFile(sentence, code="foreign_workbook")
        if ROW_HEADER not in found.headers:
            raise UnreadableFile(_NO_ROW, code="no_row_column")
        return next((int(through) for _, _, through in origins if _CHANGE.fullmatch(through)), None)


def cells_of(
    original: OriginalRow, places: Mapping[str, list[int]], *, fields: Sequence[Field]
) -> dict[str, str | None]:
    """The cells of a row by field; those of joined columns as the reading joins them."""
    dates = {field.name for field in fields if field.kind is FieldKind.DATE}
    return {
        name: side_by_side([bare(original.cells[at]) for at in columns], is_date=name in dates and len(columns) > 1)
        for name, columns in places.items()
    }


def _corrected(original: OriginalRow, cells: dict[str, str | None]) -> CorrectedRow:
    number = _NUMBER.fullmatch(cells.pop(ROW_HEADER) or "")
    return CorrectedRow(at=original.row, row=int(number[1]) if number else None, cells=cells)


@dataclass(slots=True)
class Baseline:
    """What a workbook of errors showed when it was made, cell by cell: marks that fit into memory for a million rows.

    `through` is the last change that it showed, None if that is not known: then it counts as made just now. `_entered`
    has three numbers for each value that people entered: the change, the field's place, the mark.
    """

    fields: tuple[str, ...]
    through: int | None = None
    _places: dict[int, int] = field(default_factory=dict)
    _marks: "array[int]" = field(default_factory=lambda: array("q"))
    _entered: dict[int, "array[int]"] = field(default_factory=dict)

    def add(self, row: int, cells: Mapping[str, str | None]) -> None:
        """Note one row as the file has it."""
        self._places[row] = len(self._places)
        self._marks.extend(_mark(cells.get(name)) for name in self.fields)

    def enter(self, row: int, name: str, text: str | None, *, change: int) -> None:
        """Note what a person entered into a cell; the changes of a cell come in their order."""
        if row in self._places and name in self.fields:
            self._entered.setdefault(row, array("q")).extend((change, self.fields.index(name), _mark(text)))

    def __contains__(self, row: object) -> bool:
        return row in self._places

    def changed(self, row: int, cells: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
        """The fields of the row that say something else than was shown; a column that was taken out says nothing."""
        shown = self._shown(row)
        for at, name in enumerate(self.fields):
            if name in cells and _mark(cells[name]) != shown[at]:
                yield name, cells[name]

    def _shown(self, row: int) -> "array[int]":
        begin = self._places[row] * len(self.fields)
        shown = self._marks[begin : begin + len(self.fields)]
        entered = iter(self._entered.get(row, ()))
        for change, at, mark in zip(entered, entered, entered, strict=True):
            if self.through is None or change <= self.through:
                shown[at] = mark
        return shown


def _mark(text: str | None) -> int:
    """Line ends may change on the way through a spreadsheet program."""
    plain = bare(text)
    return hash(plain.replace("\r\n", "\n").replace("_x000D_", "")) if plain else 0


def read_corrected(row: int, entry: Field, text: str | None, *, habits: Habits) -> Entry:
    """A changed cell, with the doubts that only a spreadsheet brings."""
    value = bare(text)
    doubt = _doubt(entry, value)
    if doubt:
        return Entry(row=row, field=entry.name, value=None, code=doubt[0], message=doubt[1])
    try:
        require_storable(entry.name, value, pointer=f"/cells/{entry.name}")
    except InvalidCell as error:
        return Entry(row=row, field=entry.name, value=None, code=error.error_code, message=error.message)
    return read_entry(row, entry, value, habits=habits, typed=True)


def _doubt(entry: Field, value: str | None) -> tuple[str, str] | None:
    if value and _ERROR_CELL.fullmatch(value):
        return "error_cell", _BROKEN.replace("{value}", value)
    if value and entry.kind is FieldKind.PERCENT and _SMALL.fullmatch(value):
        return "ambiguous_percent", _PERCENT.replace("{value}", value)
    return None
