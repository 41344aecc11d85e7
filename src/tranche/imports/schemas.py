"""The wire contract of imports: how a file was read, and what is wrong with its rows."""

from datetime import UTC, datetime
from typing import Any

from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.service import cause_key
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Row
from tranche.kernel.web.json import Body, Out


class ImportOut(Out, frozen=True):
    """One import: `mapping` tells which header became which field and why, and what is kept as extra."""

    id: int
    target: str
    file_name: str
    file_size: int
    sheet: str | None
    header: list[str] | None
    header_row: int | None
    mapping: dict[str, Any] | None
    options: dict[str, Any]
    rows: int | None
    created_at: datetime
    operation_id: int | None


class JudgeBody(Body, frozen=True):
    """The mapping as an upload takes it; what else is left out stays as it was."""

    mapping: dict[str, Any]
    on_duplicate: OnDuplicate | None = None
    mode: ImportMode | None = None


class StartedOut(Out, frozen=True):
    """An import whose operation has work again, or whose undo has begun; `batchId` is null where it has no batch."""

    import_id: int
    operation_id: int
    status: str
    dry_run: bool
    batch_id: int | None


class ErrorOut(Out, frozen=True):
    """One thing that is wrong with a row."""

    row: int
    column: str | None
    severity: str
    code: str
    message: str


class ErrorGroupOut(Out, frozen=True):
    """One cause with its count; `key` names it in addresses."""

    key: str
    code: str
    severity: str
    column: str | None
    count: int
    first_row: int
    example: str


def import_out(work: Import) -> ImportOut:
    """One import."""
    return ImportOut(
        id=work.id,
        target=work.target,
        file_name=work.file_name,
        file_size=work.file_size,
        sheet=work.sheet,
        header=work.header,
        header_row=work.header_row,
        mapping=work.mapping,
        options=work.options,
        rows=work.staged_rows,
        created_at=work.created_at.astimezone(UTC),
        operation_id=work.started_operation_id,
    )


def error_out(row: Row) -> ErrorOut:
    """One error or warning."""
    return ErrorOut(
        row=row["row_number"],
        column=row["column_name"],
        severity=row["severity"],
        code=row["code"],
        message=row["message"],
    )


def error_group_out(row: Row) -> ErrorGroupOut:
    """One cause."""
    return ErrorGroupOut(
        key=cause_key(row),
        code=row["code"],
        severity=row["severity"],
        column=row["column_name"],
        count=row["count"],
        first_row=row["first_row"],
        example=row["example"],
    )
