"""The undo of an import of items: collected and judged; the catalog removes."""

from tranche.kernel.db.pool import Connection


def create_wanted(conn: Connection, *, import_id: int) -> None:
    """The items that the import made or changed, as the undo's references."""
    conn.execute(
        """
        CREATE TEMP TABLE wanted_references ON COMMIT DROP AS
        SELECT i.id AS reference, left(coalesce(i.code, i.name), 200) AS label
        FROM item_import_effects e
        JOIN items i ON i.organization_id = e.organization_id AND i.id = e.item_id
        WHERE e.organization_id = current_organization() AND e.import_id = %(id)s
        """,
        {"id": import_id},
    )


def is_all_older(conn: Connection, *, import_id: int) -> bool:
    """Whether all that is left of an import was there before it; False as well where nothing is left."""
    (row,) = conn.execute(
        """
        SELECT coalesce(bool_and(effect = 'updated'), false) AS is_all_older FROM item_import_effects
        WHERE organization_id = current_organization() AND import_id = %(id)s
        """,
        {"id": import_id},
    ).fetchall()
    return bool(row["is_all_older"])


def judge(conn: Connection, *, import_id: int) -> None:
    """Mark as kept what was there before, was changed since or is used; `held_items` says who uses what."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET status = 'skipped', error_code = r.code, error = r.reason
        FROM pg_temp.chunk c
        LEFT JOIN pg_temp.held_items h ON h.id = c.reference
        LEFT JOIN item_import_effects e ON e.organization_id = current_organization()
            AND e.import_id = %(import_id)s AND e.item_id = c.reference
        CROSS JOIN LATERAL (
            SELECT w.code, w.reason FROM (VALUES
                (1, h.id IS NULL, 'already_gone', 'It was deleted before the undo came to it.'),
                (2, e.effect = 'updated', 'was_there_before',
                    'It was there before this import, which updated it; what it held is not kept.'),
                (3, h.used_by IS NOT NULL, 'in_use', format('It is used by %%s.', h.used_by)),
                (4, h.updated_at > h.created_at, 'changed_since', 'It was changed after it came in.')
            ) AS w (rank, is_so, code, reason)
            WHERE w.is_so ORDER BY w.rank LIMIT 1
        ) AS r
        WHERE v.position = c.position
        """,
        {"import_id": import_id},
    )


def create_going(conn: Connection) -> None:
    """The items of the chunk whose verdict is succeeded, as the TEMP table of `catalog.service.remove`."""
    conn.execute(
        """
        CREATE TEMP TABLE going_items ON COMMIT DROP AS
        SELECT c.reference AS id FROM pg_temp.chunk c
        JOIN pg_temp.verdicts v ON v.position = c.position AND v.status = 'succeeded'
        """
    )
