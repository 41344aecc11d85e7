"""An office that invoices: starts runs for one person and works them to the end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.invoicing import factories
from tests.working import Workbench
from tranche.invoicing import service
from tranche.invoicing.checks import CHECKS
from tranche.invoicing.domain import InvoiceDocument, Wishes
from tranche.invoicing.service import Choice
from tranche.invoicing.tasks import make_handlers
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.domain import Item, Operation
from tranche.kernel.operations.service import get_operation, list_items

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Office(Workbench):
    """What a test of invoices needs."""

    def __init__(self, database: Database, owner: Connection, context: Context) -> None:
        super().__init__(database, context, make_handlers())
        self.owner = owner
        with self.transaction() as conn:
            self.customer_id = factories.make_customer(conn)

    def orders(self, count: int = 1, **shape: Any) -> list[int]:
        with self.transaction() as conn:
            return factories.make_orders(conn, **{"customer_id": self.customer_id, "count": count, **shape})

    def start(
        self, order_ids: Sequence[int] = (), *, choice: Choice | None = None, now: datetime = NOON, **wishes: Any
    ) -> Operation:
        with self.transaction() as conn:
            return service.start_run(
                conn,
                self.context,
                self.operations,
                choice=choice or Choice(order_ids=list(order_ids)),
                wishes=Wishes(**wishes),
                urgency=0,
                now=now,
            )

    def invoice(self, order_ids: Sequence[int] = (), **more: Any) -> Operation:
        """Start and work to the end."""
        return self.end(self.start(order_ids, **more))

    def undo(self, operation: Operation) -> Operation:
        with self.transaction() as conn:
            undo = self.operations.undo(conn, self.context, operation_id=operation.id)
        return self.end(undo)

    def look(self, operation: Operation) -> Operation:
        with self.transaction() as conn:
            return get_operation(conn, operation_id=operation.id)

    def items(self, operation: Operation) -> list[Item]:
        with self.transaction() as conn:
            return list_items(conn, operation_id=operation.id, statuses=None, code=None, limit=1_000)

    def document(self, invoice_id: int) -> InvoiceDocument:
        with self.transaction() as conn:
            return service.get_invoice_document(conn, invoice_id)

    def rows(self, statement: str, **values: Any) -> list[Row]:
        with self.transaction() as conn:
            return conn.execute(statement, values or None).fetchall()

    def numbers(self) -> list[str]:
        return [row["number"] for row in self.rows("SELECT number FROM invoices ORDER BY id")]

    def as_user(self, **changes: Any) -> Context:
        return replace(self.context, **changes)

    def is_sound(self) -> bool:
        """Whether the doctor finds nothing."""
        hits = [
            hit for check in (*CHECKS, *OPERATION_CHECKS) for hit in self.owner.execute(check.sql.encode()).fetchall()
        ]
        assert hits == []
        return True
