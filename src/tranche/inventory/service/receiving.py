"""Stock comes in, is counted, and goes to another branch: changes of one lot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import uuid4

from tranche.catalog import service as catalog
from tranche.catalog.domain import Item
from tranche.inventory.domain import Kind, LotNotInBranch, Movement
from tranche.inventory.merging import NOTHING, Values
from tranche.inventory.queries import lots, moving
from tranche.inventory.queries.moving import Entry, Held
from tranche.inventory.service.book import Book
from tranche.inventory.service.history import get_movement
from tranche.inventory.service.moving import branch_of, require_item
from tranche.inventory.service.tracking import require_lots, require_plain
from tranche.inventory.wishes import Faults
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import find_branch

_NUMBER: Final = "/batchNumber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is said about a lot when stock of it comes in; the names are used only where the lot is made."""

    number: str | None
    quantity: Decimal
    name: str | None = None
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expires_at: datetime | None = None
    made_at: datetime | None = None
    supplier_number: str | None = None
    notes: str | None = None


def receive(conn: Connection, ctx: Context, *, item_id: int, receipt: Receipt) -> Movement:
    """Take stock into a lot of the branch; a lot that is not there is made. Without a number: into the plain stock.

    Raises:
        Invalid: a field cannot be taken, the lot is inactive or another item's, or the item needs a number.
        UnknownItem, NoBranch
    """
    branch_id = branch_of(conn, ctx)
    faults = Faults()
    quantity = faults.quantity("/quantity", receipt.quantity)
    given = Values(
        cost_price=faults.price("/costPrice", receipt.cost_price),
        unit_price=faults.price("/unitPrice", receipt.unit_price),
        expires_at=faults.moment("/expirationDate", receipt.expires_at),
    )
    made_at = faults.moment("/manufacturingDate", receipt.made_at)
    names = {
        "name": faults.line("/batchName", receipt.name),
        "supplier_number": faults.line("/supplierBatchNumber", receipt.supplier_number),
    }
    number = None if receipt.number is None else faults.number(_NUMBER, receipt.number)
    notes = faults.notes("/notes", receipt.notes)
    faults.settle()
    item = catalog.find(conn, item_id=item_id)
    lot_id, made = _open(conn, ctx, item=item, number=number, values={**names, "made_at": made_at})
    held = _hold(conn, lot_id, branch_id=branch_id)
    book = Book(held, made=set())
    given = NOTHING if number is None else given
    became = book.give(lot_id, quantity, coming=NOTHING, given=given, pointer=_NUMBER)
    moving.update_values(conn, changed=book.changed(), user_id=ctx.user_id)
    entry = Entry(
        kind=Kind.RECEIVE,
        item_id=item_id,
        quantity=quantity,
        to_lot_id=lot_id,
        to_branch_id=branch_id,
        notes=notes,
        made_lot=made,
        left=became.left,
        found=became.found,
    )
    return _write(conn, ctx, entry)


def adjust(
    conn: Connection,
    ctx: Context,
    *,
    item_id: int,
    number: str | None,
    change: Decimal | None = None,
    counted: Decimal | None = None,
    notes: str | None = None,
) -> Movement | None:
    """Correct what a lot has in the branch: by a `change` with its sign, or to what was `counted`.

    None where what was counted is what there is.

    Raises:
        Invalid: both or neither are given, or less than nothing would be left (NotEnough).
        LotNotInBranch, NoBranch
    """
    branch_id = branch_of(conn, ctx)
    faults = Faults()
    if (change is None) == (counted is None):
        faults.add("/quantity", "or countedQuantity must be given, and not both", "required")
    if change is not None:
        faults.change("/quantity", change)
    if counted is not None:
        faults.count("/countedQuantity", counted)
    number = None if number is None else faults.number(_NUMBER, number)
    notes = faults.notes("/notes", notes)
    faults.settle()
    lot_id = _existing(conn, item_id=item_id, number=number)
    held = _hold(conn, lot_id, branch_id=branch_id)
    there = held[lot_id].quantity
    if there is None and (change is None or change < 0) and counted != 0:
        raise LotNotInBranch(number)
    there = there or Decimal(0)
    difference = change if change is not None else (counted or Decimal(0)) - there
    if not difference:
        return None
    entry = Entry(kind=Kind.ADJUST, item_id=item_id, quantity=abs(difference), notes=notes)
    if difference > 0:
        return _write(conn, ctx, replace(entry, to_lot_id=lot_id, to_branch_id=branch_id))
    Book(held, made=set()).take(lot_id, -difference, pointer="/quantity")
    return _write(conn, ctx, replace(entry, from_lot_id=lot_id, from_branch_id=branch_id))


