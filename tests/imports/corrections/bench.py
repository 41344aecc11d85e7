"""Corrections of small imports in one process, and what must be true of the books after each."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from tests.orders.importing import HEADER, Imported, Importer
from tranche.imports import service as imports
from tranche.imports.api import Workbooks
from tranche.imports.corrections.domain import RowState
from tranche.imports.corrections.service import Corrections
from tranche.imports.domain import Limits
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import get_operation
from tranche.kernel.settings import Settings
from tranche.modules import make_modules
from tranche.orders import service as orders
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.target import OrderTarget

__all__ = ["HEADER", "Bench"]


class Bench:
    """One person's imports and their corrections; `owner` sees what the doctor sees."""

    def __init__(self, importer: Importer, owner: Connection) -> None:
        self.importer = importer
        self.corrections = Corrections({"order": OrderTarget()}, importer.operations)
        self.workbooks = Workbooks(importer.files, {"order": ORDER_FIELDS}, limits=Limits(seconds=60))
        modules = make_modules(Settings(), files=importer.files)
        self._checks = [check for module in modules for check in module.checks]
        self._owner = owner
        self.operation_id = 0
        self.import_id = 0

    def bring_in(self, rows: Sequence[Sequence[object]], **choices: Any) -> Imported:
        """Import a table; what follows corrects it."""
        found = self.importer.bring_in(rows, **choices)
        self.operation_id = found.operation.id
        self.import_id = found.operation.payload["importId"]
        self.assert_sound()
        return found

    def edit(self, row: int, **cells: str | None) -> list[RowState]:
        """Correct one row, and check the books."""
        with self.importer.transaction() as conn:
            states = self.corrections.edit(
                conn, self.importer.context, import_id=self.import_id, row_number=row, cells=cells
            )
        self.assert_sound()
        return states

    def set_group(self, key: str, field: str, value: str | None) -> Operation:
        """Start to set one field in all rows of the group of that key."""
        ctx = self.importer.context
        with self.importer.transaction() as conn:
            return self.corrections.begin_setting(
                conn, ctx, import_id=self.import_id, cause_key=key, field=field, value=value
            )

    def set_all(self, code: str, field: str, value: str | None, *, column: str | None = None) -> Operation:
        """Start to set one field in all rows with an error of this code."""
        with self.importer.transaction() as conn:
            groups = imports.list_error_groups(conn, import_id=self.import_id)
        (group,) = [g for g in groups if g["code"] == code and column in {None, g["column_name"]}]
        return self.set_group(imports.cause_key(group), field, value)

    def merge(self, content: bytes, *, name: str = "errors.xlsx") -> Operation:
        """Start to take over a corrected workbook."""
        ctx = self.importer.context
        stored = self.importer.files.put(ctx.organization_id, io.BytesIO(content), limit=10_000_000)
        with self.importer.transaction() as conn:
            return self.corrections.begin_merging(conn, ctx, import_id=self.import_id, stored=stored, file_name=name)

    def work(self, operation: Operation) -> Operation:
        """Work an operation to its end, and check the books."""
        ended = self.importer.end(operation)
        self.assert_sound()
        return ended

    def retry(self, operation_id: int | None = None) -> Operation:
        """Work an operation once more, by default that of the import, and check the books."""
        ctx = self.importer.context
        with self.importer.transaction() as conn:
            operation = self.importer.operations.retry(
                conn, ctx, operation_id=operation_id or self.operation_id, code=None
            )
        return self.work(operation)

    def cancel(self, operation: Operation) -> None:
        ctx = self.importer.context
        with self.importer.transaction() as conn:
            self.importer.operations.cancel(conn, ctx, operation_id=operation.id)

    def delete_batch(self) -> None:
        """Delete the import's batch."""
        ctx = self.importer.context
        with self.importer.transaction() as conn:
            batch_id = get_operation(conn, operation_id=self.operation_id).payload["batchId"]
            orders.delete_batch(conn, ctx, self.importer.operations, batch_id=batch_id)

    def lose_stage(self) -> None:
        """As a crash of the database does with unlogged tables."""
        for table in ("order_import_lines", "order_import_groups"):
            self._owner.execute(f"DELETE FROM {table}".encode())

    def refuse_orders(self, number: str) -> None:
        """From now on the database cannot take this order."""
        self._owner.execute(f"ALTER TABLE orders ADD CHECK (number <> '{number}') NOT VALID".encode())

    def look(self, operation_id: int | None = None) -> Operation:
        """An operation, by default that of the import."""
        with self.importer.transaction() as conn:
            return get_operation(conn, operation_id=operation_id or self.operation_id)

    def job(self) -> Import:
        """The import's own row."""
        with self.importer.transaction() as conn:
            return imports.get(conn, import_id=self.import_id)

    @property
    def imported(self) -> Imported:
        """The import as it now is."""
        return self.importer.look(self.look())

    @property
    def counters(self) -> tuple[str, int, int, int, int]:
        """Status, total, succeeded, failed, skipped of the import's operation."""
        found = self.look()
        return (found.status.value, found.total, found.succeeded, found.failed, found.skipped)

    def refused(self) -> dict[int, dict[str, str]]:
        """The refused rows with their cells."""
        rows = self.importer.rows("SELECT row_number, cells FROM import_rows ORDER BY row_number")
        return {row["row_number"]: row["cells"] for row in rows}

    def codes(self) -> list[tuple[int, str]]:
        """Row and code of every error."""
        rows = self.importer.rows(
            "SELECT row_number, code FROM import_errors WHERE severity = 'error' ORDER BY row_number, id"
        )
        return [(row["row_number"], row["code"]) for row in rows]

    def orders(self) -> dict[str, list[tuple[int, str]]]:
        """The orders that are there, each with its lines' rows and quantities."""
        rows = self.importer.rows(
            """
            SELECT o.number, l.source_row, l.quantity FROM orders o
            JOIN order_lines l ON l.organization_id = o.organization_id AND l.order_id = o.id
            ORDER BY o.number, l.line_number
            """
        )
        found: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            found.setdefault(row["number"], []).append((row["source_row"], str(row["quantity"])))
        return found

    def edits(self) -> list[Row]:
        """The log, the oldest first."""
        return self.importer.rows("SELECT * FROM import_edits ORDER BY id")

    def workbook(self) -> list[list[Any]]:
        """The workbook of errors, row by row."""
        sheet = openpyxl.load_workbook(io.BytesIO(self.workbook_bytes()))["Errors"]
        return [list(row) for row in sheet.iter_rows(values_only=True)]

    def workbook_bytes(self) -> bytes:
        answer = self.workbooks.answer(self.importer.database, self.importer.context, import_id=self.import_id)
        return Path(answer.file_path).read_bytes()

    def rewritten(self, rows: Sequence[Sequence[object]], *, content: bytes | None = None) -> bytes:
        """The workbook of errors, or an earlier one, with its rows replaced, as a spreadsheet program saves it."""
        book = openpyxl.load_workbook(io.BytesIO(content or self.workbook_bytes()))
        sheet = book["Errors"]
        sheet.delete_rows(1, sheet.max_row)
        for row in rows:
            sheet.append(list(row))
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    def assert_sound(self) -> None:
        """No check of the doctor finds anything, and the stage is empty."""
        hits = {
            check.name: found for check in self._checks if (found := self._owner.execute(check.sql.encode()).fetchall())
        }
        assert hits == {}
        left = self._owner.execute(
            "SELECT (SELECT count(*) FROM order_import_lines) + (SELECT count(*) FROM order_import_groups) AS n"
        ).fetchone()
        assert left == {"n": 0}


def written(rows: Sequence[Sequence[object]]) -> bytes:
    """A table as an Excel workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def as_csv(rows: Sequence[Sequence[object]]) -> bytes:
    """A table as a CSV file."""
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode()


def changed(rows: Sequence[Sequence[object]], changes: Mapping[tuple[int, str], object]) -> list[list[object]]:
    """A workbook of errors with some cells changed, by the row of the import and the header."""
    header = list(rows[0])
    at = header.index("_row")
    found = [list(row) for row in rows]
    for row in found[1:]:
        for (number, name), value in changes.items():
            if row[at] == number:
                row[header.index(name)] = value
    return found
