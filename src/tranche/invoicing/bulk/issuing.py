"""The first stage of invoices for customers: a chunk of customers becomes invoices in one transaction."""

from decimal import Decimal
from typing import Any

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.domain import INVOICE, PDF, SEND, LineWish
from tranche.invoicing.bulk.queries import customers
from tranche.invoicing.domain import Maker, Terms
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.items import ItemPhase


class CustomersPhase(ItemPhase):
    """Set, one chunk at a time: scarce stock goes to the customers in the order given."""

    unit = "customers"
    parallel = False

    def __init__(self) -> None:
        super().__init__(INVOICE, following=after_invoice)

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Unknown customers fail, and those for whom the stock does not suffice."""
        terms = Terms.load(operation.payload)
        customers.create_drafts(
            conn,
            lines=load_lines(operation.payload["lines"]),
            currency=operation.payload["currency"],
            tax_rate=str(terms.tax_rate),
        )
        customers.judge(conn)
        invoicing.judge_stock(conn, branch_id=terms.branch_id)

    def commit(self, conn: Connection, operation: Operation) -> None:
        """Issue the others' invoices."""
        maker = Maker(user_id=operation.created_by, operation_id=operation.id)
        invoicing.issue(conn, operation.starter, terms=Terms.load(operation.payload), maker=maker)
        customers.keep_members(conn, operation_id=operation.id)


def after_invoice(operation: Operation) -> str | None:
    """An invoice goes on to be printed, or straight to be sent, or is all that was wanted."""
    return next((stage for stage in (PDF, SEND) if operation.payload.get(stage)), None)


def dump_lines(lines: list[LineWish]) -> list[list[Any]]:
    """As a payload keeps them; decimals are exact as text."""
    return [[line.item_id, str(line.quantity), str(line.unit_price)] for line in lines]


def load_lines(rows: list[list[Any]]) -> list[LineWish]:
    """The reverse of `dump_lines`."""
    return [LineWish(item_id=row[0], quantity=Decimal(row[1]), unit_price=Decimal(row[2])) for row in rows]
