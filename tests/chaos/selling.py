"""Orders that wait to be invoiced, the run over them, and what must be true after every fault."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tests.chaos.drag import drag
from tests.chaos.house import House, Started
from tests.chaos.verdict import assert_sound, assert_tidy
from tests.inventory.factories import make_item, make_lot
from tests.invoicing.factories import make_customer, make_orders
from tranche.invoicing import service
from tranche.invoicing.domain import OrderFilter, Wishes
from tranche.invoicing.service import Choice
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation

_QUANTITY = Decimal(2)
_LOTS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Orders by id, and how much there was of the item that one line of each draws; None: nothing is drawn."""

    order_ids: list[int]
    stock: Decimal | None


def make_sale(house: House, *, orders: int, prefix: str = "SO", tracked: bool = True) -> Sale:
    """Orders of three lines; where `tracked`, one of them of an item in several lots, enough for all and 10 more.

    A run draws stock one chunk after another; where there is nothing to draw, chunks go side by side.
    """
    with house.database.transaction(house.ctx.organization_id) as conn:
        item_id = make_item(conn, name=f"Paint {prefix}") if tracked else None
        need = _QUANTITY * orders + 10
        if item_id is not None:
            _fill_lots(house, conn, item_id=item_id, prefix=prefix, need=need)
        ids = make_orders(
            conn,
            customer_id=make_customer(conn, name=f"Miller {prefix}"),
            count=orders,
            items=[] if item_id is None else [item_id],
            quantity=_QUANTITY,
            prefix=prefix,
        )
    return Sale(order_ids=ids, stock=need if tracked else None)


def _fill_lots(house: House, conn: Connection, *, item_id: int, prefix: str, need: Decimal) -> None:
    part = (need - 10) // _LOTS
    for number in range(_LOTS):
        amount = need - part * (_LOTS - 1) if number == 0 else part
        make_lot(conn, item_id=item_id, number=f"{prefix}-{number}", stock={house.ctx.branch_id or 0: str(amount)})


def begin_run(house: House, *, prefix: str = "SO") -> Started:
    """As document 2's function does it, in one transaction."""
    with house.database.transaction(house.ctx.organization_id) as conn:
        operation = service.start_run(
            conn,
            house.ctx,
            house.operations,
            choice=Choice(filter=OrderFilter(search=prefix, status="open")),
            wishes=Wishes(),
            urgency=0,
            now=datetime.now(UTC),
        )
    return started_by(operation)


def begin_undo(house: House, started: Started) -> Started:
    with house.database.transaction(house.ctx.organization_id) as conn:
        return started_by(house.operations.undo(conn, house.ctx, operation_id=started.operation_id))


def started_by(operation: Operation) -> Started:
    """The operation as the house waits for it; no import belongs to it."""
    return Started(operation_id=operation.id, import_id=0, batch_id=0)


def slow_invoices(house: House, *, seconds_per_invoice: float, event: str = "INSERT") -> None:
    """Every invoice that is issued (or, with UPDATE, voided) costs that long, asleep."""
    drag(house, table="invoices", event=event, seconds_each=seconds_per_invoice)


def slow_orders(house: House, *, seconds_per_order: float) -> None:
    """Every order costs that long, asleep, before a chunk waits for its numbers: what workers can do side by side."""
    drag(house, table="orders", event="UPDATE", seconds_each=seconds_per_order)


def assert_invoiced(
    house: House, sale: Sale, *, parked: frozenset[int] = frozenset(), in_order: bool | None = None
) -> None:
    """Every order once, gapless; the books agree. `parked` were set aside.

    Where stock is drawn the numbers follow the order given, unless several runs had the orders (`in_order`).
    """
    wanted = [order_id for order_id in sale.order_ids if order_id not in parked]
    rows = house.rows(
        "SELECT order_id, sequence FROM invoices WHERE status = 'issued' AND order_id = ANY(%(ids)s) ORDER BY sequence",
        {"ids": sale.order_ids},
    )
    invoiced = [row["order_id"] for row in rows]
    is_ordered = sale.stock is not None if in_order is None else in_order
    assert (invoiced if is_ordered else sorted(invoiced)) == wanted
    if sale.stock is not None:
        assert_stock(house, sale, drawn=len(wanted))
    assert_tidy(house)
    assert_sound(house)


def assert_stock(house: House, sale: Sale, *, drawn: int) -> None:
    """What is left is what there was, less what so many orders took."""
    (left,) = house.rows(
        """
        SELECT sum(b.quantity) AS quantity FROM lot_balances b
        JOIN lots l ON l.organization_id = b.organization_id AND l.id = b.lot_id
        WHERE l.item_id = (SELECT item_id FROM order_lines WHERE order_id = %(id)s AND line_number = 1)
        """,
        {"id": sale.order_ids[0]},
    )
    assert sale.stock is not None
    assert left["quantity"] == sale.stock - _QUANTITY * drawn
