"""Lots as they are looked at, made and changed. Lots without a number, which hold plain stock, are never shown."""

from collections.abc import Mapping, Sequence
from typing import Final

from tranche.inventory.domain import Lot, LotFilter, SortBy
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import after_prefix, fold

_JOINS: Final = """
    JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
    LEFT JOIN users c ON c.organization_id = l.organization_id AND c.id = l.created_by
    LEFT JOIN users u ON u.organization_id = l.organization_id AND u.id = l.updated_by
    LEFT JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id
        AND b.branch_id = %(branch_id)s
"""
_COLUMNS: Final = """
    l.id, l.organization_id, l.item_id, l.number, l.name, l.expires_at, l.expires_on, l.made_at, l.cost_price,
    l.unit_price, l.supplier_number, l.notes, l.is_active, l.held_at, l.hold_reason, l.created_at, l.updated_at,
    c.name AS created_by, u.name AS updated_by, i.name AS item_name, i.code AS item_code,
    CASE WHEN %(branch_id)s::bigint IS NOT NULL THEN coalesce(b.quantity, 0) END AS quantity
"""
_FROM: Final = f"FROM lots l {_JOINS}"
_OURS: Final = "l.organization_id = current_organization() AND l.number IS NOT NULL"
_WANTED: Final = f"""
    {_OURS} AND (%(item_id)s::bigint IS NULL OR l.item_id = %(item_id)s)
    AND (%(number)s::text IS NULL OR l.number = %(number)s)
    AND (%(is_active)s::boolean IS NULL OR l.is_active = %(is_active)s)
"""
# A part of a text meets no index behind the tenant wall, so that a search looks at so many lots and no more.
MOST_SEARCHED: Final = 100_000
_SEARCHED: Final = f"""
    (SELECT l.* FROM lots l WHERE {_WANTED} ORDER BY l.created_at DESC, l.id DESC LIMIT {MOST_SEARCHED}) AS l
"""
_ORDER: Final[Mapping[tuple[SortBy, bool], str]] = {
    (SortBy.CREATED_AT, False): "l.created_at, l.id",
    (SortBy.CREATED_AT, True): "l.created_at DESC, l.id DESC",
    (SortBy.BATCH_NUMBER, False): "l.number",
    (SortBy.BATCH_NUMBER, True): "l.number DESC",
    (SortBy.BATCH_NAME, False): "l.name NULLS LAST, l.id",
    (SortBy.BATCH_NAME, True): "l.name DESC NULLS LAST, l.id DESC",
}
_SETTABLE: Final = ("name", "expires_at", "made_at", "cost_price", "unit_price", "supplier_number", "notes")
MOST_PER_ITEM: Final = 100_000


def find_lot(conn: Connection, *, lot_id: int, branch_id: int | None) -> Lot | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {_OURS} AND l.id = %(id)s", {"id": lot_id, "branch_id": branch_id}
    ).fetchone()
    return Lot(**row) if row else None


def list_lots(
    conn: Connection,
    *,
    wanted: LotFilter,
    branch_id: int | None,
    sort_by: SortBy,
    descending: bool,
    limit: int,
    offset: int,
) -> list[Lot]:
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM {_source(wanted)} {_JOINS} WHERE {_condition(wanted)}
        ORDER BY {_ORDER[sort_by, descending]} LIMIT %(limit)s OFFSET %(offset)s
        """,
        {**_params(wanted), "branch_id": branch_id, "limit": limit, "offset": offset},
    ).fetchall()
    return [Lot(**row) for row in rows]


def list_first(conn: Connection, *, beginning: str, limit: int) -> list[Row]:
    """The first lots by number whose number begins so: id, number, item_name."""
    return conn.execute(
        """
        SELECT l.id, l.number, i.name AS item_name FROM lots l
        JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
        WHERE l.organization_id = current_organization() AND l.number >= %(low)s AND l.number < %(high)s
        ORDER BY l.number LIMIT %(limit)s
        """,
        {"low": beginning, "high": after_prefix(beginning), "limit": limit},
    ).fetchall()


def count_lots(conn: Connection, *, wanted: LotFilter) -> int:
    statement = f"SELECT count(*) AS count FROM {_source(wanted)} WHERE {_condition(wanted)}"
    (row,) = conn.execute(statement, _params(wanted)).fetchall()
    return int(row["count"])


def list_of_items(conn: Connection, *, item_ids: Sequence[int], branch_id: int | None) -> list[Lot]:
    """All lots of these items, each item's in the order in which they were made."""
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE {_OURS} AND l.item_id = ANY(%(item_ids)s)
        ORDER BY l.item_id, l.id LIMIT {MOST_PER_ITEM}
        """,
        {"item_ids": list(item_ids), "branch_id": branch_id},
    ).fetchall()
    return [Lot(**row) for row in rows]


def list_named(conn: Connection, *, numbers: Sequence[str], branch_id: int | None) -> list[Lot]:
    """The lots of these numbers, by their numbers."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {_OURS} AND l.number = ANY(%(numbers)s) ORDER BY l.number LIMIT %(limit)s",
        {"numbers": list(numbers), "branch_id": branch_id, "limit": len(numbers)},
    ).fetchall()
    return [Lot(**row) for row in rows]


