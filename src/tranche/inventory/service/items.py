"""Items are made, changed and looked at with their stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tranche.catalog import service as catalog
from tranche.catalog.domain import Item, ItemFields, StockTracking
from tranche.inventory.domain import Lot, TrackingInUse
from tranche.inventory.queries import lots, stock, tracking
from tranche.inventory.service.tracking import require_lots
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True)
class Summary:
    """What an item has: in the caller's branch, or without one in all."""

    batch_count: int
    total_quantity: Decimal
    nearest_expiration: datetime | None


@dataclass(frozen=True, slots=True)
class Stocked:
    """An item with its lots and what they have together."""

    item: Item
    lots: Sequence[Lot]
    summary: Summary


def create_item(conn: Connection, ctx: Context, *, fields: ItemFields) -> Item:
    """Make an item; see catalog.service.create for what is refused."""
    return catalog.create(conn, ctx, fields=fields)


def update_item(conn: Connection, ctx: Context, *, item_id: int, fields: ItemFields) -> Item:
    """Change the given fields of an item.

    Raises:
        UnknownItem, Invalid, ItemTaken
        TrackingInUse: its stock cannot be tracked so, because there is some.
    """
    old = catalog.find(conn, item_id=item_id)
    wanted = fields.get("stock_tracking", old.stock_tracking)
    if wanted is StockTracking.LOTS:
        require_lots(conn, ctx, item=old)
    elif old.stock_tracking is not StockTracking.NONE and wanted is not old.stock_tracking:
        _refuse_stock(conn, old, wanted)
    return catalog.update(conn, ctx, item_id=item_id, fields=fields)


def stock_of(conn: Connection, ctx: Context, *, items: Sequence[Item]) -> list[Stocked]:
    """These items with their lots; two questions, however many items."""
    ids = [item.id for item in items]
    by_item: dict[int, list[Lot]] = {item_id: [] for item_id in ids}
    for lot in lots.list_of_items(conn, item_ids=ids, branch_id=ctx.branch_id):
        by_item[lot.item_id].append(lot)
    sums = stock.sum_items(conn, item_ids=ids, branch_id=ctx.branch_id)
    return [Stocked(item, by_item[item.id], _summary(sums.get(item.id))) for item in items]


def summaries_of(conn: Connection, ctx: Context, *, items: Sequence[Item], whole: bool = False) -> list[Stocked]:
    """As `stock_of`, without the lots themselves; with `whole` in all branches whatever the caller's is."""
    branch_id = None if whole else ctx.branch_id
    sums = stock.sum_items(conn, item_ids=[item.id for item in items], branch_id=branch_id)
    return [Stocked(item, (), _summary(sums.get(item.id))) for item in items]


def _summary(row: Row | None) -> Summary:
    if row is None:
        return Summary(0, Decimal(0), None)
    return Summary(row["batch_count"], row["total_quantity"], row["nearest"])


def _refuse_stock(conn: Connection, item: Item, wanted: StockTracking) -> None:
    if tracking.has_stock(conn, item_id=item.id):
        raise TrackingInUse(
            f"Item {item.code or item.name} has stock that is tracked as {item.stock_tracking}; "
            f"bring it to 0 before tracking it as {wanted}."
        )
