"""Imports small tables of orders, without server and queue loop."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.working import Workbench
from tranche.imports import service as imports
from tranche.imports.domain import ImportMode, Limits, Mapping, OnDuplicate
from tranche.invoicing.service import mark_freed_orders
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database, Row
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import get_operation
from tranche.kernel.storage.local import LocalFiles
from tranche.orders import service
from tranche.orders.domain import OrderBatch
from tranche.orders.service import Upload
from tranche.orders.tasks import make_handlers

HEADER = ("orderId", "customerName", "itemSku", "quantity", "unitPrice")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file."""

    operation: Operation
    batch: OrderBatch | None
    errors: list[Row]

    @property
    def codes(self) -> list[tuple[int, str]]:
        """Row and code of everything that was found, in the file's order."""
        return [(error["row_number"], error["code"]) for error in self.errors]


class Importer(Workbench):
    """Uploads tables for one person and works their operations to the end."""

    def __init__(self, database: Database, context: Context, home: Path) -> None:
        self.files = LocalFiles(home / "files")
        handlers = make_handlers(self.files, limits=Limits(seconds=60), mark_freed=mark_freed_orders)
        super().__init__(database, context, handlers)

    def upload(
        self,
        rows: Sequence[Sequence[object]],
        *,
        header: Sequence[str] = HEADER,
        mapping: Mapping | None = None,
        on_duplicate: OnDuplicate = OnDuplicate.ERROR,
        mode: ImportMode = ImportMode.VALID,
        dry_run: bool = False,
        allow_duplicate: bool = True,
    ) -> Operation:
        """Start the import of a table as a CSV file."""
        text = io.StringIO()
        csv.writer(text).writerows([header, *rows])
        stored = self.files.put(self.context.organization_id, io.BytesIO(text.getvalue().encode()), limit=10_000_000)
        wanted = Upload(
            stored=stored,
            file_name="orders.csv",
            mapping=mapping or Mapping(),
            on_duplicate=on_duplicate,
            mode=mode,
            dry_run=dry_run,
            allow_duplicate=allow_duplicate,
        )
        with self.transaction() as conn:
            if dry_run:
                return service.try_out(conn, self.context, self.operations, wanted=wanted)
            return service.upload(conn, self.context, self.operations, wanted=wanted)[1]

    def work(self, operation: Operation) -> Imported:
        """Run slices until the operation has ended; what became of the file."""
        return self.look(self.end(operation))

    def look(self, operation: Operation) -> Imported:
        with self.transaction() as conn:
            current = get_operation(conn, operation_id=operation.id)
            batch_id = current.payload["batchId"]
            batch = None if batch_id is None else service.get_batch(conn, batch_id=batch_id)
            errors, _ = imports.list_errors(
                conn, import_id=current.payload["importId"], severity=None, code=None, limit=1_000, offset=0
            )
        return Imported(current, batch, errors)

    def bring_in(self, rows: Sequence[Sequence[object]], **choices: object) -> Imported:
        """Upload and work to the end."""
        return self.work(self.upload(rows, **choices))  # type: ignore[arg-type]  # choices are those of upload

    def rows(self, statement: str) -> list[Row]:
        with self.transaction() as conn:
            return conn.execute(statement).fetchall()
