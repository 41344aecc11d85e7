"""Where stock is, what of it expires, and how much each item has."""

from collections.abc import Sequence
from typing import Final

from tranche.inventory.queries.demand import TODAY
from tranche.kernel.db.pool import Connection, Row


def list_places(conn: Connection, *, lot_id: int) -> list[Row]:
    """What each branch has of a lot, by the branches' names."""
    return conn.execute(
        """
        SELECT b.branch_id, r.name AS branch_name, b.quantity
        FROM lot_balances b JOIN branches r ON r.organization_id = b.organization_id AND r.id = b.branch_id
        WHERE b.organization_id = current_organization() AND b.lot_id = %(lot_id)s
        ORDER BY r.name, r.id LIMIT 10000
        """,
        {"lot_id": lot_id},
    ).fetchall()


def list_places_of(conn: Connection, *, lot_ids: Sequence[int]) -> list[Row]:
    """What each branch has of each of these lots, where it has any."""
    return conn.execute(
        """
        SELECT b.lot_id, b.branch_id, r.name AS branch_name, b.quantity
        FROM lot_balances b JOIN branches r ON r.organization_id = b.organization_id AND r.id = b.branch_id
        WHERE b.organization_id = current_organization() AND b.lot_id = ANY(%(lot_ids)s) AND b.quantity > 0
        ORDER BY r.name, r.id, b.lot_id LIMIT 100000
        """,
        {"lot_ids": list(lot_ids)},
    ).fetchall()


def find_holder(conn: Connection, *, lot_id: int) -> str | None:
    """The name of who put a lot on hold."""
    row = conn.execute(
        """
        SELECT u.name FROM lots l JOIN users u ON u.organization_id = l.organization_id AND u.id = l.held_by
        WHERE l.organization_id = current_organization() AND l.id = %(id)s
        """,
        {"id": lot_id},
    ).fetchone()
    return row["name"] if row else None


def sum_items(conn: Connection, *, item_ids: Sequence[int], branch_id: int | None) -> dict[int, Row]:
    """By item: `batch_count`, `total_quantity` and `nearest` expiry among the lots that have stock.

    With a branch only what it has counts. Items without lots are not in it.
    """
    rows = conn.execute(
        """
        SELECT l.item_id, count(*) FILTER (WHERE l.number IS NOT NULL) AS batch_count,
            coalesce(sum(b.quantity), 0) AS total_quantity,
            min(l.expires_at) FILTER (WHERE b.quantity > 0) AS nearest
        FROM lots l
        LEFT JOIN LATERAL (
            SELECT sum(quantity) AS quantity FROM lot_balances
            WHERE organization_id = l.organization_id AND lot_id = l.id
              AND (%(branch_id)s::bigint IS NULL OR branch_id = %(branch_id)s)
        ) AS b ON true
        WHERE l.organization_id = current_organization() AND l.item_id = ANY(%(item_ids)s)
        GROUP BY l.item_id
        """,
        {"item_ids": list(item_ids), "branch_id": branch_id},
    ).fetchall()
    return {row["item_id"]: row for row in rows}


_EXPIRING: Final = f"""
    FROM {TODAY} t
    JOIN lots l ON l.organization_id = current_organization() AND l.expires_on <= t.today + %(days)s::integer
    JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
        AND (%(branch_id)s::bigint IS NULL OR b.branch_id = %(branch_id)s)
"""


def list_expiring(conn: Connection, *, days: int, branch_id: int | None, limit: int, offset: int) -> list[Row]:
    """Stock whose last day is at most `days` away or past, the nearest first; one row for each lot and branch."""
    return conn.execute(
        f"""
        SELECT l.id AS lot_id, l.number, l.name, l.item_id, i.name AS item_name, i.code AS item_code,
            b.branch_id, r.name AS branch_name, b.quantity, l.expires_at, l.expires_on,
            l.expires_on - t.today AS days_left, l.is_active, l.hold_reason
        {_EXPIRING}
        JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
        JOIN branches r ON r.organization_id = b.organization_id AND r.id = b.branch_id
        ORDER BY l.expires_on, l.id, b.branch_id LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"days": days, "branch_id": branch_id, "limit": limit, "offset": offset},
    ).fetchall()


def count_expiring(conn: Connection, *, days: int, branch_id: int | None) -> Row:
    """How many rows `list_expiring` has (`total`), and how many of them are `expired`."""
    (row,) = conn.execute(
        f"SELECT count(*) AS total, count(*) FILTER (WHERE l.expires_on < t.today) AS expired {_EXPIRING}",
        {"days": days, "branch_id": branch_id},
    ).fetchall()
    return row
