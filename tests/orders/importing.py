"""Imports a small table of orders with one runner in this process, without server and queue loop."""

import csv
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tranche.imports import service as imports
from tranche.imports.domain import ImportMode, Limits, Mapping, OnDuplicate
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database, Row
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Registry
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.runner import Pace, Runner
from tranche.kernel.operations.service import Operations, get_operation
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


class Importer:
    """Uploads tables for one person and works their operations to the end."""

    def __init__(self, database: Database, context: Context, home: Path) -> None:
        self.database = database
        self.context = context
        self.files = LocalFiles(home / "files")
        self.queue = ProcrastinateQueue()
        registry = Registry(make_handlers(self.files, limits=Limits(seconds=60)))
        self.operations = Operations(self.queue, registry)
        self.worker_id = uuid.uuid4()
        self.runner, self.stepper = (
            Runner(database, self.queue, registry, worker_id=self.worker_id, pace=Pace(slice=seconds, dead_after=30))
            for seconds in (60.0, 0.0)
        )
        self.beat()

    def beat(self) -> None:
        with self.database.transaction(None) as conn:
            claims.beat(conn, worker_id=self.worker_id, host="test", pid=1, slots=1, version="test")

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
        with self.database.transaction(self.context.organization_id) as conn:
            if dry_run:
                return service.try_out(conn, self.context, self.operations, wanted=wanted)
            return service.upload(conn, self.context, self.operations, wanted=wanted)[1]

    def work(self, operation: Operation) -> Imported:
        """Run slices until the operation has ended."""
        for _ in range(50):
            self._run(self.runner, operation)
            found = self.look(operation)
            if found.operation.status.is_terminal:
                return found
        raise AssertionError(f"the operation does not end: {found.operation}")

    def step(self, operation: Operation) -> None:
        """Run one slice that is over after its first step."""
        self._run(self.stepper, operation)

    def _run(self, runner: Runner, operation: Operation) -> None:
        runner.run_slice(
            organization_id=self.context.organization_id,
            operation_id=operation.id,
            lane=0,
            should_abort=lambda: False,
        )

    def look(self, operation: Operation) -> Imported:
        with self.database.transaction(self.context.organization_id) as conn:
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
        with self.database.transaction(self.context.organization_id) as conn:
            return conn.execute(statement).fetchall()
