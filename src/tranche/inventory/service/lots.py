"""Lots are made, changed, looked at."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from tranche.catalog import service as catalog
from tranche.inventory.domain import Lot, LotFilter, SortBy, UnknownLot
from tranche.inventory.queries import lots
from tranche.inventory.service.numbering import next_number
from tranche.inventory.service.tracking import require_lots
from tranche.inventory.wishes import Faults
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import FieldError, Invalid

# Our name of a field -> document 5's.
FIELDS: Final[Mapping[str, str]] = {
    "name": "batchName",
    "expires_at": "expirationDate",
    "made_at": "manufacturingDate",
    "cost_price": "costPrice",
    "unit_price": "unitPrice",
    "supplier_number": "supplierBatchNumber",
    "notes": "notes",
}


def create_lot(conn: Connection, ctx: Context, *, item_id: int, values: Mapping[str, object]) -> Lot:
    """Make a lot under the next free number BATCH-nnn; its item's stock is kept in lots from now on.

    `values` has the fields of `FIELDS` that are given, `name` among them.

    Raises:
        Invalid: a field cannot be taken.
        UnknownItem
    """
    clean = _clean(values)
    require_lots(conn, ctx, item=catalog.find(conn, item_id=item_id))
    lot_id = None
    while lot_id is None:
        number = next_number(conn)
        lot_id = lots.insert_lot(conn, item_id=item_id, number=number, values=clean, user_id=ctx.user_id)
    audit.record(conn, ctx, action="lot.create", subject_id=lot_id, detail={"number": number, "itemId": item_id})
    return get_lot(conn, ctx, lot_id=lot_id)


def update_lot(conn: Connection, ctx: Context, *, lot_id: int, values: Mapping[str, object]) -> Lot:
    """Change the given fields of `FIELDS`; None empties one.

    Raises:
        Invalid: a field cannot be taken, or none is given.
        UnknownLot
    """
    clean = _clean(values)
    if not lots.lock_lot(conn, lot_id=lot_id):
        raise UnknownLot.of(lot_id)
    lot = get_lot(conn, ctx, lot_id=lot_id)
    old = {name: getattr(lot, name) for name in FIELDS}
    changed = sorted(FIELDS[name] for name, value in clean.items() if value != old[name])
    if changed:
        lots.update_lot(conn, lot_id=lot_id, number=lot.number, values={**old, **clean}, user_id=ctx.user_id)
        audit.record(
            conn, ctx, action="lot.update", subject_id=lot_id, detail={"number": lot.number, "changed": changed}
        )
    return get_lot(conn, ctx, lot_id=lot_id)


def get_lot(conn: Connection, ctx: Context, *, lot_id: int) -> Lot:
    """Raises UnknownLot. With a branch, `quantity` is what this branch has."""
    lot = lots.find_lot(conn, lot_id=lot_id, branch_id=ctx.branch_id)
    if lot is None:
        raise UnknownLot.of(lot_id)
    return lot


def list_lots(
    conn: Connection,
    ctx: Context,
    *,
    wanted: LotFilter,
    sort_by: SortBy = SortBy.CREATED_AT,
    descending: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[Lot], int]:
    """One page, and how many match in all."""
    found = lots.list_lots(
        conn,
        wanted=wanted,
        branch_id=ctx.branch_id,
        sort_by=sort_by,
        descending=descending,
        limit=limit,
        offset=offset,
    )
    return found, lots.count_lots(conn, wanted=wanted)


def list_first_lots(conn: Connection, *, beginning: str, limit: int) -> list[Row]:
    """The first lots by number whose number begins so: id, number, item_name."""
    return lots.list_first(conn, beginning=beginning, limit=limit)


def list_lots_of_item(conn: Connection, ctx: Context, *, item_id: int) -> list[Lot]:
    """All lots of one item in the order in which they were made.

    Raises:
        UnknownItem
    """
    item = catalog.find(conn, item_id=item_id)
    return lots.list_of_items(conn, item_ids=[item.id], branch_id=ctx.branch_id)


def _clean(values: Mapping[str, object]) -> dict[str, object]:
    if not values:
        raise Invalid("Give at least one field.", errors=[FieldError("", "must hold at least one field", "required")])
    faults = Faults()
    clean = {name: _field(faults, name, value) for name, value in values.items()}
    faults.settle()
    return clean


def _field(faults: Faults, name: str, value: object) -> object:
    pointer = f"/{FIELDS[name]}"
    match value:
        case datetime():
            return faults.moment(pointer, value)
        case Decimal():
            return faults.price(pointer, value)
        case str() if name == "notes":
            return faults.notes(pointer, value)
        case str():
            text = faults.line(pointer, value)
            if name == "name" and text is None:
                faults.add(pointer, "must not be empty", "required")
            return text
    return None
