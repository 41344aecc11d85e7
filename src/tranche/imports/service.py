"""The public door to imports: begin one, look at what was found wrong in it."""

import hashlib
import json
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, replace
from typing import Any

from tranche.imports import queries
from tranche.imports.choices import write_mapping
from tranche.imports.domain import ImportMode, Mapping, OnDuplicate
from tranche.imports.listing_queries import ERRORS
from tranche.imports.targets import Import
from tranche.kernel.context import Context
from tranche.kernel.db.listing import Choice, count, fetch_page
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import NotFound
from tranche.kernel.operations.domain import DRY_RUN, Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage.domain import StoredFile

_ROWS_AT_ONCE = 1_000
_MOST_GROUPS = 200


class ImportNotFound(NotFound):
    """No such import in this organization."""

    code = "import_not_found"
    noun = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row of the file with errors, all its messages joined by semicolons."""

    row: int
    messages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A stored file and what its sender wants done with it."""

    stored: StoredFile
    file_name: str
    mapping: Mapping
    on_duplicate: OnDuplicate = OnDuplicate.ERROR
    mode: ImportMode = ImportMode.VALID
    dry_run: bool = False


def begin(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    target: str,
    kind: str,
    sent: Sent,
    links: AbstractMapping[str, Any],
) -> tuple[Import, Operation]:
    """Register a stored file as an import into a target and start its operation of that kind, which is told `links`."""
    work = queries.insert_import(
        conn,
        target=target,
        sha256=sent.stored.sha256,
        file_name=sent.file_name,
        file_size=sent.stored.size,
        options={
            "mapping": write_mapping(sent.mapping),
            "onDuplicate": sent.on_duplicate,
            "mode": sent.mode,
            DRY_RUN: sent.dry_run,
            **links,
        },
    )
    operation = operations.start(
        conn,
        ctx,
        kind=kind,
        label=sent.file_name,
        payload={"importId": work.id, DRY_RUN: sent.dry_run, **links},
        is_small=work.is_small,
    )
    queries.link_operation(conn, import_id=work.id, operation_id=operation.id)
    return replace(work, started_operation_id=operation.id), operation


def get(conn: Connection, *, import_id: int) -> Import:
    """One import.

    Raises:
        ImportNotFound
    """
    found = queries.find_import(conn, import_id=import_id)
    if found is None:
        raise ImportNotFound.of(import_id)
    return found


def lock(conn: Connection, *, import_id: int) -> Import:
    """One import, locked against second thoughts of others.

    Raises:
        ImportNotFound
    """
    found = queries.lock_import(conn, import_id=import_id)
    if found is None:
        raise ImportNotFound.of(import_id)
    return found


def set_options(conn: Connection, *, import_id: int, options: dict[str, Any], is_read_anew: bool = False) -> None:
    """Change what is wanted of an import; `is_read_anew` forgets how its file was read."""
    queries.set_options(conn, import_id=import_id, options=options, is_read_anew=is_read_anew)


def add_error(
    conn: Connection, *, import_id: int, row_number: int, code: str, message: str, column: str | None = None
) -> None:
    """Note one more thing that is wrong with a row."""
    queries.insert_error(conn, import_id=import_id, row_number=row_number, column=column, code=code, message=message)


def list_errors(
    conn: Connection, *, import_id: int, severity: str | None, code: str | None, limit: int, offset: int
) -> tuple[list[Row], int]:
    """A page by row (row_number, column_name, severity, code, message), and how many there are."""
    choice = Choice({"import_id": import_id, "severity": severity, "code": code})
    return fetch_page(conn, ERRORS, choice, limit=limit, offset=offset), count(conn, ERRORS, choice)


def list_error_groups(conn: Connection, *, import_id: int, limit: int = _MOST_GROUPS) -> list[Row]:
    """Errors grouped by cause (code, severity, column_name, count, first_row, example), at most 200 groups."""
    return queries.list_error_groups(conn, import_id=import_id, limit=limit)


def cause_key(group: Row) -> str:
    """A name for a group of errors that stays the same as long as its cause does, and fits into an address."""
    cause = json.dumps([group["code"], group["severity"], group["column_name"]])
    return hashlib.sha256(cause.encode()).hexdigest()[:16]


def walk_bad_rows(conn: Connection, *, import_id: int) -> Iterator[BadRow]:
    """Every row with errors, in the file's order, a thousand at a time."""
    after = 0
    while rows := queries.list_bad_rows(conn, import_id=import_id, after=after, limit=_ROWS_AT_ONCE):
        for row in rows:
            yield BadRow(row=row["row_number"], messages=row["messages"])
        after = rows[-1]["row_number"]
