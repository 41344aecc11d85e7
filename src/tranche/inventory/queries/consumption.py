"""What consumers take out of lots, bring back, and have taken."""

from tranche.inventory.domain import Consumed
from tranche.kernel.db.pool import Connection


def create_consumers(conn: Connection) -> None:
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_consumers")
    conn.execute(
        """
        CREATE TEMP TABLE stock_consumers (
            position bigint PRIMARY KEY,
            consumer_id bigint NOT NULL,
            label text NOT NULL,
            customer_id bigint
        ) ON COMMIT DROP
        """
    )


def count_unclaimed(conn: Connection) -> int:
    """Allocations that no consumer stands for."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS count FROM pg_temp.stock_allocations a
        WHERE NOT EXISTS (SELECT FROM pg_temp.stock_consumers c WHERE c.position = a.position)
        """
    ).fetchall()
    return int(row["count"])


def insert_issues(conn: Connection, *, consumer_kind: str, user_id: int | None) -> int:
    """One movement for each allocation, those of one consumer as one group; returns how many."""
    return conn.execute(
        """
        WITH takers AS MATERIALIZED (
            SELECT c.position, c.consumer_id, c.label, c.customer_id, gen_random_uuid() AS group_id
            FROM pg_temp.stock_consumers c
        )
        INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
            quantity, consumer_kind, consumer_id, consumer_label, customer_id, created_by)
        SELECT current_organization(), t.group_id, 'issue', l.item_id, a.lot_id, a.branch_id,
            a.quantity, %(kind)s, t.consumer_id, t.label, t.customer_id, %(user_id)s
        FROM pg_temp.stock_allocations a
        JOIN takers t ON t.position = a.position
        JOIN lots l ON l.organization_id = current_organization() AND l.id = a.lot_id
        ORDER BY a.position, a.line, a.lot_id
        """,
        {"kind": consumer_kind, "user_id": user_id},
    ).rowcount


def create_returns(conn: Connection) -> None:
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_returns")
    conn.execute(
        """
        CREATE TEMP TABLE stock_returns (
            consumer_id bigint PRIMARY KEY,
            group_id uuid NOT NULL DEFAULT gen_random_uuid()
        ) ON COMMIT DROP
        """
    )


_TAKEN = """
    m.organization_id = current_organization() AND m.consumer_kind = %(kind)s AND m.kind = 'issue'
        AND m.consumer_id = ANY (ARRAY(SELECT consumer_id FROM pg_temp.stock_returns))
"""


def lock_taken(conn: Connection, *, consumer_kind: str) -> None:
    """Lock, in the order of their ids, the lots that these consumers took from."""
    conn.execute("ANALYZE pg_temp.stock_returns")
    conn.execute(
        f"""
        SELECT l.id FROM lots l
        WHERE l.organization_id = current_organization()
          AND l.id = ANY (ARRAY(SELECT DISTINCT m.from_lot_id FROM lot_movements m WHERE {_TAKEN}))
        ORDER BY l.id FOR NO KEY UPDATE OF l
        """,
        {"kind": consumer_kind},
    )


def insert_returns(conn: Connection, *, consumer_kind: str, notes: str, user_id: int | None) -> int:
    """Take back each issue that was not taken back yet; returns how many."""
    return conn.execute(
        f"""
        INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id,
            quantity, notes, reverses_id, consumer_kind, consumer_id, consumer_label, customer_id, created_by)
        SELECT current_organization(), r.group_id, 'return', m.item_id, m.from_lot_id, m.from_branch_id,
            m.quantity, %(notes)s, m.id, m.consumer_kind, m.consumer_id, m.consumer_label, m.customer_id, %(user_id)s
        FROM lot_movements m JOIN pg_temp.stock_returns r ON r.consumer_id = m.consumer_id
        WHERE {_TAKEN} AND NOT EXISTS (
            SELECT FROM lot_movements b
            WHERE b.organization_id = m.organization_id AND b.reverses_id = m.id OFFSET 0
        )
        ORDER BY m.id
        """,
        {"kind": consumer_kind, "notes": notes, "user_id": user_id},
    ).rowcount


def list_consumed(conn: Connection, *, consumer_kind: str, consumer_id: int) -> list[Consumed]:
    """In the order in which they were taken; as many as the consumer has."""
    rows = conn.execute(
        """
        SELECT m.from_lot_id AS lot_id, l.number, m.item_id, m.from_branch_id AS branch_id, m.quantity, l.expires_on,
            EXISTS (
                SELECT FROM lot_movements b WHERE b.organization_id = m.organization_id AND b.reverses_id = m.id
            ) AS is_returned
        FROM lot_movements m JOIN lots l ON l.organization_id = m.organization_id AND l.id = m.from_lot_id
        WHERE m.organization_id = current_organization() AND m.consumer_kind = %(kind)s
          AND m.consumer_id = %(id)s AND m.kind = 'issue'
        ORDER BY m.id LIMIT 100000
        """,
        {"kind": consumer_kind, "id": consumer_id},
    ).fetchall()
    return [Consumed(**row) for row in rows]
