"""Imports tables of items and of opening stock, without server and queue loop."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.working import Workbench
from tranche.catalog import service as catalog
from tranche.catalog.domain import Item
from tranche.imports import again
from tranche.imports import service as imports
from tranche.imports.again import Choice
from tranche.imports.domain import ImportMode, Limits, Mapping, OnDuplicate
from tranche.imports.intakes import Intake
from tranche.imports.service import Sent
from tranche.inventory import service
from tranche.inventory.intake import ItemIntake
from tranche.inventory.opening.intake import StockIntake
from tranche.inventory.opening.service import bring_in_stock
from tranche.inventory.tasks import make_handlers
from tranche.kernel.context import Context
from tranche.kernel.db import listing
from tranche.kernel.db.pool import Database, Row
from tranche.kernel.operations import service as operations_service
from tranche.kernel.operations.domain import Operation
from tranche.kernel.storage.local import LocalFiles
from tranche.orders.service import mark_used_items

HEADER = ("SKU", "Name", "Unit price", "Stock tracking")


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a file."""

    operation: Operation
    import_id: int
    errors: list[Row]

    @property
    def codes(self) -> list[tuple[int, str]]:
        """Row and code of everything that was found, in the file's order."""
        return [(error["row_number"], error["code"]) for error in self.errors]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Total, succeeded, failed, skipped."""
        found = self.operation
        return found.total, found.succeeded, found.failed, found.skipped


class Importer(Workbench):
    """Uploads tables of items for one person and works their operations to the end."""

    begin = staticmethod(service.bring_in)
    intake: Intake = ItemIntake()
    header: Sequence[str] = HEADER

    def __init__(self, database: Database, context: Context, home: Path) -> None:
        self.files = LocalFiles(home / "files")
        handlers = make_handlers(self.files, limits=Limits(seconds=60), users=[mark_used_items])
        super().__init__(database, context, handlers)

    def upload(
        self,
        rows: Sequence[Sequence[object]],
        *,
        header: Sequence[str] | None = None,
        mapping: Mapping | None = None,
        on_duplicate: OnDuplicate = OnDuplicate.ERROR,
        mode: ImportMode = ImportMode.VALID,
        dry_run: bool = False,
    ) -> Operation:
        """Start the import of a table as a CSV file."""
        text = io.StringIO()
        csv.writer(text).writerows([header or self.header, *rows])
        return self.send(
            text.getvalue().encode(), mapping=mapping, on_duplicate=on_duplicate, mode=mode, dry_run=dry_run
        )

    def send(
        self,
        content: bytes,
        *,
        mapping: Mapping | None = None,
        on_duplicate: OnDuplicate = OnDuplicate.ERROR,
        mode: ImportMode = ImportMode.VALID,
        dry_run: bool = False,
    ) -> Operation:
        """Start the import of a CSV file."""
        wanted = Sent(
            stored=self.files.put(self.context.organization_id, io.BytesIO(content), limit=10_000_000),
            file_name="items.csv",
            mapping=mapping or Mapping(),
            on_duplicate=on_duplicate,
            mode=mode,
            dry_run=dry_run,
        )
        with self.transaction() as conn:
            return self.begin(conn, self.context, self.operations, wanted=wanted)[1]

    def bring_in(self, rows: Sequence[Sequence[object]], **choices: Any) -> Brought:
        """Upload and work to the end."""
        return self.look(self.end(self.upload(rows, **choices)))

    def undo(self, import_id: int) -> Operation:
        """Start an undo."""
        with self.transaction() as conn:
            return service.undo(conn, self.context, self.operations, import_id=import_id)

    def judge(self, import_id: int, mapping: Mapping) -> Operation:
        """Start judging an import under another mapping."""
        with self.transaction() as conn:
            choice = Choice(mapping=mapping)
            return again.judge_again(conn, self.context, self.operations, import_id=import_id, choice=choice)[1]

    def confirm(self, import_id: int) -> Operation:
        """Start the import that a dry run has reported."""
        with self.transaction() as conn:
            return again.confirm(
                conn,
                self.context,
                self.operations,
                import_id=import_id,
                intake=self.intake,
                allow_duplicate=False,
            )[1]

    def look(self, operation: Operation) -> Brought:
        import_id = operation.payload["importId"]
        with self.transaction() as conn:
            errors, _ = imports.list_errors(conn, import_id=import_id, severity=None, code=None, limit=1_000, offset=0)
        return Brought(operation, import_id, errors)

    def items(self) -> list[Item]:
        with self.transaction() as conn:
            rows = listing.fetch_page(conn, catalog.ITEMS, listing.Choice(), limit=1_000, offset=0)
            return [catalog.item_of(row) for row in rows]

    def kept(self, operation: Operation) -> dict[str, str | None]:
        """What an undo left, by label, each with its code."""
        with self.transaction() as conn:
            found = operations_service.list_items(
                conn, operation_id=operation.id, statuses=["skipped"], code=None, limit=100
            )
        return {item.label: item.error_code for item in found}


class StockImporter(Importer):
    """The same for tables of opening stock."""

    begin = staticmethod(bring_in_stock)
    intake = StockIntake()
    header = ("Product code", "Product name", "Lot number", "Expiration date", "Quantity")
