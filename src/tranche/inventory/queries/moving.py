"""Lots that an operation takes part in: found, made, locked, written to; and its movements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from tranche.inventory.domain import Kind
from tranche.inventory.merging import NOTHING, Values
from tranche.inventory.queries.lots import folded
from tranche.kernel.audit.service import add_entry
from tranche.kernel.db.pool import Connection, Row

_NOTE: Final = add_entry(subject="coalesce(%(entry_subject_id)s, (SELECT min(id) FROM written))")


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


def lock_named(conn: Connection, *, numbers: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Lock the lots of these numbers in the order of their ids if all of them are there; lot and item by number.

    Where one is missing nothing is locked and nothing returned: lots are made before any is locked.
    """
    rows = conn.execute(
        """
        SELECT number, id, item_id FROM lots
        WHERE organization_id = current_organization() AND number = ANY(%(numbers)s) AND %(wanted)s = (
            SELECT count(*) FROM lots
            WHERE organization_id = current_organization() AND number = ANY(%(numbers)s)
        )
        ORDER BY id FOR NO KEY UPDATE
        """,
        {"numbers": list(numbers), "wanted": len(numbers)},
    ).fetchall()
    return {row["number"]: (row["id"], row["item_id"]) for row in rows}


def lock_lots(conn: Connection, *, lot_ids: Sequence[int]) -> None:
    """Lock these lots in the order of their ids."""
    conn.execute(
        """
        SELECT FROM lots WHERE organization_id = current_organization() AND id = ANY(%(ids)s)
        ORDER BY id FOR NO KEY UPDATE
        """,
        {"ids": list(lot_ids)},
    )


def read_lots(conn: Connection, *, lot_ids: Sequence[int], branch_id: int) -> dict[int, Held]:
    """Read locked lots and what they have: a statement of its own, which sees what was committed before the lock."""
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
        {"ids": list(lot_ids), "branch_id": branch_id},
    ).fetchall()
    return {row["id"]: Held(**row) for row in rows}


def update_values(conn: Connection, *, changed: Mapping[int, Values], user_id: int | None) -> None:
    """Set prices and expiry of locked lots, by their ids."""
    if not changed:
        return
    conn.execute(
        """
        UPDATE lots l SET cost_price = c.cost_price, unit_price = c.unit_price, expires_at = c.expires_at,
            expires_on = day_meant(c.expires_at, o.zone), updated_by = %(user_id)s, updated_at = now()
        FROM organizations o,
            jsonb_to_recordset(%(changed)s)
                AS c (id bigint, cost_price numeric, unit_price numeric, expires_at timestamptz)
        WHERE o.id = current_organization() AND l.organization_id = o.id AND l.id = ANY (%(ids)s) AND l.id = c.id
        """,
        {
            "changed": Jsonb([{"id": lot_id, **_told(values)} for lot_id, values in changed.items()]),
            "ids": list(changed),
            "user_id": user_id,
        },
    )


def insert_movements(
    conn: Connection, *, group_id: UUID, entries: Sequence[Entry], user_id: int | None, noted: Mapping[str, object]
) -> list[Row]:
    """Write the movements of one operation, in this order; the balances follow. Returns each `id` and `created_at`.

    `noted` is the entry of the audit log about them, whose subject is the first one unless it names another.
    """
    return conn.execute(
        f"""
        WITH written AS (
            INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
                to_lot_id, to_branch_id, quantity, notes, made_lot, cost_price, unit_price, expires_at,
                previous_cost_price, previous_unit_price, previous_expires_at, reverses_id, created_by)
            SELECT current_organization(), %(group_id)s, e.kind, e.item_id, e.from_lot_id, e.from_branch_id,
                e.to_lot_id, e.to_branch_id, e.quantity, e.notes, e.made_lot, e.cost_price, e.unit_price, e.expires_at,
                e.previous_cost_price, e.previous_unit_price, e.previous_expires_at, e.reverses_id, %(user_id)s
            FROM jsonb_to_recordset(%(entries)s) AS e (place integer, kind text, item_id bigint, from_lot_id bigint,
                from_branch_id bigint, to_lot_id bigint, to_branch_id bigint, quantity numeric, notes text,
                made_lot boolean, cost_price numeric, unit_price numeric, expires_at timestamptz,
                previous_cost_price numeric, previous_unit_price numeric, previous_expires_at timestamptz,
                reverses_id bigint)
            ORDER BY e.place
            RETURNING id, created_at
        ), noted AS ({_NOTE})
        SELECT id, created_at FROM written ORDER BY id
        """,
        {
            **noted,
            "group_id": group_id,
            "user_id": user_id,
            "entries": Jsonb([_row(place, entry) for place, entry in enumerate(entries)]),
        },
    ).fetchall()


def _row(place: int, entry: Entry) -> dict[str, object]:
    return {
        "place": place,
        "kind": entry.kind.value,
        "item_id": entry.item_id,
        "from_lot_id": entry.from_lot_id,
        "from_branch_id": entry.from_branch_id,
        "to_lot_id": entry.to_lot_id,
        "to_branch_id": entry.to_branch_id,
        "quantity": str(entry.quantity),
        "notes": entry.notes,
        "made_lot": entry.made_lot,
        **_told(entry.left),
        **{f"previous_{name}": value for name, value in _told(entry.found).items()},
        "reverses_id": entry.reverses_id,
    }


def _told(values: Values) -> dict[str, str | None]:
    """Numbers as text, so that they stay exact."""
    return {
        "cost_price": None if values.cost_price is None else str(values.cost_price),
        "unit_price": None if values.unit_price is None else str(values.unit_price),
        "expires_at": None if values.expires_at is None else values.expires_at.isoformat(),
    }
