"""How an item's stock is kept follows what is done with it: a lot or a receipt turns tracking on."""

from tranche.catalog import service as catalog
from tranche.catalog.domain import Item, StockTracking
from tranche.inventory.queries import tracking
from tranche.inventory.service.numbering import next_number
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid


def require_lots(conn: Connection, ctx: Context, *, item: Item) -> None:
    """Keep the item's stock in lots from now on. What it has as one quantity becomes a lot with a number of its own."""
    if item.stock_tracking is StockTracking.LOTS:
        return
    _turn(conn, ctx, item=item, tracking=StockTracking.LOTS)
    if tracking.has_plain(conn, item_id=item.id):
        tracking.number_plain(conn, item_id=item.id, number=next_number(conn))


def require_plain(conn: Connection, ctx: Context, *, item: Item) -> None:
    """Keep the item's stock as one quantity from now on, unless it is kept in lots.

    Raises:
        Invalid: it is kept in lots, so that the lot must be named.
    """
    if item.stock_tracking is StockTracking.LOTS:
        detail = "is missing: the stock of this item is kept in lots"
        raise Invalid(f"batchNumber {detail}.", errors=[FieldError("/batchNumber", detail, "required")])
    if item.stock_tracking is StockTracking.NONE:
        _turn(conn, ctx, item=item, tracking=StockTracking.PLAIN)


def _turn(conn: Connection, ctx: Context, *, item: Item, tracking: StockTracking) -> None:
    catalog.set_tracking(conn, item_id=item.id, tracking=tracking)
    audit.record(
        conn,
        ctx,
        action="item.tracking",
        subject_id=item.id,
        detail={"from": item.stock_tracking.value, "to": tracking.value},
    )
