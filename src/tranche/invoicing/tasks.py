"""The operations of invoices: a run over orders, and its undo."""

from tranche.imports.undo import make_undo_handler
from tranche.invoicing import service
from tranche.invoicing.bulk.issuing import after_invoice
from tranche.invoicing.bulk.queries.customers import keep_members
from tranche.invoicing.domain import Maker, Terms
from tranche.invoicing.service import DRAW_STAGE, RUN_KIND, RUN_STAGE, UNDO_KIND
from tranche.invoicing.undo import InvoiceUndoer
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Handler
from tranche.kernel.operations.items import ItemPhase, retry_items


class InvoicePhase(ItemPhase):
    """Set: the orders of a chunk become invoices in one transaction; several chunks at a time."""

    unit = "orders"
    first_size = 200  # small, because somebody waits for the first invoice
    most_size = 2_500

    def __init__(self, name: str = RUN_STAGE) -> None:
        super().__init__(name, following=after_invoice)

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Lock the orders; mark those that get no invoice."""
        service.judge_to_issue(conn, terms=Terms.load(operation.payload))

    def commit(self, conn: Connection, operation: Operation) -> None:
        """Make the others' invoices ready."""
        del operation
        service.prepare(conn)

    def seal(self, conn: Connection, operation: Operation) -> None:
        """Give them numbers, for which other chunks may be waiting, and issue them."""
        maker = Maker(user_id=operation.created_by, operation_id=operation.id)
        service.issue_prepared(conn, operation.starter, terms=Terms.load(operation.payload), maker=maker)
        if after_invoice(operation):
            keep_members(conn, operation_id=operation.id)


class DrawPhase(InvoicePhase):
    """The same where stock is drawn: one chunk at a time, so that scarce stock goes to the orders in the order given.

    A run begins in this phase or in the other, by what its orders hold; all its items are of that one.
    """

    parallel = False

    def __init__(self) -> None:
        super().__init__(DRAW_STAGE)


def make_handlers() -> list[Handler]:
    """The kinds of operation that this module adds."""
    return [
        Handler(
            kind=RUN_KIND,
            phases=(DrawPhase(), InvoicePhase()),
            retry=retry_items,
            undo=service.start_undo,
            lasting=frozenset({DRAW_STAGE, RUN_STAGE}),
        ),
        make_undo_handler(UNDO_KIND, InvoiceUndoer()),
    ]
