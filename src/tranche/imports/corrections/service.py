"""The verbs of corrections: look at refused rows, correct one, begin to correct many."""

from collections.abc import Mapping, Sequence
from typing import Any

from tranche.imports import service as imports
from tranche.imports.corrections import rejudging
from tranche.imports.corrections.browsing import find_errors, state_of
from tranche.imports.corrections.domain import (
    Cause,
    CauseNotFound,
    Entry,
    InvalidCell,
    NotCorrectable,
    RowNotFound,
    RowState,
    RowStatus,
)
from tranche.imports.corrections.fields import find_field
from tranche.imports.corrections.port import Correctable
from tranche.imports.corrections.queries import edits, rows
from tranche.imports.corrections.queries import imports as states
from tranche.imports.corrections.rejudging import Held
from tranche.imports.corrections.values import habits_of, read_entry, require_storable
from tranche.imports.targets import Target
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import FieldError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import StoredFile

_MOST_SHOWN = 1_000
_EDITS_AT_ONCE = 10_000
_MOST_CAUSES = 10_000


class Corrections:
    """Corrections for one process; it knows the targets and can start operations."""

    def __init__(self, targets: Mapping[str, Target], operations: Operations) -> None:
        """`targets` by their names."""
        self._targets = targets
        self._operations = operations

    def edit(
        self, conn: Connection, ctx: Context, *, import_id: int, row_number: int, cells: Mapping[str, str | None]
    ) -> list[RowState]:
        """Change cells of one refused row, by field or column, and judge at once what it belonged and now belongs to.

        Returns those rows as they now are, at most 1,000 of them.

        Raises:
            ImportNotFound, RowNotFound
            UnknownField, InvalidCell: a field or a value that cannot be; nothing was changed.
            NotCorrectable, CorrectionRunning, Conflict: not now.
        """
        held = rejudging.hold(conn, self._target(conn, import_id), import_id=import_id)
        find_row(conn, import_id=import_id, row_number=row_number)
        entries = _entries(held, row_number=row_number, cells=cells)
        numbers, keys = rejudging.write(conn, ctx, held, entries)
        rows.take_up(conn, import_id=import_id, rows=numbers, keys=keys)
        taken = rows.list_taken(conn, import_id=import_id, limit=_MOST_SHOWN)
        rejudging.judge(conn, ctx, held, low=0, high=0)
        audit.record(
            conn,
            ctx,
            action="import_row.edit",
            subject_id=import_id,
            detail={"row": row_number, "fields": [entry.field for entry in entries]},
        )
        return _states(conn, held, taken)

    def begin_setting(
        self, conn: Connection, ctx: Context, *, import_id: int, cause_key: str, field: str, value: str | None
    ) -> Operation:
        """Start to set one field, by its name or its column's, in all rows that have an error of one cause.

        Raises:
            CauseNotFound, and as `edit`
        """
        target = self._target(conn, import_id)
        held = rejudging.hold(conn, target, import_id=import_id)
        cause = find_cause(conn, import_id=import_id, key=cause_key)
        name = find_field(held, field, pointer="/field").name
        require_storable(name, value, pointer="/value")
        asked = {"cause": {"code": cause.code, "column": cause.column}, "field": name, "value": value}
        return self._begin(conn, ctx, held, asked=asked, label=f"{name} of {cause.code}")

    def begin_merging(
        self, conn: Connection, ctx: Context, *, import_id: int, stored: StoredFile, file_name: str
    ) -> Operation:
        """Start to take over a corrected workbook.

        Raises:
            as `edit`
        """
        held = rejudging.hold(conn, self._target(conn, import_id), import_id=import_id)
        storage.register(conn, stored=stored)
        asked = {"sha256": stored.sha256.hex(), "fileName": file_name}
        return self._begin(conn, ctx, held, asked=asked, label=file_name)

    def _begin(self, conn: Connection, ctx: Context, held: Held, *, asked: dict[str, Any], label: str) -> Operation:
        work = held.work
        operation = self._operations.start(
            conn,
            ctx,
            kind=correction_kind(held.target),
            label=f"Correct {work.file_name}: {label}",
            payload={"importId": work.id, "batchId": work.options.get("batchId"), **asked},
        )
        states.set_correction(conn, import_id=work.id, correction_id=operation.id)
        audit.record(
            conn, ctx, action="import.correct", subject_id=work.id, detail={"operationId": operation.id, **asked}
        )
        return operation

    def _target(self, conn: Connection, import_id: int) -> Correctable:
        work = imports.get(conn, import_id=import_id)
        target = self._targets.get(work.target)
        if not isinstance(target, Correctable):
            raise NotCorrectable("Rows of such an import cannot be corrected here; correct the file and upload it.")
        return target


