"""The undo of an order batch: collected, judged, removed, reported; and who took an order over."""

from collections.abc import Collection

from tranche.imports.undo import Outcome
from tranche.kernel.db.pool import Connection, Row

_ITEMS_BY_OUTCOME = """
    FROM operation_items
    WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = 'undo'
      AND (status = 'succeeded' AND 'reversed' = ANY(%(outcomes)s) OR status = 'skipped' AND 'kept' = ANY(%(outcomes)s)
           OR status IN ('failed', 'unknown', 'cancelled') AND 'errored' = ANY(%(outcomes)s))
"""


_BROUGHT_IN = """
    SELECT o.id, o.number FROM orders o
    WHERE o.organization_id = current_organization() AND o.batch_id = %(id)s
    UNION
    SELECT o.id, o.number FROM order_takeovers t
    JOIN orders o ON o.organization_id = t.organization_id AND o.id = t.order_id
    WHERE t.organization_id = current_organization() AND t.from_batch_id = %(id)s
"""


def note_takeovers(conn: Connection, *, batch_id: int) -> None:
    """Open orders of other batches that this one is about to update, in temp table `formed`, become its own."""
    conn.execute(
        """
        WITH locked AS (
            SELECT o.id, o.batch_id FROM orders o
            WHERE o.organization_id = current_organization() AND o.status = 'open'
              AND o.number = ANY (ARRAY(SELECT number FROM pg_temp.formed WHERE state = 'update'))
              AND o.batch_id IS NOT NULL AND o.batch_id <> %(batch_id)s
            ORDER BY o.id FOR UPDATE
        )
        INSERT INTO order_takeovers (organization_id, order_id, from_batch_id, to_batch_id)
        SELECT current_organization(), id, batch_id, %(batch_id)s FROM locked
        ON CONFLICT DO NOTHING
        """,
        {"batch_id": batch_id},
    )


def link_undo(conn: Connection, *, batch_id: int, operation_id: int) -> None:
    """The undo that counts from now on; the batch is undone when this one has ended."""
    conn.execute(
        """
        UPDATE order_batches SET undo_operation_id = %(operation_id)s, undone_at = NULL
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "operation_id": operation_id},
    )


def create_wanted(conn: Connection, *, batch_id: int) -> None:
    """The orders that came in by the batch, also those that another one took over since, as the undo's references."""
    conn.execute(
        f"""
        CREATE TEMP TABLE wanted_references ON COMMIT DROP AS
        SELECT id AS reference, number AS label FROM ({_BROUGHT_IN}) AS brought_in
        """,
        {"id": batch_id},
    )


def is_all_others(conn: Connection, *, batch_id: int) -> bool:
    """Whether every order that is left of a batch was there before it, or is a later one's; not where none is left."""
    (row,) = conn.execute(
        f"""
        SELECT EXISTS ({_BROUGHT_IN}) AND NOT EXISTS (
            SELECT FROM orders o
            WHERE o.organization_id = current_organization() AND o.batch_id = %(id)s AND NOT EXISTS (
                SELECT FROM order_takeovers t
                WHERE t.organization_id = current_organization() AND t.order_id = o.id AND t.to_batch_id = %(id)s
            )
        ) AS is_all_others
        """,
        {"id": batch_id},
    ).fetchall()
    return bool(row["is_all_others"])


def hold(conn: Connection) -> None:
    """Lock the chunk's orders, in temp table `held`; who knows that one is as it was again says so in `is_freed`."""
    conn.execute(
        """
        CREATE TEMP TABLE held ON COMMIT DROP AS
        SELECT o.id, o.batch_id, o.status, o.created_at, o.updated_at, false AS is_freed
        FROM orders o JOIN pg_temp.chunk c ON c.reference = o.id
        WHERE o.organization_id = current_organization()
        ORDER BY o.id FOR UPDATE OF o
        """
    )
    conn.execute("ANALYZE pg_temp.held")


def judge(conn: Connection, *, batch_id: int) -> None:
    """Mark as kept what anybody has touched since the batch brought it in; `held` holds the chunk's orders."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET status = 'skipped', error_code = r.code, error = r.reason
        FROM pg_temp.chunk c
        LEFT JOIN pg_temp.held h ON h.id = c.reference
        CROSS JOIN LATERAL (
            SELECT w.code, w.reason FROM (VALUES
                (1, h.id IS NULL, 'already_gone', 'It was deleted before the undo came to it.'),
                (2, h.batch_id IS DISTINCT FROM %(batch_id)s, 'taken_over',
                    format('A later upload took it over (batch %%s).', h.batch_id)),
                (3, h.status <> 'open', h.status, format('It is %%s.', h.status)),
                (4, EXISTS (
                    SELECT FROM order_takeovers t
                    WHERE t.organization_id = current_organization() AND t.order_id = h.id
                      AND t.to_batch_id = %(batch_id)s
                ), 'was_there_before', 'It was there before this upload, which updated it; what it held is not kept.'),
                (5, h.updated_at > h.created_at AND NOT h.is_freed, 'changed_since', 'It was changed after it came in.')
            ) AS w (rank, is_so, code, reason)
            WHERE w.is_so ORDER BY w.rank LIMIT 1
        ) AS r
        WHERE v.position = c.position
        """,
        {"batch_id": batch_id},
    )


