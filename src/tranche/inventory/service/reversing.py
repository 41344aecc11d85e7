"""An operation is undone by the opposite one, as long as nothing has left since what it had put somewhere."""

from uuid import uuid4

from tranche.inventory.domain import AlreadyUndone, ConsumedSince, Kind, Movement, NotUndoable
from tranche.inventory.merging import Values
from tranche.inventory.queries import history, moving
from tranche.inventory.queries.moving import Entry
from tranche.inventory.service.history import get_movement
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row

_BY_OTHERS = {Kind.ISSUE: "it went out to {label}; void that instead", Kind.RETURN: "it came back from {label}"}


def reverse(conn: Connection, ctx: Context, *, movement_id: int) -> list[Movement]:
    """Undo the whole operation that this movement belongs to; returns the movements that take it back.

    Prices and expiry of a destination become what they were, unless they were changed since. A lot that the
    operation made stays, empty.

    Raises:
        UnknownOperation
        NotUndoable: it is an undo itself, or stock of a consumer.
        AlreadyUndone
        ConsumedSince: names what took from the lots since.
    """
    movement = get_movement(conn, movement_id=movement_id)
    if movement.kind is Kind.REVERSAL:
        raise NotUndoable("This operation is an undo itself. Do what it took back once more instead.")
    if why := _BY_OTHERS.get(movement.kind):
        raise NotUndoable(f"This cannot be undone here: {why.format(label=movement.consumer_label)}.")
    ends = history.list_group(conn, group_id=movement.operation_group_id)
    lot_ids = {row[end] for row in ends for end in ("from_lot_id", "to_lot_id") if row[end] is not None}
    moving.lock_lots(conn, lot_ids=list(lot_ids))
    held = moving.read_lots(conn, lot_ids=list(lot_ids), branch_id=0)
    rows = history.list_group(conn, group_id=movement.operation_group_id)
    if any(row["is_reversed"] for row in rows):
        raise AlreadyUndone(f"Operation {movement_id} was undone already.")
    _refuse_taken(conn, movement)
    values = {lot_id: lot.values for lot_id, lot in held.items()}
    for row in rows:
        _restore(values, row)
    changed = {lot_id: values[lot_id] for lot_id, lot in held.items() if values[lot_id] != lot.values}
    moving.update_values(conn, changed=changed, user_id=ctx.user_id)
    noted = audit.write(ctx, action="lot.undo", subject_id=movement_id, detail={"movements": len(rows)})
    written = moving.insert_movements(
        conn, group_id=uuid4(), entries=[_opposite(row) for row in rows], user_id=ctx.user_id, noted=noted
    )
    return [get_movement(conn, movement_id=row["id"]) for row in written]


def _refuse_taken(conn: Connection, movement: Movement) -> None:
    taken = history.find_taken_since(conn, group_id=movement.operation_group_id)
    if taken is None:
        return
    by = taken["consumer_label"] or f"operation {taken['id']}"
    lot = f"lot {taken['number']}" if taken["number"] else "this stock"
    raise ConsumedSince(
        f"Operation {movement.id} cannot be undone: since then {by} has taken from {lot}. Undo that first."
    )


def _restore(values: dict[int, Values], row: Row) -> None:
    """What a movement had found in its destination, if what it left is still there."""
    lot_id = row["to_lot_id"]
    if lot_id is None or row["made_lot"] or values[lot_id] != _values(row, ""):
        return
    if row["kind"] in {Kind.ADJUST, Kind.BRANCH_TRANSFER, Kind.OPENING}:
        return
    values[lot_id] = _values(row, "previous_")


def _values(row: Row, prefix: str) -> Values:
    return Values(
        cost_price=row[f"{prefix}cost_price"],
        unit_price=row[f"{prefix}unit_price"],
        expires_at=row[f"{prefix}expires_at"],
    )


def _opposite(row: Row) -> Entry:
    return Entry(
        kind=Kind.REVERSAL,
        item_id=row["item_id"],
        quantity=row["quantity"],
        from_lot_id=row["to_lot_id"],
        from_branch_id=row["to_branch_id"],
        to_lot_id=row["from_lot_id"],
        to_branch_id=row["from_branch_id"],
        reverses_id=row["id"],
    )
