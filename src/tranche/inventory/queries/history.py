"""The ledger as it is looked at: one movement, pages of them, the movements of one operation."""

from typing import Final

from tranche.inventory.domain import Kind, Movement, MovementFilter
from tranche.kernel.db.pool import Connection, Row

_COLUMNS: Final = """
    m.id, m.organization_id, m.operation_group_id, m.kind, m.item_id, i.name AS item_name, m.from_lot_id,
    s.number AS from_number, m.from_branch_id, m.to_lot_id, d.number AS to_number, m.to_branch_id, m.quantity, m.notes,
    m.consumer_kind, m.consumer_id, m.consumer_label, m.customer_id, m.reverses_id, r.id AS reversed_by_id,
    m.created_by, m.created_at
"""
_FROM: Final = """
    FROM lot_movements m
    JOIN items i ON i.organization_id = m.organization_id AND i.id = m.item_id
    LEFT JOIN lots s ON s.organization_id = m.organization_id AND s.id = m.from_lot_id
    LEFT JOIN lots d ON d.organization_id = m.organization_id AND d.id = m.to_lot_id
    LEFT JOIN lot_movements r ON r.organization_id = m.organization_id AND r.reverses_id = m.id
"""
# Composed only of what is asked, so that each question meets the index that was made for it.
_CONDITIONS: Final = {
    "item_id": "m.item_id = %(item_id)s",
    "lot_id": "(m.from_lot_id = %(lot_id)s OR m.to_lot_id = %(lot_id)s)",
    "kind": "m.kind = %(kind)s",
    "group_id": "m.operation_group_id = %(group_id)s",
}
_CONSUMERS: Final = {Kind.ISSUE, Kind.RETURN}


def find_movement(conn: Connection, *, movement_id: int) -> Movement | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE m.organization_id = current_organization() AND m.id = %(id)s",
        {"id": movement_id},
    ).fetchone()
    return _movement(row) if row else None


def list_movements(conn: Connection, *, wanted: MovementFilter, limit: int, offset: int) -> list[Movement]:
    """The newest first."""
    where, params = _filter(wanted)
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY m.id DESC LIMIT %(limit)s OFFSET %(offset)s",
        {**params, "limit": limit, "offset": offset},
    ).fetchall()
    return [_movement(row) for row in rows]


def count_movements(conn: Connection, *, wanted: MovementFilter) -> int:
    where, params = _filter(wanted)
    (row,) = conn.execute(f"SELECT count(*) AS count FROM lot_movements m WHERE {where}", params).fetchall()
    return int(row["count"])


def list_group(conn: Connection, *, group_id: object) -> list[Row]:
    """The whole rows of one operation, the last first."""
    return conn.execute(
        """
        SELECT m.*, EXISTS (
            SELECT FROM lot_movements r WHERE r.organization_id = m.organization_id AND r.reverses_id = m.id
        ) AS is_reversed
        FROM lot_movements m
        WHERE m.organization_id = current_organization() AND m.operation_group_id = %(group_id)s
          AND m.consumer_kind IS NULL
        ORDER BY m.id DESC LIMIT 100000
        """,
        {"group_id": group_id},
    ).fetchall()


def find_taken_since(conn: Connection, *, group_id: object) -> Row | None:
    """The first movement that took from where this operation had put something, and that still counts.

    `number` of the lot, `id`, `kind`, `consumer_label`.
    """
    return conn.execute(
        """
        SELECT l.number, x.id, x.kind, x.consumer_label
        FROM lot_movements m
        JOIN lot_movements x ON x.organization_id = m.organization_id AND x.from_lot_id = m.to_lot_id
            AND x.from_branch_id = m.to_branch_id AND x.id > m.id
        JOIN lots l ON l.organization_id = m.organization_id AND l.id = m.to_lot_id
        WHERE m.organization_id = current_organization() AND m.operation_group_id = %(group_id)s
          AND m.consumer_kind IS NULL AND x.operation_group_id <> m.operation_group_id AND x.kind <> 'reversal'
          AND NOT EXISTS (
            SELECT FROM lot_movements r WHERE r.organization_id = x.organization_id AND r.reverses_id = x.id
          )
        ORDER BY x.id LIMIT 1
        """,
        {"group_id": group_id},
    ).fetchone()


def _filter(wanted: MovementFilter) -> tuple[str, dict[str, object]]:
    params = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name) is not None}
    conditions = ["m.organization_id = current_organization()", *(_CONDITIONS[name] for name in params)]
    if wanted.kind not in _CONSUMERS and wanted.lot_id is None:
        conditions.append("m.consumer_kind IS NULL")
    return " AND ".join(conditions), params


def _movement(row: Row) -> Movement:
    return Movement(**{**row, "kind": Kind(row["kind"])})
