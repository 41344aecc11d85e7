"""Looking at order batches and orders."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tranche.imports import service as imports
from tranche.kernel.db.listing import Choice, Prefix, fetch_page, fetch_slice
from tranche.kernel.db.pool import Connection, Row
from tranche.orders.domain import (
    LOGGED_ERRORS,
    BatchNotFound,
    BatchStats,
    Order,
    OrderBatch,
    OrderInvoice,
    OrderLine,
    OrderNotFound,
)
from tranche.orders.queries import batches, orders
from tranche.orders.queries.batches import batch_of
from tranche.orders.queries.listing import BATCHES, ORDERS
from tranche.orders.queries.orders import order_of

__all__ = ["BATCHES", "ORDERS", "batch_of", "order_of"]

_MOST_LINES = 10_000


def get_batch(conn: Connection, *, batch_id: int) -> OrderBatch:
    """One batch.

    Raises:
        BatchNotFound
    """
    batch = batches.find_batch(conn, batch_id=batch_id)
    if batch is None:
        raise BatchNotFound.of(batch_id)
    return batch


def list_batches(conn: Connection, *, limit: int) -> list[OrderBatch]:
    """The newest batches."""
    return [batch_of(row) for row in fetch_page(conn, BATCHES, Choice(), limit=limit, offset=0)]


def list_numbered_batches(conn: Connection, *, ranges: Sequence[tuple[int, int]], limit: int) -> list[OrderBatch]:
    """Those whose number is in one of the ranges, the least first."""
    return batches.list_numbered(conn, ranges=ranges, limit=limit)


def list_first_orders(conn: Connection, *, beginning: str, limit: int) -> list[Order]:
    """The first orders by number whose number begins so."""
    wanted = Choice({"search": Prefix(beginning)}, "orderId")
    return [order_of(row) for row in fetch_slice(conn, ORDERS, wanted, limit=limit).rows]


def find_same_file(conn: Connection, *, sha256: bytes) -> Row | None:
    """The upload with which the same bytes came in before, if it still counts."""
    return batches.find_same_file(conn, sha256=sha256)


def get_stats(conn: Connection) -> BatchStats:
    """Document 1's statistics."""
    return batches.find_stats(conn)


def list_notices(conn: Connection, *, batch: OrderBatch) -> list[str]:
    """The notices of the import that the batch came by."""
    return [] if batch.import_id is None else imports.get(conn, import_id=batch.import_id).notices


def list_logged_errors(conn: Connection, *, batch: OrderBatch) -> list[Row]:
    """The first 1,000 errors of a batch, by row."""
    if batch.import_id is None:
        return []
    rows, _ = imports.list_errors(
        conn, import_id=batch.import_id, severity="error", code=None, limit=LOGGED_ERRORS, offset=0
    )
    return rows


def collect_orders(
    conn: Connection,
    *,
    batch_id: int | None = None,
    customer_id: int | None = None,
    status: str | None = None,
    search: str | None = None,
) -> int:
    """Put what the list of these filters holds into TEMP table `matching_orders`.

    Its columns: position, id, number, currency, total.

    Returns how many there are.
    """
    return orders.create_matching(conn, _choice(batch_id, customer_id, status, search))


def sum_orders(
    conn: Connection,
    *,
    batch_id: int | None = None,
    customer_id: int | None = None,
    status: str | None = None,
    search: str | None = None,
) -> list[Row]:
    """What the list of these filters holds, by currency: currency, orders, total; most orders first."""
    return orders.sum_matching(conn, _choice(batch_id, customer_id, status, search))


def _choice(batch_id: int | None, customer_id: int | None, status: str | None, search: str | None) -> Choice:
    prefix = Prefix(search) if search else None
    return Choice({"batch_id": batch_id, "customer_id": customer_id, "status": status, "search": prefix})


@runtime_checkable
class InvoiceFinder(Protocol):
    """The port to invoicing: the invoices and credit notes of an order, the newest first."""

    def __call__(self, conn: Connection, /, *, order_id: int) -> Sequence[OrderInvoice]:
        """At most a handful: an order has one live invoice."""


def get_order(conn: Connection, *, order_id: int) -> tuple[Order, list[OrderLine]]:
    """An order with its lines, at most 10,000 of them.

    Raises:
        OrderNotFound
    """
    order = orders.find_order(conn, order_id=order_id)
    if order is None:
        raise OrderNotFound.of(order_id)
    return order, orders.list_lines(conn, order_id=order_id, limit=_MOST_LINES)
