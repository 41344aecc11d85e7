"""A lot is put on hold, released, activated, deactivated; and where its stock is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tranche.inventory.domain import Lot, UnknownLot
from tranche.inventory.queries import lots, stock
from tranche.inventory.service.lots import get_lot
from tranche.inventory.wishes import Faults
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """What a branch has of a lot."""

    branch_id: int
    branch_name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LotStock:
    """A lot with all its places, and who holds it."""

    lot: Lot
    held_at: datetime | None
    held_by: str | None
    places: Sequence[Place]

    @property
    def total(self) -> Decimal:
        """In all branches."""
        return sum((place.quantity for place in self.places), Decimal(0))


def hold(conn: Connection, ctx: Context, *, lot_id: int, reason: str) -> LotStock:
    """Keep a lot back: nothing is consumed of it and nothing of it gets into other lots. A new reason replaces the old.

    Raises:
        UnknownLot
        Invalid: the reason is empty.
    """
    faults = Faults()
    clean = faults.line("/reason", reason, longest=500)
    if clean is None:
        faults.add("/reason", "must say why the lot is kept back", "required")
    faults.settle()
    _lock(conn, lot_id)
    lots.set_hold(conn, lot_id=lot_id, reason=clean, user_id=ctx.user_id)
    audit.record(conn, ctx, action="lot.hold", subject_id=lot_id, detail={"reason": clean})
    return get_stock(conn, ctx, lot_id=lot_id)


def release(conn: Connection, ctx: Context, *, lot_id: int) -> LotStock:
    """Let a lot go again; one that is not on hold stays as it is.

    Raises:
        UnknownLot
    """
    _lock(conn, lot_id)
    if get_lot(conn, ctx, lot_id=lot_id).held_at is not None:
        lots.set_hold(conn, lot_id=lot_id, reason=None, user_id=ctx.user_id)
        audit.record(conn, ctx, action="lot.release", subject_id=lot_id)
    return get_stock(conn, ctx, lot_id=lot_id)


def set_active(conn: Connection, ctx: Context, *, lot_id: int, is_active: bool) -> Lot:
    """An inactive lot is not consumed and takes no part in operations; its stock stays where it is.

    Raises:
        UnknownLot
    """
    _lock(conn, lot_id)
    if get_lot(conn, ctx, lot_id=lot_id).is_active is not is_active:
        lots.set_active(conn, lot_id=lot_id, is_active=is_active, user_id=ctx.user_id)
        verb = "activate" if is_active else "deactivate"
        audit.record(conn, ctx, action=f"lot.{verb}", subject_id=lot_id)
    return get_lot(conn, ctx, lot_id=lot_id)


def get_stock(conn: Connection, ctx: Context, *, lot_id: int) -> LotStock:
    """Raises UnknownLot."""
    lot = get_lot(conn, ctx, lot_id=lot_id)
    places = [Place(**row) for row in stock.list_places(conn, lot_id=lot_id)]
    holder = stock.find_holder(conn, lot_id=lot_id) if lot.held_at else None
    return LotStock(lot=lot, held_at=lot.held_at, held_by=holder, places=places)


def _lock(conn: Connection, lot_id: int) -> None:
    if not lots.lock_lot(conn, lot_id=lot_id):
        raise UnknownLot.of(lot_id)
