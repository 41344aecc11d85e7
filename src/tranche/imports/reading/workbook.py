"""Workbooks (.xlsx, .xls, .xlsb, .ods) to columns of text, by fastexcel."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, Literal

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import (
    FileKind,
    FileTooLarge,
    InvalidMapping,
    Limits,
    UnreadableFile,
    letter_of,
)
from tranche.imports.reading.auditing import Taken, audit, refuse_twins
from tranche.imports.reading.exact import clock, restore, with_texts
from tranche.imports.reading.markup import (
    Survey,
    check_extent,
    has_tiny_numbers,
    most_cells,
    pieces,
    survey,
    unsaved_formulas,
)
from tranche.imports.reading.merged import named_areas
from tranche.imports.reading.opendocument import odd_cells
from tranche.imports.reading.records import BINARY, binary_sheet, refuse_doubles
from tranche.imports.reading.repairs import source
from tranche.imports.reading.table import Part, Table
from tranche.kernel.errors import FieldError

_ERRORS: Final = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
UNSAVED: Final = "a formula without a stored value"
_CONTROLS: Final = "[\u0080-\u009f]"
_DETAIL: Final = re.compile(r"but got '(\w+)(?:\((.*)\))?'$", re.DOTALL)
_UNKNOWN_ERROR: Final = re.compile(r"Unsupported cell error value '([^'\n]{1,60})'")
_AGAIN: Final = "Open it in a spreadsheet program, save it again as .xlsx and upload that."


class CellKind(StrEnum):
    """What a cell is in the workbook, whatever its text looks like."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    OTHER = "other"


def walk_sheets(path: Path, *, kind: FileKind, wanted: str | None, limits: Limits) -> Iterator[Table]:
    """The wanted sheet, else every visible one that holds anything, in order, each read when it is asked for.

    Raises:
        InvalidMapping: there is no sheet of the wanted name.
        UnreadableFile, FileTooLarge: with one sentence; there is at least one sheet, or it raises.
    """
    try:
        reader = fastexcel.read_excel(source(path, kind=kind, limits=limits))
        names = tuple(reader.sheet_names)
        refuse_twins(names)
        if wanted is not None and wanted not in names:
            message = f"The workbook has no sheet “{wanted}”. Sheets: {', '.join(names) or 'none'}."
            raise InvalidMapping(message, errors=[FieldError("sheet", message, "unknown_sheet")])
        found = False
        for name in names if wanted is None else (wanted,):
            sheet, seen = _load(reader, name, path=path, kind=kind, limits=limits)
            if wanted is None and (sheet.visible != "visible" or not sheet.width):
                continue
            _check_size(sheet, limits=limits)
            found = True
            yield _table(reader, sheet, path=path, kind=kind, names=names, seen=seen, limits=limits)
    except fastexcel.FastExcelError as error:
        raise UnreadableFile(_sentence(str(error))) from error
    if not found:
        raise UnreadableFile("The workbook has no visible sheet with anything in it.", code="empty_file")


def _load(
    reader: fastexcel.ExcelReader, name: str, *, path: Path, kind: FileKind, limits: Limits
) -> tuple[fastexcel.ExcelSheet, Survey]:
    """A sheet, and what its XML says; the two are found side by side, since the reader leaves Python alone."""
    if kind is not FileKind.XLSX:
        return reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string"), Survey()
    check_extent(path, sheet=name, limits=limits)
    with ThreadPoolExecutor(1) as beside:
        seen = beside.submit(survey, path, sheet=name, limits=limits)
        sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        return sheet, seen.result()


def _table(
    reader: fastexcel.ExcelReader,
    sheet: fastexcel.ExcelSheet,
    *,
    path: Path,
    kind: FileKind,
    names: tuple[str, ...],
    seen: Survey,
    limits: Limits,
) -> Table:
    batch, errors = sheet.to_arrow_with_errors()
    first = min((info.absolute_index for info in sheet.available_columns()), default=0)
    columns = [pa.chunked_array([column], pa.string()) for column in batch.columns]
    restore(
        columns,
        reload=partial(_reload, reader, sheet.name, first),
        has_tiny=partial(has_tiny_numbers, path, sheet=sheet.name, limits=limits)
        if kind is FileKind.XLSX
        else lambda: True,
    )
    broken = _broken(errors.errors if errors else (), columns)
    merged = seen.merged
    percent: frozenset[tuple[int, int]] = frozenset()
    unsaved: list[tuple[int, int]] = []
    if kind is FileKind.XLSX and seen.formulas:
        unsaved = unsaved_formulas(path, sheet=sheet.name, limits=limits)
    elif kind is FileKind.ODS:
        odd = odd_cells(path, sheet=sheet.name, limits=limits)
        unsaved, percent, merged = odd.unsaved, frozenset(odd.percent), named_areas(odd.merged)
        _break(broken, {(row, column - first): words for (row, column), words in odd.errors.items()}, columns=columns)
    elif kind in BINARY:
        records = binary_sheet(path, kind=kind, sheet=sheet.name, limits=limits)
        refuse_doubles(records)
        merged = named_areas(records.merged())
    _break(broken, {(row, column - first): UNSAVED for row, column in unsaved}, columns=columns)
    if seen.is_found:
        _correct(
            columns,
            first,
            broken,
            seen,
            texts=pieces(path, sheet=sheet.name, limits=limits, most=limits.unzipped_bytes),
        )
    return Table(
        kind=kind,
        sheet=sheet.name,
        sheets=names,
        columns=columns,
        height=batch.num_rows,
        first=first,
        broken=broken,
        merged=merged,
        percent=percent,
        notices=tuple(_garbled(columns, first)) if kind is FileKind.XLS else (),
    )