def remove(conn: Connection, *, batch_id: int) -> None:
    """Remove the orders of the chunk whose verdict is succeeded, and count them in the batch."""
    conn.execute(
        """
        CREATE TEMP TABLE going ON COMMIT DROP AS
        SELECT h.id FROM pg_temp.held h
        JOIN pg_temp.chunk c ON c.reference = h.id
        JOIN pg_temp.verdicts v ON v.position = c.position AND v.status = 'succeeded'
        """
    )
    conn.execute("ANALYZE pg_temp.going")
    conn.execute(
        """
        DELETE FROM order_lines l USING pg_temp.going g
        WHERE l.organization_id = current_organization() AND l.order_id = g.id
        """
    )
    removed = conn.execute(
        "DELETE FROM orders o USING pg_temp.going g WHERE o.organization_id = current_organization() AND o.id = g.id"
    ).rowcount
    conn.execute(
        """
        UPDATE order_batches SET undone_orders = undone_orders + %(removed)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "removed": removed},
    )


def finish_undo(conn: Connection, *, batch_id: int, is_complete: bool) -> None:
    """Say in the batch how many of its orders are still there, and when its undo was complete."""
    conn.execute(
        f"""
        UPDATE order_batches b SET undone_at = CASE WHEN %(is_complete)s THEN now() END,
            kept_orders = (SELECT count(*) FROM ({_BROUGHT_IN}) AS brought_in)
        WHERE b.organization_id = current_organization() AND b.id = %(id)s
        """,
        {"id": batch_id, "is_complete": is_complete},
    )


def list_outcomes(
    conn: Connection, *, operation_id: int, outcomes: Collection[Outcome], limit: int, offset: int
) -> list[Row]:
    """Orders of an undo in the order of their positions: id, number, outcome, code, reason."""
    return conn.execute(
        f"""
        SELECT reference AS id, label AS number, CASE status WHEN 'succeeded' THEN 'reversed'
            WHEN 'skipped' THEN 'kept' ELSE 'errored' END AS outcome, error_code AS code, error AS reason
        {_ITEMS_BY_OUTCOME}
        ORDER BY position LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"operation_id": operation_id, "outcomes": list(outcomes), "limit": limit, "offset": offset},
    ).fetchall()


def count_outcomes(conn: Connection, *, operation_id: int, outcomes: Collection[Outcome]) -> int:
    (row,) = conn.execute(
        f"SELECT count(*) AS count {_ITEMS_BY_OUTCOME}", {"operation_id": operation_id, "outcomes": list(outcomes)}
    ).fetchall()
    return int(row["count"])


def mark_used_items(conn: Connection) -> None:
    """Say in temp table `held_items` which items stand in orders."""
    conn.execute(
        """
        UPDATE pg_temp.held_items h SET used_by = 'orders'
        WHERE h.used_by IS NULL AND h.id IN (
            SELECT l.item_id FROM order_lines l WHERE l.organization_id = current_organization()
        )
        """
    )
