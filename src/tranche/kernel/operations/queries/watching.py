"""SQL of what everybody in an organization watches: what runs now, what ended just now, what went wrong of late."""

from collections.abc import Sequence
from datetime import datetime

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.queries.operations import COLUMNS, operation_of


def clock(conn: Connection) -> int:
    """The database's time in microseconds, which all servers share."""
    (row,) = conn.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now").fetchall()
    return int(row["now"])


def list_running(conn: Connection, *, limit: int) -> list[Operation]:
    """The newest first."""
    rows = conn.execute(
        f"""
        SELECT {COLUMNS} FROM operations o
        WHERE o.organization_id = current_organization() AND o.finished_at IS NULL
        ORDER BY o.id DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    ).fetchall()
    return [operation_of(row) for row in rows]


def count_running(conn: Connection, *, most: int) -> int:
    """How many run, counted up to `most`."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS n FROM (
            SELECT FROM operations o
            WHERE o.organization_id = current_organization() AND o.finished_at IS NULL LIMIT %(most)s
        ) AS counted
        """,
        {"most": most},
    ).fetchall()
    return int(row["n"])


def list_ended(conn: Connection, *, hours: int, limit: int) -> list[Operation]:
    """Those of the last hours, the last to end first."""
    rows = conn.execute(
        f"""
        SELECT {COLUMNS} FROM operations o
        WHERE o.organization_id = current_organization() AND o.finished_at > now() - make_interval(hours => %(hours)s)
        ORDER BY o.finished_at DESC, o.id DESC LIMIT %(limit)s
        """,
        {"hours": hours, "limit": limit},
    ).fetchall()
    return [operation_of(row) for row in rows]


def list_troubled(conn: Connection, *, since: datetime, limit: int) -> list[Operation]:
    """Those that ended with failures and were not begun anew, the last to end first.

    Neither what was undone to the end since, nor a dry run of a file of whose name something came in since.
    """
    rows = conn.execute(
        f"""
        WITH later AS MATERIALIZED (
            SELECT id, kind, label, status, payload, succeeded FROM operations
            WHERE organization_id = current_organization() AND finished_at > %(since)s
        ), undone AS MATERIALIZED (
            SELECT (payload ->> 'undoes')::bigint AS id FROM later WHERE status = 'completed' AND payload ? 'undoes'
        ), imported AS MATERIALIZED (
            SELECT kind, label, max(id) AS id FROM later
            WHERE succeeded > 0 AND payload ->> 'dryRun' = 'false' GROUP BY kind, label
        )
        SELECT {COLUMNS} FROM operations o
        WHERE o.organization_id = current_organization() AND o.finished_at > %(since)s
          AND o.status IN ('failed', 'completed_with_errors')
          AND NOT EXISTS (SELECT FROM undone u WHERE u.id = o.id)
          AND NOT (o.payload ->> 'dryRun' IS NOT DISTINCT FROM 'true' AND EXISTS (
              SELECT FROM imported i WHERE i.kind = o.kind AND i.label = o.label AND i.id > o.id
          ))
        ORDER BY o.finished_at DESC, o.id DESC LIMIT %(limit)s
        """,
        {"since": since, "limit": limit},
    ).fetchall()
    return [operation_of(row) for row in rows]


def list_days(conn: Connection, *, days: int) -> list[Row]:
    """What the operations that were started on each of the last days did: day, operations, succeeded, failed.

    Every day is there, the oldest first; days are those of the organization's zone. Dry runs have done nothing.
    """
    return conn.execute(
        """
        WITH today AS (
            SELECT (now() AT TIME ZONE zone)::date AS day, zone FROM organizations WHERE id = current_organization()
        )
        SELECT d.day::date AS day, count(o.id) AS operations,
            coalesce(sum(o.succeeded), 0)::bigint AS succeeded,
            coalesce(sum(o.failed + o.unknown), 0)::bigint AS failed
        FROM today CROSS JOIN generate_series(today.day - (%(days)s - 1), today.day, interval '1 day') AS d (day)
        LEFT JOIN operations o ON o.organization_id = current_organization()
            AND o.created_at > now() - make_interval(days => %(days)s + 1)
            AND (o.created_at AT TIME ZONE today.zone)::date = d.day::date
            AND coalesce(o.payload ->> 'dryRun', 'false') <> 'true'
        GROUP BY d.day ORDER BY d.day
        """,
        {"days": days},
    ).fetchall()


def list_numbered(conn: Connection, *, ranges: Sequence[tuple[int, int]], limit: int) -> list[Operation]:
    """Those whose number is in one of the ranges, the least first."""
    rows = conn.execute(
        f"""
        SELECT {COLUMNS} FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS r (low, high)
        CROSS JOIN LATERAL (
            SELECT * FROM operations
            WHERE organization_id = current_organization() AND id BETWEEN r.low AND r.high
            ORDER BY id LIMIT %(limit)s
        ) AS o
        ORDER BY o.id LIMIT %(limit)s
        """,
        {"lows": [low for low, _ in ranges], "highs": [high for _, high in ranges], "limit": limit},
    ).fetchall()
    return [operation_of(row) for row in rows]


def list_kinds(conn: Connection, *, kinds: Sequence[str]) -> list[str]:
    """Which of these kinds were ever started here, in the order of their names."""
    rows = conn.execute(
        """
        SELECT k.kind FROM unnest(%(kinds)s::text[]) AS k (kind)
        WHERE EXISTS (
            SELECT FROM operations o WHERE o.organization_id = current_organization() AND o.kind = k.kind
        )
        ORDER BY k.kind
        """,
        {"kinds": list(kinds)},
    ).fetchall()
    return [row["kind"] for row in rows]
