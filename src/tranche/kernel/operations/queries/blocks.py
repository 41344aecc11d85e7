"""Positions of large work that are not items yet: frozen in blocks, laid out as items when the work comes near."""

from typing import Final

from tranche.kernel.db.pool import Connection

BLOCK: Final = 2_500


def freeze_placed(conn: Connection, *, operation_id: int, stage: str) -> None:
    """Keep the rows of temp table `wanted_items`, whose positions have no gap; the first block are items at once."""
    values = {"operation_id": operation_id, "stage": stage, "block": BLOCK}
    conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT current_organization(), %(operation_id)s, position, %(stage)s, reference, label
        FROM pg_temp.wanted_items WHERE position <= %(block)s
        """,
        values,
    )
    conn.execute(
        """
        INSERT INTO operation_blocks (organization_id, operation_id, stage, first, refs, labels)
        SELECT current_organization(), %(operation_id)s, %(stage)s, min(position),
            array_agg(reference ORDER BY position), array_agg(label ORDER BY position)
        FROM pg_temp.wanted_items WHERE position > %(block)s
        GROUP BY (position - 1) / %(block)s
        """,
        values,
    )


def lay_out(conn: Connection, *, operation_id: int, stage: str, high: int) -> None:
    """Make items of all blocks that begin at `high` or before."""
    conn.execute(
        """
        WITH near AS (
            DELETE FROM operation_blocks
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
              AND first <= %(high)s
            RETURNING first, refs, labels
        )
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT current_organization(), %(operation_id)s, n.first + p.place - 1, %(stage)s, p.reference, p.label
        FROM near n CROSS JOIN LATERAL unnest(n.refs, n.labels) WITH ORDINALITY AS p (reference, label, place)
        """,
        {"operation_id": operation_id, "stage": stage, "high": high},
    )


def find_first(conn: Connection, *, operation_id: int, stage: str) -> int | None:
    """Where the lowest block of a stage begins."""
    row = conn.execute(
        """
        SELECT min(first) AS first FROM operation_blocks
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
        """,
        {"operation_id": operation_id, "stage": stage},
    ).fetchone()
    return row["first"] if row else None


def lay_out_cancelled(conn: Connection, *, operation_id: int) -> None:
    """Make cancelled items of everything that still stands in blocks."""
    conn.execute(
        """
        WITH rest AS (
            DELETE FROM operation_blocks
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
            RETURNING stage, first, refs, labels
        )
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label, status)
        SELECT current_organization(), %(operation_id)s, r.first + p.place - 1, r.stage, p.reference, p.label,
            'cancelled'
        FROM rest r CROSS JOIN LATERAL unnest(r.refs, r.labels) WITH ORDINALITY AS p (reference, label, place)
        """,
        {"operation_id": operation_id},
    )
