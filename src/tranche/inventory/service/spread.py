"""What every branch has of the lots of an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tranche.catalog import service as catalog
from tranche.catalog.domain import Item
from tranche.inventory.domain import Lot, LotFilter
from tranche.inventory.queries import moving, stock
from tranche.inventory.service.lots import list_lots
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A page of an item's lots against the branches that have any of them; `plain` is stock that is in no lot."""

    item: Item
    lots: Sequence[Lot]
    total: int
    branches: Mapping[int, str]
    quantities: Mapping[tuple[int, int], Decimal]
    plain: Mapping[int, Decimal]

    def total_of(self, lot: Lot) -> Decimal:
        """What all branches have of a lot."""
        return sum((self.quantities.get((lot.id, branch), Decimal(0)) for branch in self.branches), Decimal(0))


def spread_of(conn: Connection, ctx: Context, *, item_id: int, limit: int, offset: int) -> Spread:
    """One page of the lots of an item, the newest first.

    Raises:
        UnknownItem
    """
    item = catalog.find(conn, item_id=item_id)
    found, total = list_lots(conn, ctx, wanted=LotFilter(item_id=item_id), limit=limit, offset=offset)
    plain_id = moving.find_plain(conn, item_id=item_id)
    ids = [lot.id for lot in found] + ([plain_id] if plain_id else [])
    places = stock.list_places_of(conn, lot_ids=ids)
    return Spread(
        item=item,
        lots=found,
        total=total,
        branches={row["branch_id"]: row["branch_name"] for row in places},
        quantities={(row["lot_id"], row["branch_id"]): row["quantity"] for row in places},
        plain={row["branch_id"]: row["quantity"] for row in places if row["lot_id"] == plain_id},
    )
