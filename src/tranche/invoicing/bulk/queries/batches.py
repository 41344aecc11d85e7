"""Document 3's two tables, its statistics, and the files of an operation."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from tranche.invoicing.bulk.domain import BatchItem, BatchOperation, MadeFile
from tranche.kernel.db.pool import Connection, Row

# The views have the times of document 3's tables, in the organization's zone; outside they must say which moment.
_MOMENTS = {
    "started_at": "o.started_at",
    "completed_at": "o.finished_at AS completed_at",
    "processed_at": "CASE WHEN i.processed_at IS NOT NULL THEN u.updated_at END AS processed_at",
}
_COLUMNS = ", ".join(_MOMENTS.get(f.name, f"b.{f.name}") for f in fields(BatchOperation))
_ITEM_COLUMNS = ", ".join(_MOMENTS.get(f.name, f"i.{f.name}") for f in fields(BatchItem))
_FILE_COLUMNS = ", ".join(f.name for f in fields(MadeFile))
_FROM = """
    FROM batch_operations b
    JOIN operations o ON o.organization_id = current_organization() AND o.id = b.id
    JOIN organizations g ON g.id = o.organization_id
    WHERE o.kind = ANY (%(kinds)s)
      AND (%(status)s::text IS NULL OR b.status = %(status)s)
      AND (%(created_by)s::bigint IS NULL OR b.created_by = %(created_by)s)
      AND (%(since)s::date IS NULL OR o.created_at >= %(since)s::date::timestamp AT TIME ZONE g.zone)
      AND (%(until)s::date IS NULL OR o.created_at < (%(until)s::date + 1)::timestamp AT TIME ZONE g.zone)
"""


def list_batches(
    conn: Connection,
    *,
    kinds: Sequence[str],
    status: str | None,
    created_by: int | None,
    since: date | None,
    until: date | None,
    limit: int,
    offset: int,
) -> tuple[list[BatchOperation], int]:
    values = {"kinds": list(kinds), "status": status, "created_by": created_by, "since": since, "until": until}
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} ORDER BY b.id DESC LIMIT %(limit)s OFFSET %(offset)s",
        {**values, "limit": limit, "offset": offset},
    ).fetchall()
    (count,) = conn.execute(f"SELECT count(*) AS count {_FROM}", values).fetchall()
    return [BatchOperation(**row) for row in rows], int(count["count"])


def find_batch(conn: Connection, *, operation_id: int) -> BatchOperation | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM batch_operations b
        JOIN operations o ON o.organization_id = current_organization() AND o.id = b.id
        WHERE b.id = %(id)s
        """,
        {"id": operation_id},
    ).fetchone()
    return BatchOperation(**row) if row else None


def list_items(conn: Connection, *, operation_id: int, status: str | None, after: int, limit: int) -> list[BatchItem]:
    """Items by id behind `after`."""
    rows = conn.execute(
        f"""
        SELECT {_ITEM_COLUMNS} FROM batch_operation_items i
        JOIN operation_items u ON u.organization_id = current_organization()
          AND u.operation_id = %(operation_id)s
          AND u.position = i.id - %(operation_id)s::bigint * 1000000 AND u.stage = i.data ->> 'stage'
        WHERE i.batch_operation_id = %(operation_id)s AND i.id > %(after)s
          AND (%(status)s::text IS NULL OR i.status = %(status)s)
        ORDER BY i.id LIMIT %(limit)s
        """,
        {"operation_id": operation_id, "status": status, "after": after, "limit": limit},
    ).fetchall()
    return [BatchItem(**row) for row in rows]


def find_statistics(conn: Connection) -> Row:
    (row,) = conn.execute(
        """
        WITH b AS (
            SELECT b.type, b.status, o.succeeded, o.failed + o.unknown AS failed, o.total,
                extract(epoch FROM o.finished_at - o.started_at - o.waited) AS seconds
            FROM batch_operations b
            JOIN operations o ON o.organization_id = current_organization() AND o.id = b.id
        )
        SELECT count(*) AS total,
            (SELECT coalesce(jsonb_object_agg(type, count), '{}') FROM (
                SELECT type, count(*) AS count FROM b GROUP BY type) AS t) AS by_type,
            (SELECT coalesce(jsonb_object_agg(status, count), '{}') FROM (
                SELECT status, count(*) AS count FROM b GROUP BY status) AS s) AS by_status,
            coalesce(sum(total), 0) AS total_items, coalesce(sum(succeeded), 0) AS successful_items,
            coalesce(sum(failed), 0) AS failed_items,
            round(100.0 * sum(succeeded) / nullif(sum(succeeded) + sum(failed), 0), 2) AS success_rate,
            round(avg(seconds)::numeric, 3) AS average_duration_seconds,
            round((sum(succeeded) / nullif(sum(seconds), 0))::numeric, 3) AS items_per_second
        FROM b
        """
    ).fetchall()
    return row


def keep_made_file(
    conn: Connection,
    *,
    operation_id: int,
    name: str,
    kind: str,
    media_type: str,
    sha256: bytes,
    size: int,
    pages: int | None,
) -> None:
    conn.execute(
        """
        INSERT INTO operation_files (organization_id, operation_id, name, kind, media_type, sha256, size, pages)
        VALUES (current_organization(), %(operation_id)s, %(name)s, %(kind)s, %(media_type)s, %(sha256)s, %(size)s,
            %(pages)s)
        ON CONFLICT (organization_id, operation_id, name) DO UPDATE SET sha256 = excluded.sha256,
            size = excluded.size, pages = excluded.pages, created_at = now()
        """,
        {
            "operation_id": operation_id,
            "name": name,
            "kind": kind,
            "media_type": media_type,
            "sha256": sha256,
            "size": size,
            "pages": pages,
        },
    )


def list_made_files(conn: Connection, *, operation_id: int) -> list[MadeFile]:
    rows = conn.execute(
        f"""
        SELECT {_FILE_COLUMNS} FROM operation_files
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
        ORDER BY name LIMIT 10000
        """,
        {"operation_id": operation_id},
    ).fetchall()
    return [MadeFile(**row) for row in rows]


def delete_parts(conn: Connection, *, operation_id: int, kept: Sequence[str]) -> None:
    """Forget parts that are no longer parts of the combined file."""
    conn.execute(
        """
        DELETE FROM operation_files
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND kind = 'part'
          AND name <> ALL (%(kept)s)
        """,
        {"operation_id": operation_id, "kept": list(kept)},
    )