def correction_kind(target: Target) -> str:
    """The kind of operation that corrects what was refused by a target."""
    return f"{target.name}_correction"


def list_rows(
    conn: Connection, *, import_id: int, code: str | None, column: str | None, limit: int, offset: int
) -> tuple[list[RowState], int]:
    """A page of refused rows with what is wrong with them, and how many there are."""
    found = rows.list_rows(conn, import_id=import_id, code=code, column=column, limit=limit, offset=offset)
    total = rows.count_rows(conn, import_id=import_id, code=code, column=column)
    errors = _errors(conn, import_id, found)
    return [state_of(row, RowStatus.REFUSED, errors) for row in found], total


def find_row(conn: Connection, *, import_id: int, row_number: int) -> RowState:
    """One refused row.

    Raises:
        RowNotFound
    """
    found = rows.find_row(conn, import_id=import_id, row_number=row_number)
    if found is None:
        raise RowNotFound(f"Row {row_number} is not among the refused rows of this import.")
    return state_of(found, RowStatus.REFUSED, _errors(conn, import_id, [found]))


def list_edits(conn: Connection, *, import_id: int, limit: int, offset: int) -> tuple[list[Row], int]:
    """A page of the changes that people made, the newest first, and how many there are."""
    return (
        edits.list_edits(conn, import_id=import_id, limit=limit, offset=offset),
        edits.count_edits(conn, import_id=import_id),
    )


def find_last_edit(conn: Connection, *, import_id: int) -> int:
    """The number of the last change that was made to rows of this import; 0 before the first."""
    return edits.find_last_id(conn, import_id=import_id)


def find_edited(conn: Connection, *, import_id: int, through: int) -> dict[int, dict[str, str | None]]:
    """What people had last entered by the change `through` in rows that are still refused, by row and field."""
    found: dict[int, dict[str, str | None]] = {}
    after = (0, "")
    while page := edits.list_last_edits(conn, import_id=import_id, through=through, after=after, limit=_EDITS_AT_ONCE):
        for edit in page:
            found.setdefault(edit["row_number"], {})[edit["field"]] = edit["new_value"]
        after = (page[-1]["row_number"], page[-1]["field"])
    return found


def find_cause(conn: Connection, *, import_id: int, key: str) -> Cause:
    """The group of errors with that key.

    Raises:
        CauseNotFound
    """
    for row in imports.list_error_groups(conn, import_id=import_id, limit=_MOST_CAUSES):
        if imports.cause_key(row) == key and row["severity"] == "error":
            return Cause(code=row["code"], severity=row["severity"], column=row["column_name"])
    raise CauseNotFound("There is no such group of errors in this import; perhaps it is corrected by now.")


def _entries(held: Held, *, row_number: int, cells: Mapping[str, str | None]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for name, text in cells.items():
        pointer = f"/cells/{name.replace('~', '~0').replace('/', '~1')}"
        field = find_field(held, name, pointer=pointer)
        require_storable(field.name, text, pointer=pointer)
        if field.name in found:
            detail = f"The field {field.name} is named twice."
            raise InvalidCell(detail, errors=[FieldError(pointer, detail)])
        found[field.name] = read_entry(row_number, field, text, habits=habits_of(held.work, field.name))
    return list(found.values())


def _states(conn: Connection, held: Held, taken: Sequence[Row]) -> list[RowState]:
    """What became of rows that were taken up; `taken` has them as they were judged."""
    import_id = held.work.id
    numbers = [row["row_number"] for row in taken]
    left = {row["row_number"] for row in rows.list_cells(conn, import_id=import_id, rows=numbers)}
    keys = sorted({row["group_key"] for row in taken if row["group_key"]})
    made = held.target.find_made(conn, held.work, keys=keys) if held.brings_in else {}
    errors = _errors(conn, import_id, taken)
    found = []
    for row in taken:
        became = made.get(row["group_key"])
        if row["row_number"] in left:
            found.append(state_of(row, RowStatus.REFUSED, errors))
        elif became:
            found.append(state_of(row, RowStatus.IMPORTED, errors, became))
        else:
            found.append(state_of(row, RowStatus.SKIPPED if held.brings_in else RowStatus.VALID, errors))
    return found


def _errors(conn: Connection, import_id: int, found: Sequence[Row]) -> Mapping[int, list[Row]]:
    return find_errors(conn, import_id=import_id, rows=[row["row_number"] for row in found])
