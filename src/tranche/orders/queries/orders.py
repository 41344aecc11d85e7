"""Orders and their lines: found, counted, removed."""

from dataclasses import fields

from tranche.kernel.db.listing import Choice, narrow
from tranche.kernel.db.pool import Connection, Row
from tranche.orders.domain import Order, OrderLine
from tranche.orders.queries.listing import ORDERS

_MOST_CURRENCIES = 200


def create_matching(conn: Connection, choice: Choice) -> int:
    """Put the orders of the list into temp table `matching_orders(position, id, number, currency, total)`, by id.

    Returns how many.
    """
    filters, given = narrow(ORDERS, choice)
    return conn.execute(
        f"""
        CREATE TEMP TABLE matching_orders ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY o.id) AS position, o.id, o.number, o.currency, o.total
        FROM {ORDERS.counted} WHERE {ORDERS.where}{filters} ORDER BY o.id
        """,
        given,
    ).rowcount


def sum_matching(conn: Connection, choice: Choice) -> list[Row]:
    """The orders of the list by currency (currency, orders, total), most orders first."""
    filters, given = narrow(ORDERS, choice)
    return conn.execute(
        f"""
        SELECT o.currency, count(*) AS orders, sum(o.total) AS total
        FROM {ORDERS.counted} WHERE {ORDERS.where}{filters}
        GROUP BY o.currency ORDER BY orders DESC, o.currency LIMIT %(most)s
        """,
        {**given, "most": _MOST_CURRENCIES},
    ).fetchall()


def find_order(conn: Connection, *, order_id: int) -> Order | None:
    row = conn.execute(
        f"SELECT {ORDERS.select} FROM {ORDERS.source} WHERE {ORDERS.where} AND o.id = %(id)s", {"id": order_id}
    ).fetchone()
    return order_of(row) if row else None


def list_lines(conn: Connection, *, order_id: int, limit: int) -> list[OrderLine]:
    rows = conn.execute(
        """
        SELECT l.line_number, l.item_id, i.code AS item_code, l.description, l.quantity, l.unit_price, l.tax_rate,
            l.amount, l.source_row, l.extra
        FROM order_lines l
        LEFT JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
        WHERE l.organization_id = current_organization() AND l.order_id = %(order_id)s
        ORDER BY l.line_number LIMIT %(limit)s
        """,
        {"order_id": order_id, "limit": limit},
    ).fetchall()
    return [OrderLine(**row) for row in rows]


def count_batch_orders(conn: Connection, *, batch_id: int) -> int:
    row = conn.execute(
        "SELECT count(*) AS count FROM orders WHERE organization_id = current_organization() AND batch_id = %(id)s",
        {"id": batch_id},
    ).fetchone()
    return int(row["count"]) if row else 0


def has_unbatched(conn: Connection) -> bool:
    """Whether there are orders from before order batches were kept."""
    row = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM orders WHERE organization_id = current_organization() AND batch_id IS NULL
        ) AS has_any
        """
    ).fetchone()
    return bool(row and row["has_any"])


def list_invoiced_numbers(conn: Connection, *, batch_id: int, limit: int) -> list[str]:
    rows = conn.execute(
        """
        SELECT number FROM orders
        WHERE organization_id = current_organization() AND batch_id = %(id)s AND status = 'invoiced'
        ORDER BY id LIMIT %(limit)s
        """,
        {"id": batch_id, "limit": limit},
    ).fetchall()
    return [row["number"] for row in rows]


def delete_batch_orders(conn: Connection, *, batch_id: int, limit: int) -> int:
    """Remove up to `limit` orders of a batch with their lines, in id order; returns how many."""
    conn.execute(
        """
        CREATE TEMP TABLE going ON COMMIT DROP AS
        SELECT id FROM orders WHERE organization_id = current_organization() AND batch_id = %(id)s
        ORDER BY id LIMIT %(limit)s FOR UPDATE
        """,
        {"id": batch_id, "limit": limit},
    )
    conn.execute("ANALYZE pg_temp.going")
    conn.execute(
        """
        DELETE FROM order_lines l USING pg_temp.going g
        WHERE l.organization_id = current_organization() AND l.order_id = g.id
        """
    )
    return conn.execute(
        "DELETE FROM orders o USING pg_temp.going g WHERE o.organization_id = current_organization() AND o.id = g.id"
    ).rowcount


def order_of(row: Row) -> Order:
    """The order that a row of its list is."""
    return Order(**{f.name: row[f.name] for f in fields(Order)})
