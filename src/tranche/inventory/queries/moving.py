"""Lots that an operation takes part in: found, made, locked, written to; and its movements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tranche.inventory.domain import Kind
from tranche.inventory.merging import NOTHING, Values
from tranche.inventory.queries.lots import folded
from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lot under its lock.

    `quantity` is what the branch has, None where it never had any; `total` is what all branches have.
    """

    id: int
    item_id: int
    number: str | None
    is_active: bool
    hold_reason: str | None
    cost_price: Decimal | None
    unit_price: Decimal | None
    expires_at: datetime | None
    quantity: Decimal | None
    total: Decimal

    @property
    def values(self) -> Values:
        """Its prices and expiry."""
        return Values(cost_price=self.cost_price, unit_price=self.unit_price, expires_at=self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A movement that is to be written."""

    kind: Kind
    item_id: int
    quantity: Decimal
    from_lot_id: int | None = None
    from_branch_id: int | None = None
    to_lot_id: int | None = None
    to_branch_id: int | None = None
    notes: str | None = None
    made_lot: bool = False
    left: Values = NOTHING
    found: Values = NOTHING
    reverses_id: int | None = None


def find_ids(conn: Connection, *, numbers: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Lot and item by number, of those that there are."""
    rows = conn.execute(
        """
        SELECT number, id, item_id FROM lots
        WHERE organization_id = current_organization() AND number = ANY(%(numbers)s)
        """,
        {"numbers": list(numbers)},
    ).fetchall()
    return {row["number"]: (row["id"], row["item_id"]) for row in rows}


def find_plain(conn: Connection, *, item_id: int) -> int | None:
    """The lot without a number of an item."""
    row = conn.execute(
        """
        SELECT id FROM lots
        WHERE organization_id = current_organization() AND item_id = %(item_id)s AND number IS NULL
        """,
        {"item_id": item_id},
    ).fetchone()
    return int(row["id"]) if row else None


def insert_bare(
    conn: Connection, *, item_id: int, number: str | None, source_id: int | None, user_id: int | None
) -> int | None:
    """A lot that an operation needs, its dates and names those of its source; None where somebody else just made it."""
    row = conn.execute(
        """
        INSERT INTO lots (organization_id, item_id, number, folded, made_at, supplier_number, created_by)
        SELECT o.id, %(item_id)s, %(number)s, %(folded)s, s.made_at, s.supplier_number, %(user_id)s
        FROM organizations o
        LEFT JOIN lots s ON s.organization_id = o.id AND s.id = %(source_id)s
        WHERE o.id = current_organization()
        ON CONFLICT DO NOTHING RETURNING id
        """,
        {
            "item_id": item_id,
            "number": number,
            "folded": folded(number, None) if number else "",
            "source_id": source_id,
            "user_id": user_id,
        },
    ).fetchone()
    return int(row["id"]) if row else None


def lock_lots(conn: Connection, *, lot_ids: Sequence[int], branch_id: int) -> dict[int, Held]:
    """Lock these lots in the order of their ids, then read them and what they have."""
    params = {"ids": sorted(lot_ids), "branch_id": branch_id}
    conn.execute(
        """
        SELECT FROM lots WHERE organization_id = current_organization() AND id = ANY(%(ids)s)
        ORDER BY id FOR NO KEY UPDATE
        """,
        params,
    )
    # A statement of its own: it sees what others had committed before they let the locks go.
    rows = conn.execute(
        """
        SELECT l.id, l.item_id, l.number, l.is_active, l.hold_reason, l.cost_price, l.unit_price, l.expires_at,
            b.quantity, coalesce(b.total, 0) AS total
        FROM lots l
        LEFT JOIN LATERAL (
            SELECT sum(quantity) AS total, sum(quantity) FILTER (WHERE branch_id = %(branch_id)s) AS quantity
            FROM lot_balances WHERE organization_id = l.organization_id AND lot_id = l.id
        ) AS b ON true
        WHERE l.organization_id = current_organization() AND l.id = ANY(%(ids)s)
        ORDER BY l.id
        """,
        params,
    ).fetchall()
    return {row["id"]: Held(**row) for row in rows}


def update_values(conn: Connection, *, lot_id: int, values: Values, user_id: int | None) -> None:
    conn.execute(
        """
        UPDATE lots l SET cost_price = %(cost_price)s, unit_price = %(unit_price)s, expires_at = %(expires_at)s,
            expires_on = day_meant(%(expires_at)s, o.zone), updated_by = %(user_id)s, updated_at = now()
        FROM organizations o WHERE o.id = current_organization() AND l.organization_id = o.id AND l.id = %(id)s
        """,
        {
            "id": lot_id,
            "cost_price": values.cost_price,
            "unit_price": values.unit_price,
            "expires_at": values.expires_at,
            "user_id": user_id,
        },
    )


def insert_movements(conn: Connection, *, group_id: UUID, entries: Sequence[Entry], user_id: int | None) -> list[Row]:
    """Write the movements of one operation, in this order; the balances follow. Returns each `id` and `created_at`."""
    return conn.execute(
        """
        INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
            to_lot_id, to_branch_id, quantity, notes, made_lot, cost_price, unit_price, expires_at,
            previous_cost_price, previous_unit_price, previous_expires_at, reverses_id, created_by)
        SELECT current_organization(), %(group_id)s, e.kind, e.item, e.from_lot, e.from_branch,
            e.to_lot, e.to_branch, e.quantity, e.notes, e.made_lot, e.cost, e.unit, e.expires,
            e.previous_cost, e.previous_unit, e.previous_expires, e.reverses, %(user_id)s
        FROM unnest(%(kinds)s::text[], %(items)s::bigint[], %(from_lots)s::bigint[], %(from_branches)s::bigint[],
            %(to_lots)s::bigint[], %(to_branches)s::bigint[], %(quantities)s::numeric[], %(notes)s::text[],
            %(made)s::boolean[], %(costs)s::numeric[], %(units)s::numeric[], %(expiries)s::timestamptz[],
            %(old_costs)s::numeric[], %(old_units)s::numeric[], %(old_expiries)s::timestamptz[],
            %(reversed)s::bigint[])
            WITH ORDINALITY AS e (kind, item, from_lot, from_branch, to_lot, to_branch, quantity, notes, made_lot,
                cost, unit, expires, previous_cost, previous_unit, previous_expires, reverses, place)
        ORDER BY e.place
        RETURNING id, created_at
        """,
        {
            "group_id": group_id,
            "user_id": user_id,
            "kinds": [entry.kind.value for entry in entries],
            "items": [entry.item_id for entry in entries],
            "from_lots": [entry.from_lot_id for entry in entries],
            "from_branches": [entry.from_branch_id for entry in entries],
            "to_lots": [entry.to_lot_id for entry in entries],
            "to_branches": [entry.to_branch_id for entry in entries],
            "quantities": [entry.quantity for entry in entries],
            "notes": [entry.notes for entry in entries],
            "made": [entry.made_lot for entry in entries],
            "costs": [entry.left.cost_price for entry in entries],
            "units": [entry.left.unit_price for entry in entries],
            "expiries": [entry.left.expires_at for entry in entries],
            "old_costs": [entry.found.cost_price for entry in entries],
            "old_units": [entry.found.unit_price for entry in entries],
            "old_expiries": [entry.found.expires_at for entry in entries],
            "reversed": [entry.reverses_id for entry in entries],
        },
    ).fetchall()
