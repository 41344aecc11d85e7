"""Stock moves from lots into lots of the same item, in one branch: what transfer, consolidation and split share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from tranche.catalog import service as catalog
from tranche.inventory.domain import Kind, LotNotInBranch, NoBranch, NotEnough, OtherItem
from tranche.inventory.merging import Values
from tranche.inventory.queries import moving
from tranche.inventory.queries.moving import Entry
from tranche.inventory.service.book import Book
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError
from tranche.kernel.identity.service import name_branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where in the body the parts of a leg stand, as JSON pointers."""

    source: str
    destination: str
    quantity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One way of stock between two lots, by their numbers; quantity None is all that the source has here."""

    source: str
    destination: str
    quantity: Decimal | None
    given: Values
    at: Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A movement that was made, as document 5 shows it."""

    id: int
    branch_id: int
    item_id: int
    kind: Kind
    source_id: int
    source_number: str
    destination_id: int
    destination_number: str
    quantity: Decimal
    notes: str | None
    created_at: datetime
    created_by: int | None
    operation_group_id: UUID


def move(
    conn: Connection, ctx: Context, *, kind: Kind, item_id: int, legs: Sequence[Leg], notes: str | None
) -> list[Moved]:
    """Make all of these movements or none; destinations that are not there are made.

    Raises:
        NoBranch, LotNotInBranch, OtherItem, LotInactive, LotHeld, NotEnough
    """
    branch_id = branch_of(conn, ctx)
    ids, made = _resolve(conn, ctx, item_id=item_id, legs=legs)
    held = moving.read_lots(conn, lot_ids=list(ids.values()), branch_id=branch_id)
    book = Book(held, made=made)
    entries = [
        _enter(book, leg, kind=kind, item_id=item_id, branch_id=branch_id, ids=ids, made=made, notes=notes)
        for leg in legs
    ]
    moving.update_values(conn, changed=book.changed(), user_id=ctx.user_id)
    group_id = uuid4()
    noted = audit.write(
        ctx,
        action=f"lot.{kind.value}",
        detail={"operationGroupId": str(group_id), "itemId": item_id, "branchId": branch_id, "movements": len(entries)},
    )
    rows = moving.insert_movements(conn, group_id=group_id, entries=entries, user_id=ctx.user_id, noted=noted)
    return [
        Moved(
            id=row["id"],
            branch_id=branch_id,
            item_id=item_id,
            kind=kind,
            source_id=ids[leg.source],
            source_number=leg.source,
            destination_id=ids[leg.destination],
            destination_number=leg.destination,
            quantity=entry.quantity,
            notes=notes,
            created_at=row["created_at"],
            created_by=ctx.user_id,
            operation_group_id=group_id,
        )
        for leg, entry, row in zip(legs, entries, rows, strict=True)
    ]


def branch_of(conn: Connection, ctx: Context) -> int:
    """The branch in which stock changes.

    Raises:
        NoBranch: it names some.
    """
    if ctx.branch_id is None:
        raise NoBranch(name_branches(conn))
    return ctx.branch_id


def require_item(conn: Connection, number: str, owner: int, *, item_id: int, at: str) -> None:
    """Refuse a destination that is a lot of another item.

    Raises:
        OtherItem
    """
    if owner != item_id:
        other = catalog.find(conn, item_id=owner)
        detail = f"is a lot of another item ({other.code or other.name})"
        raise OtherItem(f"Lot {number} {detail}.", errors=[FieldError(at, detail, "other_item")])


def _resolve(conn: Connection, ctx: Context, *, item_id: int, legs: Sequence[Leg]) -> tuple[dict[str, int], set[int]]:
    """Locked lots by number, and which of them were made now: by number and before a lock, so that no circle waits."""
    numbers = sorted({leg.source for leg in legs} | {leg.destination for leg in legs})
    locked = moving.lock_named(conn, numbers=numbers)
    found = locked or moving.find_ids(conn, numbers=numbers)
    for leg in legs:
        if found.get(leg.source, (0, 0))[1] != item_id:
            raise LotNotInBranch(leg.source)
        if leg.destination in found:
            require_item(conn, leg.destination, found[leg.destination][1], item_id=item_id, at=leg.at.destination)
    ids = {number: lot_id for number, (lot_id, _) in found.items()}
    fresh = {leg.destination: leg for leg in reversed(legs) if leg.destination not in ids}
    made: set[int] = set()
    for number, leg in sorted(fresh.items()):
        lot_id = moving.insert_bare(
            conn, item_id=item_id, number=number, source_id=ids[leg.source], user_id=ctx.user_id
        )
        if lot_id is None:  # somebody else was faster, and has committed
            lot_id, owner = moving.find_ids(conn, numbers=[number])[number]
            require_item(conn, number, owner, item_id=item_id, at=leg.at.destination)
        else:
            made.add(lot_id)
        ids[number] = lot_id
    if not locked:
        moving.lock_lots(conn, lot_ids=list(ids.values()))
    return ids, made


def _enter(
    book: Book,
    leg: Leg,
    *,
    kind: Kind,
    item_id: int,
    branch_id: int,
    ids: dict[str, int],
    made: set[int],
    notes: str | None,
) -> Entry:
    source_id, destination_id = ids[leg.source], ids[leg.destination]
    source = book.source(source_id, pointer=leg.at.source)
    quantity = leg.quantity if leg.quantity is not None else source.quantity or Decimal(0)
    if not quantity:
        detail = f"has nothing left of lot {leg.source} here"
        raise NotEnough(
            f"Insufficient quantity: this branch {detail}.",
            errors=[FieldError(leg.at.source, detail, "insufficient_quantity")],
        )
    book.take(source_id, quantity, pointer=leg.at.quantity)
    given = book.give(destination_id, quantity, coming=source.values, given=leg.given, pointer=leg.at.destination)
    is_first = destination_id in made
    made.discard(destination_id)
    return Entry(
        kind=kind,
        item_id=item_id,
        quantity=quantity,
        from_lot_id=source_id,
        from_branch_id=branch_id,
        to_lot_id=destination_id,
        to_branch_id=branch_id,
        notes=notes,
        made_lot=is_first,
        left=given.left,
        found=given.found,
    )
