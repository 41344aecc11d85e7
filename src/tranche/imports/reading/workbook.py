"""Workbooks (.xlsx, .xls, .xlsb, .ods) to columns of text, by fastexcel."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Final

import fastexcel
import pyarrow as pa

from tranche.imports.domain import (
    FileKind,
    FileTooLarge,
    InvalidMapping,
    Limits,
    UnreadableFile,
)
from tranche.imports.reading.markup import check_extent, most_cells, unsaved_formulas
from tranche.imports.reading.table import Table
from tranche.kernel.errors import FieldError

_KNOWN: Final = {".xlsx", ".xlsm", ".xlam", ".xls", ".xla", ".xlsb", ".ods"}
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
_UNSAVED: Final = "a formula whose result was not saved"
_DETAIL: Final = re.compile(r"but got '(\w+)(?:\((.*)\))?'$", re.DOTALL)
_AGAIN: Final = "Open it in a spreadsheet program, save it again as .xlsx and upload that."


class CellKind(StrEnum):
    """What a cell is in the workbook, whatever its text looks like."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    OTHER = "other"


def load_workbook(path: Path, *, kind: FileKind, wanted: str | None, limits: Limits) -> Table:
    """The wanted sheet, else the first visible one that holds anything.

    Raises:
        InvalidMapping: there is no sheet of the wanted name.
        UnreadableFile, FileTooLarge: with one sentence.
    """
    try:
        reader = fastexcel.read_excel(_source(path, kind))
        names = tuple(reader.sheet_names)
        sheet = _pick(reader, names, path=path, kind=kind, wanted=wanted, limits=limits)
        batch, errors = sheet.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        raise UnreadableFile(_sentence(str(error))) from error
    first = min((info.absolute_index for info in sheet.available_columns()), default=0)
    broken = _broken(errors.errors if errors else ())
    if kind is FileKind.XLSX:
        for row, column in unsaved_formulas(path, sheet=sheet.name, limits=limits):
            if row < batch.num_rows and 0 <= column - first < batch.num_columns:
                broken.setdefault(column - first, {}).setdefault(row, _UNSAVED)
    return Table(
        kind=kind,
        sheet=sheet.name,
        sheets=names,
        columns=[pa.chunked_array([column], pa.string()) for column in batch.columns],
        height=batch.num_rows,
        first=first,
        broken=broken,
    )


def cell_kinds(path: Path, *, table: Table, column: int) -> dict[int, CellKind]:
    """The kinds of a column's cells by row index; blank ones are left out. The sheet is read once more for it."""
    reader = fastexcel.read_excel(_source(path, table.kind))
    sheet = reader.load_sheet(
        table.sheet or 0, header_row=None, skip_rows=0, dtypes="datetime", use_columns=[table.first + column]
    )
    batch, errors = sheet.to_arrow_with_errors()
    kinds = {
        error.position[0]: _KINDS.get(_parts(error.detail)[0], CellKind.OTHER)
        for error in (errors.errors if errors else ())
    }
    dates = {row: CellKind.DATE for row, value in enumerate(batch.column(0).is_valid()) if value.as_py()}
    return kinds | dates


_KINDS: Final = {"String": CellKind.TEXT, "Float": CellKind.NUMBER, "Int": CellKind.NUMBER}


def _source(path: Path, kind: FileKind) -> Path | bytes:
    """The reader goes by a file's ending where there is one: a wrong one must not mislead it."""
    ending = path.suffix.lower()
    return path.read_bytes() if ending in _KNOWN and ending != f".{kind}" else path


def _pick(
    reader: fastexcel.ExcelReader,
    names: tuple[str, ...],
    *,
    path: Path,
    kind: FileKind,
    wanted: str | None,
    limits: Limits,
) -> fastexcel.ExcelSheet:
    if wanted is not None and wanted not in names:
        message = f"The workbook has no sheet “{wanted}”. Sheets: {', '.join(names) or 'none'}."
        raise InvalidMapping(message, errors=[FieldError("sheet", message, "unknown_sheet")])
    for name in names if wanted is None else (wanted,):
        if kind is FileKind.XLSX:
            check_extent(path, sheet=name, limits=limits)
        sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        if wanted is None and (sheet.visible != "visible" or not sheet.width):
            continue
        _check_size(sheet, limits=limits)
        return sheet
    raise UnreadableFile("The workbook has no visible sheet with anything in it.", code="empty_file")


def _check_size(sheet: fastexcel.ExcelSheet, *, limits: Limits) -> None:
    if not sheet.width:
        raise UnreadableFile(f"The sheet “{sheet.name}” is empty.", code="empty_file")
    if sheet.width > limits.columns or sheet.height * sheet.width > most_cells(limits):
        raise FileTooLarge(
            f"The sheet “{sheet.name}” spans {sheet.width:,} columns by {sheet.height:,} rows, which is over the "
            "limit. Delete what stands far outside the table, or split the file."
        )


def _broken(errors: "list[fastexcel.CellError] | tuple[()]") -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for error in errors:
        row, column = error.position
        found.setdefault(column, {})[row] = _named(error.detail)
    return found


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
    return f"The workbook is damaged and could not be read. {_AGAIN}"
