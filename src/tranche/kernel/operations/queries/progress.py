"""Counters and progress of an operation, and the word to those who watch."""

from typing import Any

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts

CHANNEL = "tranche_operations"
# Three in any second, so that with the word of the end, which is never held back, there are at most four.
_QUIET = "interval '350 milliseconds'"


def add_progress(
    conn: Connection, *, operation_id: int, counts: Counts, positions: int, chunk_size: int | None = None
) -> None:
    """Count a finished chunk; `chunk_size` is what the next one shall have, where that is known."""
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            succeeded = o.succeeded + %(succeeded)s, failed = o.failed + %(failed)s,
            skipped = o.skipped + %(skipped)s, unknown = o.unknown + %(unknown)s,
            phase_done = o.phase_done + %(positions)s, chunk_size = coalesce(%(chunk_size)s, o.chunk_size)
        """,
        values={**_values(counts), "positions": positions, "chunk_size": chunk_size},
    )


def set_phase_progress(conn: Connection, *, operation_id: int, done: int, total: int | None) -> None:
    """Say how far the phase is, in its own unit."""
    _change(
        conn,
        operation_id=operation_id,
        changes="phase_done = %(done)s, phase_total = %(total)s",
        values={"done": done, "total": total},
    )


def set_phase(conn: Connection, *, operation_id: int, phase: str, first_size: int, phase_total: int | None) -> None:
    """Begin a phase at its first position, and keep what the one before it did."""
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            steps = CASE WHEN o.phase_started_at IS NULL THEN o.steps ELSE o.steps || jsonb_build_object(o.phase,
                jsonb_build_object(
                    'done', o.phase_done, 'failed', greatest(0, o.failed + o.unknown - o.failed_before))) END,
            failed_before = o.failed + o.unknown,
            phase = %(phase)s, next_position = 1, chunk_size = %(first_size)s, phase_done = 0,
            phase_total = %(phase_total)s, phase_started_at = clock_timestamp()
        """,
        values={"phase": phase, "first_size": first_size, "phase_total": phase_total},
    )


def set_judgement(conn: Connection, *, operation_id: int, total: int, counts: Counts, summary: dict[str, Any]) -> None:
    """Set the counters to what a judge step found, which replaces what stood there, and add to the summary."""
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            total = %(total)s, succeeded = %(succeeded)s, failed = %(failed)s, skipped = %(skipped)s,
            unknown = %(unknown)s, cancelled = 0, failed_before = 0, summary = o.summary || %(summary)s
        """,
        values={**_values(counts), "total": total, "summary": Jsonb(summary)},
    )


def take_back(conn: Connection, *, operation_id: int, phase: str, failed: int, unknown: int, cancelled: int) -> None:
    """Uncount positions that a retry made pending again, and go back to a phase, which has not begun yet.

    A change of state follows and tells the watchers.
    """
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            failed = o.failed - %(failed)s, unknown = o.unknown - %(unknown)s, cancelled = o.cancelled - %(cancelled)s,
            phase = %(phase)s, next_position = 1, phase_done = 0, phase_total = NULL, phase_started_at = NULL
        """,
        values={"phase": phase, "failed": failed, "unknown": unknown, "cancelled": cancelled},
        is_told=False,
    )


def begin_anew(conn: Connection, *, operation_id: int, phase: str, payload: dict[str, Any], keeps_counts: bool) -> None:
    """Go back to the first phase, with or without the count of what was done; what was found is forgotten.

    A change of state follows and tells the watchers.
    """
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            total = CASE WHEN %(keeps)s THEN o.total ELSE 0 END,
            succeeded = CASE WHEN %(keeps)s THEN o.succeeded ELSE 0 END,
            skipped = CASE WHEN %(keeps)s THEN o.skipped ELSE 0 END,
            failed = 0, unknown = 0, cancelled = 0, steps = '{}', summary = '{}', payload = o.payload || %(payload)s,
            phase = %(phase)s, next_position = 1, phase_done = 0, phase_total = NULL, phase_started_at = NULL
        """,
        values={"keeps": keeps_counts, "payload": Jsonb(payload), "phase": phase},
        is_told=False,
    )


def cancel_rest(conn: Connection, *, operation_id: int, unknown: int) -> None:
    """Count every position without an outcome: `unknown` of them as unknown, the rest as cancelled.

    A change of state follows and tells the watchers.
    """
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            unknown = o.unknown + %(unknown)s,
            cancelled = o.total - o.succeeded - o.failed - o.skipped - o.unknown - %(unknown)s
        """,
        values={"unknown": unknown},
        is_told=False,
    )


def add_correction(conn: Connection, *, operation_id: int, total: int, cancelled: int, counts: Counts) -> None:
    """Add to the counters of an ended operation; the numbers may be below 0."""
    _change(
        conn,
        operation_id=operation_id,
        changes="""
            total = o.total + %(total)s, cancelled = o.cancelled + %(cancelled)s,
            succeeded = o.succeeded + %(succeeded)s, failed = o.failed + %(failed)s,
            skipped = o.skipped + %(skipped)s, unknown = o.unknown + %(unknown)s
        """,
        values={**_values(counts), "total": total, "cancelled": cancelled},
        is_told=False,
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


def _change(conn: Connection, *, operation_id: int, changes: str, values: dict[str, Any], is_told: bool = True) -> None:
    """Change the operation's row and tell watchers, unless they were told just now and more is to come.

    `before` waits for the row's lock, so that what it read is the newest state.
    """
    row = conn.execute(
        f"""
        WITH before AS MATERIALIZED (
            SELECT id, notified_at,
                %(is_told)s AND (status <> 'processing' OR notified_at < clock_timestamp() - {_QUIET}) AS is_due
            FROM operations WHERE organization_id = current_organization() AND id = %(id)s FOR NO KEY UPDATE
        )
        UPDATE operations o SET {changes},
            version = o.version + 1, updated_at = clock_timestamp(),
            notified_at = CASE WHEN before.is_due THEN clock_timestamp() ELSE before.notified_at END
        FROM before
        WHERE o.organization_id = current_organization() AND o.id = before.id
        RETURNING before.is_due
        """,
        {"id": operation_id, "is_told": is_told, **values},
    ).fetchone()
    if row and row["is_due"]:
        notify(conn, operation_id=operation_id)


def _values(counts: Counts) -> dict[str, int]:
    return {
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "unknown": counts.unknown,
    }
