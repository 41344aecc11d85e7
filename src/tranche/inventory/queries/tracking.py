"""The one lot without a number of an item whose stock is one quantity, and what stands against tracking otherwise."""

from tranche.inventory.queries.lots import folded
from tranche.kernel.db.pool import Connection


def has_plain(conn: Connection, *, item_id: int) -> bool:
    row = conn.execute(
        """
        SELECT FROM lots WHERE organization_id = current_organization() AND item_id = %(item_id)s AND number IS NULL
        """,
        {"item_id": item_id},
    ).fetchone()
    return row is not None


def number_plain(conn: Connection, *, item_id: int, number: str) -> None:
    """Give the lot without a number one, so that it is shown like any other."""
    conn.execute(
        """
        UPDATE lots SET number = %(number)s, folded = %(folded)s, updated_at = now()
        WHERE organization_id = current_organization() AND item_id = %(item_id)s AND number IS NULL
        """,
        {"item_id": item_id, "number": number, "folded": folded(number, None)},
    )


def has_stock(conn: Connection, *, item_id: int) -> bool:
    """Whether any lot of the item has anything anywhere."""
    row = conn.execute(
        """
        SELECT FROM lots l
        JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
        WHERE l.organization_id = current_organization() AND l.item_id = %(item_id)s LIMIT 1
        """,
        {"item_id": item_id},
    ).fetchone()
    return row is not None


def mark_stocked_items(conn: Connection) -> None:
    """Say in temp table `held_items` which items have lots."""
    conn.execute(
        """
        UPDATE pg_temp.held_items h SET used_by = 'stock'
        WHERE h.used_by IS NULL AND EXISTS (
            SELECT FROM lots l WHERE l.organization_id = current_organization() AND l.item_id = h.id
        )
        """
    )