def _correct(
    columns: list[pa.ChunkedArray],
    first: int,
    broken: dict[int, dict[int, str]],
    seen: Survey,
    *,
    texts: Iterator[tuple[bytes, int]],
) -> None:
    """See auditing."""
    wrong: dict[int, dict[int, str]] = {}
    for (row, column), text in audit(seen.tally, Taken(columns, first, broken), texts=texts).items():
        wrong.setdefault(column - first, {})[row] = text
    for index, cells in wrong.items():
        columns[index] = with_texts(columns[index], cells)


def _garbled(columns: Sequence[pa.ChunkedArray], first: int) -> Iterator[str]:
    """Old workbooks say their letters by a code page, which the reader does not always heed."""
    for index, column in enumerate(columns):
        odd = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(column, _CONTROLS), fill_value=False))
        if len(odd):
            cell = f"{letter_of(first + index)}{odd[0].as_py() + 1}"
            yield (
                f"Some letters of this old .xls workbook could not be read (the first in {cell}). "
                "Save it as .xlsx and upload that."
            )
            return


def _reload(
    reader: fastexcel.ExcelReader, name: str, first: int, dtype: Literal["float", "duration", "boolean"],
    indexes: Sequence[int],
) -> tuple[list[pa.ChunkedArray], dict[tuple[int, int], str]]:  # fmt: skip
    """Some columns once more, as another type, and the reader's words on cells that are not of it."""
    sheet = reader.load_sheet(
        name, header_row=None, skip_rows=0, dtypes=dtype, use_columns=[first + index for index in indexes]
    )
    batch, errors = sheet.to_arrow_with_errors()
    said = {error.position: error.detail for error in (errors.errors if errors else ())}
    return [pa.chunked_array([column]) for column in batch.columns], said


def cell_kinds(path: Path, *, table: Table, column: int, limits: Limits) -> dict[int, CellKind]:
    """The kinds of a column's cells by row index; blank ones are left out. The sheets are read once more for it."""
    reader = fastexcel.read_excel(source(path, kind=table.kind, limits=limits))
    kinds: dict[int, CellKind] = {}
    for part in table.parts or (Part(table.sheet or "", 0, 0, table.height, table.first),):
        sheet = reader.load_sheet(
            part.sheet, header_row=None, skip_rows=0, dtypes="datetime", use_columns=[part.first + column]
        )
        batch, errors = sheet.to_arrow_with_errors()
        for error in errors.errors if errors else ():
            kinds[part.offset + error.position[0]] = _KINDS.get(_parts(error.detail)[0], CellKind.OTHER)
        dates = pc.indices_nonzero(batch.column(0).is_valid()).to_pylist()
        kinds |= {part.offset + row: CellKind.DATE for row in dates}
    return kinds


_KINDS: Final = {"String": CellKind.TEXT, "Float": CellKind.NUMBER, "Int": CellKind.NUMBER}


def _check_size(sheet: fastexcel.ExcelSheet, *, limits: Limits) -> None:
    if not sheet.width:
        raise UnreadableFile(f"The sheet “{sheet.name}” is empty.", code="empty_file")
    if sheet.width > limits.columns or sheet.height * sheet.width > most_cells(limits):
        raise FileTooLarge(
            f"The sheet “{sheet.name}” spans {sheet.width:,} columns by {sheet.height:,} rows, which is over the "
            "limit. Delete what stands far outside the table, or split the file."
        )


def _broken(
    errors: "list[fastexcel.CellError] | tuple[()]", columns: list[pa.ChunkedArray]
) -> dict[int, dict[int, str]]:
    """Cells without a value, by column and row; the times of OpenDocument are put where they belong instead."""
    found: dict[int, dict[int, str]] = {}
    times: dict[int, dict[int, str]] = {}
    for error in errors:
        row, column = error.position
        text = _named(error.detail)
        time = clock(text)
        (times if time else found).setdefault(column, {})[row] = time or text
    for column, texts in times.items():
        columns[column] = with_texts(columns[column], texts)
    return found


def _break(
    broken: dict[int, dict[int, str]], found: dict[tuple[int, int], str], *, columns: list[pa.ChunkedArray]
) -> None:
    """Errors that the reader did not see, by row and column; what it took for the cells' values goes."""
    emptied: dict[int, dict[int, None]] = {}
    for (row, column), words in found.items():
        if 0 <= column < len(columns) and row < len(columns[column]):
            broken.setdefault(column, {})[row] = words
            emptied.setdefault(column, {})[row] = None
    for column, texts in emptied.items():
        columns[column] = with_texts(columns[column], texts)


def _named(detail: str) -> str:
    what, value = _parts(detail)
    if what == "Error":
        return _ERRORS.get(value, f"#{value.upper()}!")
    if what == "DateTime":
        return "a date that no calendar has"
    return value.strip('"') or what


def _parts(detail: str) -> tuple[str, str]:
    found = _DETAIL.search(detail)
    return (found[1], found[2] or "") if found else ("", detail)


def _sentence(detail: str) -> str:
    if "assword" in detail or "ncrypt" in detail:
        return "The file is protected with a password. Save it without a password and upload it again."
    if unknown := _UNKNOWN_ERROR.search(detail):
        return (
            f"The workbook has a cell with the error {unknown[1]}, which is not known here. Correct its formula, or "
            "empty the cell, and upload the file again."
        )
    return f"The workbook is damaged and could not be read. {_AGAIN}"
