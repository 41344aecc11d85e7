"""SQL of items."""

from tranche.catalog.domain import Item, StockTracking
from tranche.kernel.db.matching import Target
from tranche.kernel.db.pool import Connection

WANTED = Target(
    table="items",
    wanted="wanted_items",
    id_column="item_id",
    extras={"unit_price": "w.unit_price"},
)


def find_item(conn: Connection, *, item_id: int) -> Item | None:
    row = conn.execute(
        """
        SELECT id, code, name, unit_price, stock_tracking, created_at, updated_at FROM items
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": item_id},
    ).fetchone()
    return Item(**{**row, "stock_tracking": StockTracking(row["stock_tracking"])}) if row else None
