"""Run as a script: reads each file named on standard input in a fork, and accounts for every cell of it.

A cell must come out as a value, as a fault, as extra, or stand in a row that the notices name.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tests.imports.factories import copied
from tranche.imports.domain import Field, FieldKind, Limits, Mapping
from tranche.imports.reading.several import choose
from tranche.imports.reading.sheet import Sheet, prepare
from tranche.imports.reading.slices import cut
from tranche.imports.reading.table import BLANKS, Table
from tranche.kernel.errors import TrancheError

LIMITS: Final = Limits(seconds=20)
_NONE: Final = (Field("nothing that a header says", "nothing that a header says"),)
_KINDS: Final = (
    FieldKind.IDENTIFIER, FieldKind.DECIMAL, FieldKind.DATE, FieldKind.PERCENT, FieldKind.TEXT, FieldKind.CURRENCY,
)  # fmt: skip
_MOST_CELLS: Final = 400_000


@dataclass(slots=True)
class Account:
    """What came of one file: `lost` names cells that came out nowhere, `cells` are all of them, by "row,column"."""

    path: str
    refused: str = ""
    status: int = 0
    kind: str = ""
    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header_row: int = 0
    rows: int = 0
    filled: int = 0
    lost: list[str] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)


def account_for(path: Path) -> Account:
    """Read the file twice, its columns as extra and as fields of every kind, and compare with what it holds."""
    account = Account(str(path))
    try:
        _as_extra(path, account)
        _as_fields(path, account)
    except TrancheError as error:
        account.refused, account.status = error.message, _STATUS[type(error).__mro__[1].__name__]
    return account


_STATUS: Final = {"Invalid": 400, "TooLarge": 413, "Unsupported": 415}


def _as_extra(path: Path, account: Account) -> None:
    table = _load(path)
    held = _held(table)
    sheet = prepare(table, path=path, fields=_NONE, mapping=Mapping(), limits=LIMITS)
    account.kind, account.sheet, account.header_row = str(table.kind), table.sheet, sheet.header.header_row
    account.rows, account.named = sheet.header.rows, list(sheet.header.notices)
    account.delimiter, account.encoding = table.delimiter, table.encoding
    account.filled = len(held)
    found = _came_out(sheet, _NONE)
    account.lost += [f"{place} as extra: {text!r}" for place, text in held.items() if not _is_told(place, found, sheet)]
    if len(held) <= _MOST_CELLS:
        account.cells = {f"{row},{table.first + column}": text for (row, column), text in found.items()}


def _as_fields(path: Path, account: Account) -> None:
    table = _load(path)
    held = _held(table)
    headers = [column.header for column in prepare(
        _load(path), path=path, fields=_NONE, mapping=Mapping(), limits=LIMITS
    ).header.matching.columns]  # fmt: skip
    raw = [" ".join((cell or "").split()) for cell in table.row(account.header_row - 1)]
    fields = tuple(
        Field(f"field {index}", f"field {index}", kind=_KINDS[index % len(_KINDS)]) for index in range(len(headers))
    )[:60]
    columns = {
        entry.name: header
        for entry, header in zip(fields, headers, strict=False)
        if raw.count(header) == 1 and headers.count(header) == 1
    }
    sheet = prepare(table, path=path, fields=fields, mapping=Mapping(columns=columns), limits=LIMITS)
    if sheet.header.header_row != account.header_row:
        return
    found = _came_out(sheet, fields)
    account.lost += [f"{place} as field: {text!r}" for place, text in held.items() if not _is_told(place, found, sheet)]


def _load(path: Path) -> Table:
    return choose(path, file_name=path.name, fields=_NONE, mapping=Mapping(), limits=LIMITS)


def _held(table: Table) -> dict[tuple[int, int], str]:
    """Every filled cell by Excel's row and the table's column."""
    return {
        (row + 1, column): text
        for row, cells in table.rows(range(table.height))
        for column, text in enumerate(cells)
        if text and text.strip(BLANKS)
    }


def _came_out(sheet: Sheet, fields: Sequence[Field]) -> dict[tuple[int, int], str]:
    """Every cell that is in a field, in extra or in a fault."""
    found: dict[tuple[int, int], str] = {}
    columns = sheet.header.matching.columns
    by_header = {column.header: column.index for column in columns}
    for piece in cut(sheet, fields=fields, limits=LIMITS):
        for fault in piece.faults:
            found[fault.row, by_header[fault.column]] = fault.message
        for row in copied(piece.copy, tuple(fields)):
            number = int(row["row_number"] or 0)
            extra = json.loads(row["extra"] or "{}")
            for column in columns:
                text = row.get(column.field) if column.field else extra.get(column.header)
                if text is not None:
                    found[number, column.index] = text
    return found


def _is_told(place: tuple[int, int], found: dict[tuple[int, int], str], sheet: Sheet) -> bool:
    row = place[0]
    if place in found or row == sheet.header.header_row:
        return True
    said = " ".join(sheet.header.notices)
    return (row < sheet.header.header_row and "above the header" in said) or bool(
        re.search(rf"\b{row}\b", said) and "total" in said
    )  # fmt: skip


def _fork(path: Path) -> str:
    reads, writes = os.pipe()
    forked = os.fork()
    if not forked:
        os.close(reads)
        resource.setrlimit(resource.RLIMIT_AS, (LIMITS.memory_bytes, LIMITS.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        try:
            told = json.dumps(asdict(account_for(path)))
        except BaseException as error:  # noqa: BLE001  # a reader's panic; the child of an import says it so
            told = json.dumps(asdict(Account(str(path), refused=f"panic {type(error).__name__}", status=400)))
        with os.fdopen(writes, "w") as pipe:
            pipe.write(told)
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as pipe:
        said = pipe.read()
    os.waitpid(forked, 0)
    return said or json.dumps(asdict(Account(str(path), refused="died", status=413)))


if __name__ == "__main__":
    for line in sys.stdin.read().splitlines():
        print(_fork(Path(line)), flush=True)  # noqa: T201  # that is its answer
