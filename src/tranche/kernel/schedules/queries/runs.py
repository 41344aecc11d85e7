"""SQL of runs: made, taken, ended, listed, pruned."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.module import Scope
from tranche.kernel.schedules.domain import Run, RunStatus
from tranche.kernel.schedules.queries.tables import TABLES, UNDER_WAY

_COLUMNS = ", ".join(f.name for f in fields(Run))
_LONGEST_TEXT = 2_000


def insert_run(
    conn: Connection,
    scope: Scope,
    *,
    schedule_id: int,
    planned_at: datetime,
    requested_by: str | None,
    skipped: str | None,
) -> int | None:
    """A run that waits, or is skipped for a reason; None where this moment has one already.

    `requested_by` is None for a planned run.
    """
    t = TABLES[scope]
    row = conn.execute(
        f"""
        INSERT INTO {t.runs} ({t.owner}schedule_id, planned_at, was_manual, requested_by, status, finished_at, result)
        VALUES ({t.owner_value}%(schedule_id)s, %(planned_at)s, %(is_manual)s, %(requested_by)s, %(status)s,
            CASE WHEN %(skipped)s::text IS NOT NULL THEN clock_timestamp() END, %(skipped)s)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        {
            "schedule_id": schedule_id,
            "planned_at": planned_at,
            "is_manual": requested_by is not None,
            "requested_by": requested_by or "",
            "status": RunStatus.WAITING if skipped is None else RunStatus.SKIPPED,
            "skipped": skipped,
        },
    ).fetchone()
    return int(row["id"]) if row else None


def find_open_run(conn: Connection, scope: Scope, *, schedule_id: int) -> Run | None:
    """The run that is under way."""
    t = TABLES[scope]
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM {t.runs} WHERE {t.ours} AND schedule_id = %(schedule_id)s AND {UNDER_WAY}",
        {"schedule_id": schedule_id},
    ).fetchone()
    return _run(row) if row else None


def find_run(conn: Connection, scope: Scope, *, run_id: int) -> Run | None:
    """One run."""
    t = TABLES[scope]
    row = conn.execute(f"SELECT {_COLUMNS} FROM {t.runs} WHERE {t.ours} AND id = %(id)s", {"id": run_id}).fetchone()
    return _run(row) if row else None


def list_runs(conn: Connection, scope: Scope, *, schedule_id: int, limit: int, offset: int) -> list[Run]:
    """Newest first."""
    t = TABLES[scope]
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM {t.runs} WHERE {t.ours} AND schedule_id = %(schedule_id)s
        ORDER BY planned_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"schedule_id": schedule_id, "limit": limit, "offset": offset},
    ).fetchall()
    return [_run(row) for row in rows]


def count_runs(conn: Connection, scope: Scope, *, schedule_id: int) -> int:
    """How many are kept."""
    t = TABLES[scope]
    (row,) = conn.execute(
        f"SELECT count(*) AS n FROM {t.runs} WHERE {t.ours} AND schedule_id = %(schedule_id)s",
        {"schedule_id": schedule_id},
    ).fetchall()
    return int(row["n"])


def start_run(conn: Connection, scope: Scope, *, run_id: int, worker_id: UUID) -> str | None:
    """Take a waiting run; answers the name of its schedule, None where it waits no longer."""
    t = TABLES[scope]
    row = conn.execute(
        f"""
        UPDATE {t.runs} SET status = 'running', worker_id = %(worker_id)s, started_at = clock_timestamp()
        WHERE {t.ours} AND id = %(id)s AND status = 'waiting'
        RETURNING (SELECT name FROM {t.schedules} s WHERE {t.ours} AND s.id = schedule_id) AS name
        """,
        {"id": run_id, "worker_id": worker_id},
    ).fetchone()
    return str(row["name"]) if row else None


def put_back(conn: Connection, scope: Scope, *, run_id: int, worker_id: UUID) -> bool:
    """Let a run that this worker took wait again; False where it has been ended already."""
    t = TABLES[scope]
    return (
        conn.execute(
            f"""
            UPDATE {t.runs} SET status = 'waiting', worker_id = NULL, started_at = NULL
            WHERE {t.ours} AND id = %(id)s AND status = 'running' AND worker_id = %(worker_id)s
            """,
            {"id": run_id, "worker_id": worker_id},
        ).rowcount
        == 1
    )


def finish_run(
    conn: Connection, scope: Scope, *, run_id: int, worker_id: UUID | None, result: str | None, error: str | None
) -> bool:
    """End the run that this worker runs (None: whoever ran it), and say so on its schedule.

    False where it has been ended already.
    """
    t = TABLES[scope]
    ended = conn.execute(
        f"""
        UPDATE {t.runs} SET status = %(status)s, result = %(result)s, error = %(error)s, finished_at = clock_timestamp()
        WHERE {t.ours} AND id = %(id)s AND status = 'running'
          AND (%(worker_id)s::uuid IS NULL OR worker_id = %(worker_id)s)
        RETURNING schedule_id
        """,
        {
            "id": run_id,
            "worker_id": worker_id,
            "status": RunStatus.SUCCEEDED if error is None else RunStatus.FAILED,
            "result": _storable(result),
            "error": _storable(error),
        },
    ).fetchone()
    if ended is None:
        return False
    conn.execute(
        f"""
        UPDATE {t.schedules}
        SET (last_started_at, last_finished_at, last_status, last_result, last_error) = (
            SELECT started_at, finished_at, status, result, error FROM {t.runs} WHERE {t.ours} AND id = %(id)s
        )
        WHERE {t.ours} AND id = %(schedule_id)s
        """,
        {"id": run_id, "schedule_id": ended["schedule_id"]},
    )
    return True


def prune_runs(conn: Connection, scope: Scope, *, days: int, most_kept: int) -> int:
    """Delete ended runs that are older than `days` or have `most_kept` newer ones in their schedule."""
    t = TABLES[scope]
    return conn.execute(
        f"""
        DELETE FROM {t.runs} WHERE {t.ours} AND NOT {UNDER_WAY} AND (
            planned_at < now() - make_interval(days => %(days)s) OR id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER (PARTITION BY schedule_id ORDER BY planned_at DESC, id DESC) AS place
                    FROM {t.runs} WHERE {t.ours}
                ) AS ranked WHERE place > %(most_kept)s
            )
        )
        """,
        {"days": days, "most_kept": most_kept},
    ).rowcount


def _run(row: Row) -> Run:
    return Run(**{**row, "status": RunStatus(row["status"])})


def _storable(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "\ufffd")[:_LONGEST_TEXT]
