"""Counters and progress of an operation, and the word to those who watch."""

from typing import Any

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts

CHANNEL = "tranche_operations"
_QUIET = "interval '250 milliseconds'"


def add_progress(
    conn: Connection, *, operation_id: int, counts: Counts, positions: int, chunk_size: int | None
) -> None:
    """Count a finished chunk and tell watchers, at most four times a second."""
    row = conn.execute(
        f"""
        WITH before AS MATERIALIZED (
            SELECT id, notified_at FROM operations
            WHERE organization_id = current_organization() AND id = %(id)s FOR NO KEY UPDATE
        )
        UPDATE operations o SET
            succeeded = o.succeeded + %(succeeded)s, failed = o.failed + %(failed)s,
            skipped = o.skipped + %(skipped)s, unknown = o.unknown + %(unknown)s,
            phase_done = o.phase_done + %(positions)s,
            chunk_size = coalesce(%(chunk_size)s, o.chunk_size),
            version = o.version + 1, updated_at = clock_timestamp(),
            notified_at = CASE WHEN before.notified_at < clock_timestamp() - {_QUIET}
                THEN clock_timestamp() ELSE before.notified_at END
        FROM before
        WHERE o.organization_id = current_organization() AND o.id = before.id
        RETURNING o.notified_at > before.notified_at AS is_due
        """,
        {
            "id": operation_id,
            "succeeded": counts.succeeded,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "unknown": counts.unknown,
            "positions": positions,
            "chunk_size": chunk_size,
        },
    ).fetchone()
    if row and row["is_due"]:
        notify(conn, operation_id=operation_id)


def set_phase_progress(conn: Connection, *, operation_id: int, done: int, total: int | None) -> None:
    row = conn.execute(
        f"""
        WITH before AS MATERIALIZED (
            SELECT id, notified_at FROM operations
            WHERE organization_id = current_organization() AND id = %(id)s FOR NO KEY UPDATE
        )
        UPDATE operations o SET
            phase_done = %(done)s, phase_total = %(total)s, version = o.version + 1, updated_at = clock_timestamp(),
            notified_at = CASE WHEN before.notified_at < clock_timestamp() - {_QUIET}
                THEN clock_timestamp() ELSE before.notified_at END
        FROM before
        WHERE o.organization_id = current_organization() AND o.id = before.id
        RETURNING o.notified_at > before.notified_at AS is_due
        """,
        {"id": operation_id, "done": done, "total": total},
    ).fetchone()
    if row and row["is_due"]:
        notify(conn, operation_id=operation_id)


def set_counters(conn: Connection, *, operation_id: int, total: int, counts: Counts) -> None:
    """Set the counters to what a judge step found; it replaces what stood there."""
    conn.execute(
        """
        UPDATE operations SET total = %(total)s, succeeded = %(succeeded)s, failed = %(failed)s,
            skipped = %(skipped)s, unknown = %(unknown)s, cancelled = 0, version = version + 1, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {
            "id": operation_id,
            "total": total,
            "succeeded": counts.succeeded,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "unknown": counts.unknown,
        },
    )


def take_back(conn: Connection, *, operation_id: int, failed: int, unknown: int, cancelled: int) -> None:
    """Uncount positions that a retry made pending again."""
    conn.execute(
        """
        UPDATE operations SET failed = failed - %(failed)s, unknown = unknown - %(unknown)s,
            cancelled = cancelled - %(cancelled)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id, "failed": failed, "unknown": unknown, "cancelled": cancelled},
    )


def cancel_rest(conn: Connection, *, operation_id: int) -> None:
    """Count every position without an outcome as cancelled."""
    conn.execute(
        """
        UPDATE operations SET cancelled = total - succeeded - failed - skipped - unknown
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id},
    )


def merge_summary(conn: Connection, *, operation_id: int, summary: dict[str, Any]) -> None:
    conn.execute(
        """
        UPDATE operations SET summary = summary || %(summary)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id, "summary": Jsonb(summary)},
    )


def notify(conn: Connection, *, operation_id: int) -> None:
    """Tell every process, at commit, that the operation has a new version."""
    conn.execute(
        """
        SELECT pg_notify(%(channel)s, json_build_object('o', organization_id, 'i', id, 'v', version)::text)
        FROM operations WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"channel": CHANNEL, "id": operation_id},
    )
