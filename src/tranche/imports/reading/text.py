"""CSV files to columns of text: strict quotes, any of four delimiters, ragged rows kept."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import FileKind, FileTooLarge, Limits, UnreadableFile
from tranche.imports.reading.encodings import FALLBACK, find_encoding
from tranche.imports.reading.table import Table

_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 200
_CELL_CHARACTERS: Final = 1_000_000
_CHUNK: Final = 20_000
_BYTES_A_CELL: Final = 16
_FOREIGN: Final = "[^\x00-\x7f]"
_SHOWN: Final = 40
_UNCLOSED: Final = "unexpected end"


def load_text(path: Path, *, limits: Limits) -> Table:
    """Every record of the file; Excel counts a record as one row, also where a cell holds line breaks.

    Raises:
        UnreadableFile: not text, a quotation mark without its partner, a NUL character.
        FileTooLarge: over the limits of rows, columns or cells.
    """
    encoding = find_encoding(path)
    lines, said = _begin(path, encoding)
    sample = [line for _, line in zip(range(_SAMPLE_LINES), _lines(path, encoding), strict=False)]
    delimiter = said or max(_DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))
    csv.field_size_limit(_CELL_CHARACTERS)
    columns = _Columns(limits)
    for rows in _chunks(_records(lines, delimiter, skips=_skips_blanks(sample, delimiter))):
        columns.add(rows)
    if not columns.width:
        raise UnreadableFile("The file holds no rows.", code="empty_file")
    return Table(
        kind=FileKind.CSV,
        sheet=None,
        sheets=(),
        columns=columns.finished(),
        height=columns.height,
        encoding=encoding.removesuffix("-sig"),
        delimiter=delimiter,
        notices=tuple(_guessed(columns.finished())) if encoding == FALLBACK else (),
    )


def _guessed(columns: Sequence[pa.ChunkedArray]) -> Iterator[str]:
    """Nothing in the bytes says Windows-1252: a person must see whether the letters are right."""
    for column in columns:
        odd = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(column, _FOREIGN), fill_value=False))
        if len(odd):
            shown = " ".join((column[odd[0].as_py()].as_py() or "").split())[:_SHOWN]
            yield (
                f"The file is not UTF-8, so its letters are read as Windows-1252 (“{shown}”). "
                "If they are wrong, save the file as CSV in UTF-8 and upload that."
            )
            return


def _begin(path: Path, encoding: str) -> tuple[Iterator[str], str | None]:
    """The lines of the file, and the delimiter if its first line says so (`sep=;`, which Excel does not show)."""
    lines = _lines(path, encoding)
    first = next(lines, "")
    plain = first.strip().strip('"').lower()
    if plain.startswith("sep=") and len(plain) == len("sep=") + 1:
        return lines, plain[-1]
    if first.lower().startswith("sep=\t"):
        return lines, "\t"
    return _lines(path, encoding), None


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding, newline="") as file:
        for number, line in enumerate(file, 1):
            if "\x00" in line:
                raise UnreadableFile(f"Line {number} holds a NUL character, so the file is damaged. Save it again.")
            yield line


def _skips_blanks(sample: Sequence[str], delimiter: str) -> bool:
    """Whether a quotation mark after a delimiter and blanks opens a cell, as in `1, "Smith, John"`.

    It is a plain character where the rows come out less even so, or cannot be read.
    """
    if not any(re.search(rf'(^|{re.escape(delimiter)}) +"', line) for line in sample):
        return False
    return _evenness(sample, delimiter, skips=True) >= max(_evenness(sample, delimiter), (0.0, 1))


def _evenness(sample: Sequence[str], delimiter: str, *, skips: bool = False) -> tuple[float, int]:
    """How many of the rows have the usual number of cells, and that number; nothing for a single column or a fault."""
    widths: list[int] = []
    try:
        reader = csv.reader(sample, delimiter=delimiter, skipinitialspace=skips, strict=skips)
        widths.extend(len(record) for record in reader if record)
    except csv.Error as error:
        if _UNCLOSED not in str(error) or len(sample) < _SAMPLE_LINES:  # else a cell goes on behind the sample
            return (0.0, 0)
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)


def _records(lines: Iterator[str], delimiter: str, *, skips: bool) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=skips, strict=True)
    rows = begun = 0
    try:
        for record in reader:
            yield record
            rows, begun = rows + 1, reader.line_num
    except csv.Error as error:
        raise UnreadableFile(_sentence(str(error), row=rows + 1, line=begun + 1)) from error


def _sentence(detail: str, *, row: int, line: int) -> str:
    where = f"row {row} (line {line} of the file)"
    if _UNCLOSED in detail:
        return f"A quotation mark opened in {where} is never closed. Close or double it and upload the file again."
    if "expected after" in detail:
        return f"In {where} text follows a closing quotation mark. Double the quotation marks inside a cell."
    if "field limit" in detail:
        return f"A cell in {where} is longer than {_CELL_CHARACTERS:,} characters; is a quotation mark never closed?"
    return f"The CSV file could not be read at {where}. Save it again as CSV."


def _chunks(records: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while chunk := [record for _, record in zip(range(_CHUNK), records, strict=False)]:
        yield chunk


class _Columns:
    """Columns that grow downwards by chunks, and to the right where a row is longer than any before."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._columns: list[list[pa.Array]] = []
        self.height = 0

    @property
    def width(self) -> int:
        """How many columns there are so far."""
        return len(self._columns)

    def add(self, rows: list[list[str]]) -> None:
        """Hang some records below; what a short one lacks is null."""
        width = max(self.width, *map(len, rows))
        self._check(width, self.height + len(rows))
        while len(self._columns) < width:
            self._columns.append([pa.nulls(self.height, pa.string())] if self.height else [])
        cells = list(zip_longest(*rows))
        for index, column in enumerate(self._columns):
            column.append(
                pa.array(cells[index], pa.string()) if index < len(cells) else pa.nulls(len(rows), pa.string())
            )
        self.height += len(rows)

    def finished(self) -> list[pa.ChunkedArray]:
        """The columns, all of one length."""
        return [pa.chunked_array(column, pa.string()) for column in self._columns]

    def _check(self, width: int, height: int) -> None:
        if width > self._limits.columns:
            raise FileTooLarge(f"A row has {width:,} cells; at most {self._limits.columns:,} columns are read.")
        if height > self._limits.rows + 100 or width * height > self._limits.memory_bytes // _BYTES_A_CELL:
            raise FileTooLarge(
                f"The file has more than {height - 1:,} rows of {width:,} columns, which is over the limit. Split it."
            )