def take_number(conn: Connection, *, after: int | None = None) -> int:
    """The next number that was not given out; the row is the organization's lock until the transaction ends."""
    (row,) = conn.execute(
        """
        INSERT INTO lot_numbers AS n (organization_id, last) VALUES (current_organization(), coalesce(%(after)s, 0) + 1)
        ON CONFLICT (organization_id) DO UPDATE SET last = greatest(n.last, coalesce(%(after)s, 0)) + 1
        RETURNING last
        """,
        {"after": after},
    ).fetchall()
    return int(row["last"])


def list_taken(conn: Connection, *, numbers: Sequence[str]) -> set[str]:
    rows = conn.execute(
        "SELECT number FROM lots WHERE organization_id = current_organization() AND number = ANY(%(numbers)s)",
        {"numbers": list(numbers)},
    ).fetchall()
    return {row["number"] for row in rows}


def insert_lot(
    conn: Connection, *, item_id: int, number: str, values: Mapping[str, object], user_id: int | None
) -> int | None:
    """The new lot's id, None where the number is taken."""
    row = conn.execute(
        """
        INSERT INTO lots (organization_id, item_id, number, folded, name, expires_at, expires_on, made_at, cost_price,
            unit_price, supplier_number, notes, created_by)
        SELECT o.id, %(item_id)s, %(number)s, %(folded)s, %(name)s, %(expires_at)s,
            day_meant(%(expires_at)s, o.zone), %(made_at)s, %(cost_price)s, %(unit_price)s, %(supplier_number)s,
            %(notes)s, %(user_id)s
        FROM organizations o WHERE o.id = current_organization()
        ON CONFLICT DO NOTHING RETURNING id
        """,
        {
            **dict.fromkeys(_SETTABLE),
            **values,
            "item_id": item_id,
            "number": number,
            "folded": folded(number, values.get("name")),
            "user_id": user_id,
        },
    ).fetchone()
    return int(row["id"]) if row else None


def lock_lot(conn: Connection, *, lot_id: int) -> bool:
    found = conn.execute(
        f"SELECT FROM lots l WHERE {_OURS} AND l.id = %(id)s FOR NO KEY UPDATE OF l", {"id": lot_id}
    ).fetchone()
    return found is not None


def update_lot(
    conn: Connection, *, lot_id: int, number: str, values: Mapping[str, object], user_id: int | None
) -> None:
    """Set all that a person may set; `values` has every field."""
    conn.execute(
        """
        UPDATE lots l SET name = %(name)s, folded = %(folded)s, expires_at = %(expires_at)s,
            expires_on = day_meant(%(expires_at)s, o.zone), made_at = %(made_at)s, cost_price = %(cost_price)s,
            unit_price = %(unit_price)s, supplier_number = %(supplier_number)s, notes = %(notes)s,
            updated_by = %(user_id)s, updated_at = now()
        FROM organizations o WHERE o.id = current_organization() AND l.organization_id = o.id AND l.id = %(id)s
        """,
        {**values, "folded": folded(number, values["name"]), "user_id": user_id, "id": lot_id},
    )


def set_active(conn: Connection, *, lot_id: int, is_active: bool, user_id: int | None) -> None:
    conn.execute(
        """
        UPDATE lots SET is_active = %(is_active)s, updated_by = %(user_id)s, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": lot_id, "is_active": is_active, "user_id": user_id},
    )


def set_hold(conn: Connection, *, lot_id: int, reason: str | None, user_id: int | None) -> None:
    """`reason` None lets the lot go."""
    conn.execute(
        """
        UPDATE lots SET held_at = CASE WHEN %(reason)s::text IS NOT NULL THEN now() END, hold_reason = %(reason)s,
            held_by = CASE WHEN %(reason)s::text IS NOT NULL THEN %(user_id)s::bigint END,
            updated_by = %(user_id)s, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": lot_id, "reason": reason, "user_id": user_id},
    )


def folded(number: str, name: object) -> str:
    """Number and name as they are searched."""
    return fold(f"{number} {name or ''}")


def _source(wanted: LotFilter) -> str:
    return _SEARCHED if fold(wanted.search or "") else "lots l"


def _condition(wanted: LotFilter) -> str:
    return "position(%(search)s IN l.folded) > 0" if fold(wanted.search or "") else _WANTED


def _params(wanted: LotFilter) -> dict[str, object]:
    search = fold(wanted.search or "") or None
    return {"item_id": wanted.item_id, "number": wanted.number, "is_active": wanted.is_active, "search": search}
