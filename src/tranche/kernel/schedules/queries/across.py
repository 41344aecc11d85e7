"""What the ticking worker asks across organizations, by functions of the owner's that see no more than this."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.schedules.rules import Rule

_ORGANIZATIONS_AT_ONCE = 500
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('tranche.schedules')) AS is_ours"


def try_tick_lock(conn: Connection) -> bool:
    """Hold the tick's lock to the end of the transaction, or learn that another worker has it."""
    (row,) = conn.execute(_LOCK).fetchall()
    return bool(row["is_ours"])


def list_due(conn: Connection, *, now: datetime, most: int) -> list[Row]:
    """The due schedules (organization_id, name); organization_id is None for those of the installation."""
    return conn.execute(
        """
        (SELECT NULL::bigint AS organization_id, name FROM installation_schedules
         WHERE enabled AND next_at <= %(now)s ORDER BY next_at, id LIMIT %(most)s)
        UNION ALL
        SELECT organization_id, name FROM list_due_schedules(%(most)s)
        """,
        {"now": now, "most": most},
    ).fetchall()


def list_lost(conn: Connection, *, dead_after: float, jobs: str, most: int) -> list[Row]:
    """Runs under way that nobody works on (organization_id, run_id, status).

    A running one whose worker has been silent for `dead_after` seconds, and a waiting one that has no job in the
    queue; `jobs` is how the keys of such jobs begin.
    """
    return conn.execute(
        """
        WITH under_way AS (
            SELECT NULL::bigint AS organization_id, id AS run_id, status, worker_id FROM installation_schedule_runs
            WHERE status IN ('waiting', 'running')
            UNION ALL
            SELECT organization_id, run_id, status, worker_id FROM list_open_schedule_runs(%(most)s)
        )
        SELECT r.organization_id, r.run_id, r.status FROM under_way r
        LEFT JOIN workers w ON r.status = 'running' AND w.id = r.worker_id
            AND w.beat_at > now() - make_interval(secs => %(dead_after)s)
        LEFT JOIN procrastinate_jobs j ON r.status = 'waiting' AND j.status IN ('todo', 'doing')
            AND j.queueing_lock = %(jobs)s || coalesce(r.organization_id, 0) || ':' || r.run_id
        WHERE w.id IS NULL AND j.id IS NULL
        ORDER BY r.run_id LIMIT %(most)s
        """,
        {"dead_after": dead_after, "jobs": jobs, "most": most},
    ).fetchall()


def has_colleagues(conn: Connection, *, worker_id: UUID, dead_after: float) -> bool:
    """Whether another worker lives."""
    (row,) = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM workers
            WHERE id <> %(worker_id)s AND beat_at > now() - make_interval(secs => %(dead_after)s)
        ) AS found
        """,
        {"worker_id": worker_id, "dead_after": dead_after},
    ).fetchall()
    return bool(row["found"])


def list_unsettled(conn: Connection, *, rules: Sequence[tuple[str, Rule]], changed: bool, most: int) -> list[int]:
    """Organizations that lack one of these schedules; with `changed` also those whose default is another now."""
    rows = conn.execute(
        "SELECT organization_id FROM list_unsettled_organizations("
        "%(names)s::text[], %(crons)s::text[], %(zones)s::text[], %(changed)s, %(most)s)",
        {
            "names": [name for name, _ in rules],
            "crons": [rule.cron for _, rule in rules],
            "zones": [rule.zone for _, rule in rules],
            "changed": changed,
            "most": most,
        },
    ).fetchall()
    return [row["organization_id"] for row in rows]


def walk_organizations(database: Database) -> Iterator[int]:
    """The ids of all organizations in their order, so many in a transaction."""
    last = 0
    while True:
        with database.transaction(None) as conn:
            found = _list_organization_ids(conn, behind=last, most=_ORGANIZATIONS_AT_ONCE)
        if not found:
            return
        yield from found
        last = found[-1]


def _list_organization_ids(conn: Connection, *, behind: int, most: int) -> list[int]:
    rows = conn.execute(
        "SELECT organization_id FROM list_organization_ids(%(behind)s, %(most)s)", {"behind": behind, "most": most}
    ).fetchall()
    return [row["organization_id"] for row in rows]
