"""Orders and their lines: listed, counted, found, removed. Orders of a deleted batch are hidden at once."""

from dataclasses import fields

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import after_prefix
from tranche.orders.domain import Order, OrderLine

_FROM = """
    FROM orders o
    JOIN customers c ON c.organization_id = o.organization_id AND c.id = o.customer_id
    WHERE o.organization_id = current_organization()
      AND NOT EXISTS (
        SELECT FROM order_batches b
        WHERE b.organization_id = o.organization_id AND b.id = o.batch_id AND b.deleted_at IS NOT NULL
      )
"""
_FILTER = """
      AND (%(batch_id)s::bigint IS NULL OR o.batch_id = %(batch_id)s)
      AND (%(customer_id)s::bigint IS NULL OR o.customer_id = %(customer_id)s)
      AND (%(status)s::text IS NULL OR o.status = %(status)s)
      AND (%(low)s::text IS NULL OR o.number >= %(low)s AND o.number < %(high)s)
"""
_COLUMNS = """
    o.id, o.batch_id, o.number, o.customer_id, c.code AS customer_code, c.name AS customer_name, o.kind, o.status,
    o.order_date, o.currency, o.line_count, o.total, o.notes, o.created_at, o.updated_at
"""


def list_orders(
    conn: Connection,
    *,
    batch_id: int | None,
    customer_id: int | None,
    status: str | None,
    search: str | None,
    limit: int,
    offset: int,
) -> list[Order]:
    """By id, the newest last; `search` is a prefix of the order number."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} {_FILTER} ORDER BY o.id LIMIT %(limit)s OFFSET %(offset)s",
        {
            "batch_id": batch_id,
            "customer_id": customer_id,
            "status": status,
            **_prefix(search),
            "limit": limit,
            "offset": offset,
        },
    ).fetchall()
    return [_order(row) for row in rows]


def count_orders(
    conn: Connection, *, batch_id: int | None, customer_id: int | None, status: str | None, search: str | None
) -> int:
    row = conn.execute(
        f"SELECT count(*) AS count {_FROM} {_FILTER}",
        {"batch_id": batch_id, "customer_id": customer_id, "status": status, **_prefix(search)},
    ).fetchone()
    return int(row["count"]) if row else 0


def create_matching(
    conn: Connection, *, batch_id: int | None, customer_id: int | None, status: str | None, search: str | None
) -> int:
    """Put the orders that match into temp table `matching_orders(id, number, currency, total)`; returns how many."""
    return conn.execute(
        f"""
        CREATE TEMP TABLE matching_orders ON COMMIT DROP AS
        SELECT o.id, o.number, o.currency, o.total {_FROM} {_FILTER} ORDER BY o.id
        """,
        {"batch_id": batch_id, "customer_id": customer_id, "status": status, **_prefix(search)},
    ).rowcount


def find_order(conn: Connection, *, order_id: int) -> Order | None:
    row = conn.execute(f"SELECT {_COLUMNS} {_FROM} AND o.id = %(id)s", {"id": order_id}).fetchone()
    return _order(row) if row else None


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


def _prefix(search: str | None) -> dict[str, str | None]:
    low = search or None
    return {"low": low, "high": after_prefix(low) if low else None}


def _order(row: Row) -> Order:
    return Order(**{f.name: row[f.name] for f in fields(Order)})
