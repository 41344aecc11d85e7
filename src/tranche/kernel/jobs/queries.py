"""What the queue's own tables say about jobs, living and dead."""

from tranche.kernel.db.pool import Connection


def list_alive_operations(conn: Connection, *, task: str) -> set[int]:
    """The operations that have a slice which waits or runs; first drop the dead ones."""
    rows = conn.execute(
        """
        SELECT DISTINCT (args ->> 'operation_id')::bigint AS operation_id
        FROM procrastinate_jobs
        WHERE task_name = %(task)s AND status IN ('todo', 'doing')
        """,
        {"task": task},
    ).fetchall()
    return {row["operation_id"] for row in rows}


def list_alive_keys(conn: Connection, *, keys: list[str]) -> set[str]:
    """Which of these keys have a job that waits or runs."""
    rows = conn.execute(
        """
        SELECT DISTINCT queueing_lock FROM procrastinate_jobs
        WHERE queueing_lock = ANY(%(keys)s) AND status IN ('todo', 'doing')
        """,
        {"keys": keys},
    ).fetchall()
    return {row["queueing_lock"] for row in rows}


def delete_dead_jobs(conn: Connection, *, dead_after: float) -> int:
    """Drop jobs whose worker is gone, and the workers; the ledger decides what is enqueued again."""
    deleted = conn.execute(
        """
        DELETE FROM procrastinate_jobs j
        WHERE j.status = 'doing' AND NOT EXISTS (
            SELECT FROM procrastinate_workers w
            WHERE w.id = j.worker_id AND w.last_heartbeat > now() - make_interval(secs => %(dead_after)s)
        )
        """,
        {"dead_after": dead_after},
    ).rowcount
    conn.execute(
        "DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(dead_after)s)",
        {"dead_after": dead_after},
    )
    return deleted


def delete_finished_jobs(conn: Connection, *, older_than: float) -> int:
    """Drop what is left of ended jobs, `older_than` in seconds since they were scheduled or made."""
    return conn.execute(
        """
        DELETE FROM procrastinate_jobs j
        WHERE j.status IN ('succeeded', 'failed', 'aborted', 'cancelled')
          AND NOT EXISTS (
            SELECT FROM procrastinate_events e
            WHERE e.job_id = j.id AND e.at > now() - make_interval(secs => %(older_than)s)
          )
        """,
        {"older_than": older_than},
    ).rowcount