def send(
    conn: Connection,
    ctx: Context,
    *,
    item_id: int,
    number: str | None,
    to_branch_id: int,
    quantity: Decimal,
    notes: str | None = None,
) -> Movement:
    """Move stock of a lot from the branch to another one; a lot on hold stays on hold there.

    Raises:
        Invalid: a field cannot be taken, the branches are the same, or there is less than is wanted (NotEnough).
        LotNotInBranch, UnknownBranch, NoBranch
    """
    branch_id = branch_of(conn, ctx)
    faults = Faults()
    faults.quantity("/quantity", quantity)
    if to_branch_id == branch_id:
        faults.add("/toBranchId", "must be another branch than the one that stock comes from", "same_branch")
    number = None if number is None else faults.number(_NUMBER, number)
    notes = faults.notes("/notes", notes)
    faults.settle()
    find_branch(conn, branch_id=to_branch_id)
    lot_id = _existing(conn, item_id=item_id, number=number)
    held = _hold(conn, lot_id, branch_id=branch_id)
    if held[lot_id].quantity is None:
        raise LotNotInBranch(number)
    Book(held, made=set()).take(lot_id, quantity, pointer="/quantity")
    entry = Entry(
        kind=Kind.BRANCH_TRANSFER,
        item_id=item_id,
        quantity=quantity,
        from_lot_id=lot_id,
        from_branch_id=branch_id,
        to_lot_id=lot_id,
        to_branch_id=to_branch_id,
        notes=notes,
    )
    return _write(conn, ctx, entry)


def _open(
    conn: Connection, ctx: Context, *, item: Item, number: str | None, values: Mapping[str, object]
) -> tuple[int, bool]:
    """The lot that stock comes into, and whether it was made now."""
    if number is None:
        require_plain(conn, ctx, item=item)
        found = moving.find_plain(conn, item_id=item.id)
        made = found or moving.insert_bare(conn, item_id=item.id, number=None, source_id=None, user_id=ctx.user_id)
        # Where neither is there, somebody else has just made it.
        return made or _existing(conn, item_id=item.id, number=None), False
    require_lots(conn, ctx, item=item)
    named = moving.find_ids(conn, numbers=[number]).get(number)
    if named is None:
        lot_id = lots.insert_lot(conn, item_id=item.id, number=number, values=values, user_id=ctx.user_id)
        if lot_id is not None:
            return lot_id, True
        named = moving.find_ids(conn, numbers=[number])[number]
    require_item(conn, number, named[1], item_id=item.id, at=_NUMBER)
    return named[0], False


def _hold(conn: Connection, lot_id: int, *, branch_id: int) -> dict[int, Held]:
    moving.lock_lots(conn, lot_ids=[lot_id])
    return moving.read_lots(conn, lot_ids=[lot_id], branch_id=branch_id)


def _existing(conn: Connection, *, item_id: int, number: str | None) -> int:
    if number is None:
        lot_id = moving.find_plain(conn, item_id=item_id)
    else:
        found = moving.find_ids(conn, numbers=[number]).get(number)
        lot_id = found[0] if found and found[1] == item_id else None
    if lot_id is None:
        raise LotNotInBranch(number)
    return lot_id


def _write(conn: Connection, ctx: Context, entry: Entry) -> Movement:
    told = {"lotId": entry.to_lot_id or entry.from_lot_id, "quantity": str(entry.quantity)}
    noted = audit.write(ctx, action=f"lot.{entry.kind.value}", detail=told)
    (row,) = moving.insert_movements(conn, group_id=uuid4(), entries=[entry], user_id=ctx.user_id, noted=noted)
    return get_movement(conn, movement_id=row["id"])
