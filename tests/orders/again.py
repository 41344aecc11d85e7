"""What comes after an import: its undo, its second judgement, and the checks that must hold whatever was done."""

from dataclasses import dataclass

from tests.orders.importing import Importer
from tranche.imports import again
from tranche.imports import service as imports
from tranche.imports.again import Choice
from tranche.imports.domain import Mapping, OnDuplicate
from tranche.imports.memory import service as memory
from tranche.imports.memory.domain import Memory
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.domain import Operation
from tranche.orders import service
from tranche.orders.checks import CHECKS as ORDER_CHECKS
from tranche.orders.domain import OrderBatch
from tranche.orders.intake import OrderIntake


@dataclass(frozen=True, slots=True)
class Desk:
    """One person with second thoughts."""

    importer: Importer
    owner: Connection

    def undo(self, batch_id: int) -> Operation:
        """Start the undo of a batch."""
        importer = self.importer
        with importer.transaction() as conn:
            return service.undo_batch(conn, importer.context, importer.operations, batch_id=batch_id)

    def undone(self, batch_id: int) -> Operation:
        """Undo a batch to the end."""
        return self.end(self.undo(batch_id))

    def judge(self, import_id: int, mapping: Mapping, *, on_duplicate: OnDuplicate | None = None) -> Operation:
        """Start judging an import under another mapping."""
        importer = self.importer
        with importer.transaction() as conn:
            return again.judge_again(
                conn,
                importer.context,
                importer.operations,
                import_id=import_id,
                choice=Choice(mapping=mapping, on_duplicate=on_duplicate),
            )[1]

    def confirm(self, import_id: int, *, allow_duplicate: bool = False) -> Operation:
        """Start the import that a dry run has reported."""
        importer = self.importer
        with importer.transaction() as conn:
            return again.confirm(
                conn,
                importer.context,
                importer.operations,
                import_id=import_id,
                intake=OrderIntake(),
                allow_duplicate=allow_duplicate,
            )[1]

    def end(self, operation: Operation) -> Operation:
        """Work an operation of any kind to its end."""
        return self.importer.end(operation)

    def batch(self, batch_id: int) -> OrderBatch:
        """A batch as it is now."""
        with self.importer.transaction() as conn:
            return service.get_batch(conn, batch_id=batch_id)

    def work(self, import_id: int) -> Import:
        """An import as it is now."""
        with self.importer.transaction() as conn:
            return imports.get(conn, import_id=import_id)

    def memories(self) -> list[Memory]:
        """What is remembered."""
        with self.importer.transaction() as conn:
            return memory.list_page(conn, target=None, limit=100, offset=0)[0]

    def kept(self, batch_id: int) -> dict[str, str]:
        """The orders that an undo left, by number, each with its code."""
        with self.importer.transaction() as conn:
            report = service.look_at_undo(conn, batch_id=batch_id, outcome=None, limit=100, offset=0)
        assert report.total == len(report.orders)
        return {row["number"]: row["code"] for row in report.orders}

    def numbers(self) -> set[str]:
        """The orders that are there."""
        return {row["number"] for row in self.importer.rows("SELECT number FROM orders")}

    def change(self, statement: str) -> None:
        """What a later module would do, as the owner."""
        self.owner.execute(statement.encode())

    def findings(self) -> dict[str, list[Row]]:
        """What the checks of orders and operations find."""
        checks = [*ORDER_CHECKS, *OPERATION_CHECKS]
        found = {check.name: self.owner.execute(check.sql.encode()).fetchall() for check in checks}
        return {name: rows for name, rows in found.items() if rows}
