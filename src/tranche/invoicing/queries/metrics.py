"""What the runs of the last days did."""

from tranche.invoicing.domain import Day, Pattern
from tranche.invoicing.queries.runs import ISSUED
from tranche.kernel.db.pool import Connection, Row

_RUNS_READ = 1_000


def list_days(conn: Connection, *, kind: str, days: int) -> list[Day]:
    """The days on which runs were started, the oldest first."""
    rows = conn.execute(
        f"""
        SELECT (o.created_at AT TIME ZONE g.zone)::date AS day, count(*) AS jobs, sum(o.total)::bigint AS total,
            sum({ISSUED})::bigint AS issued, sum(o.succeeded)::bigint AS succeeded,
            sum(o.failed + o.unknown)::bigint AS failed, sum(o.skipped)::bigint AS skipped
        FROM operations o JOIN organizations g ON g.id = o.organization_id
        WHERE o.organization_id = current_organization() AND o.kind = %(kind)s
          AND o.created_at > now() - make_interval(days => %(days)s)
        GROUP BY 1 ORDER BY 1
        """,
        {"kind": kind, "days": days},
    ).fetchall()
    return [Day(**row) for row in rows]


def find_pace(conn: Connection, *, kind: str, days: int) -> Row:
    """How many runs wait and work now; how many of the last days have ended, how long they took, what they issued."""
    (row,) = conn.execute(
        f"""
        SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
            count(*) FILTER (WHERE status IN ('processing', 'cancelling')) AS processing,
            count(*) FILTER (WHERE is_ended) AS ended,
            coalesce(sum(extract(epoch FROM finished_at - started_at)) FILTER (WHERE is_ended), 0) AS seconds,
            coalesce(sum(CASE WHEN is_ended THEN {ISSUED} END), 0)::bigint AS issued
        FROM (
            SELECT organization_id, id, payload, status, started_at, finished_at, succeeded,
                finished_at IS NOT NULL AND started_at IS NOT NULL
                AND created_at > now() - make_interval(days => %(days)s) AS is_ended
            FROM operations WHERE organization_id = current_organization() AND kind = %(kind)s
        ) AS o
        """,
        {"kind": kind, "days": days},
    ).fetchall()
    return row


def list_patterns(conn: Connection, *, kind: str, days: int, limit: int) -> list[Pattern]:
    """Why orders failed, the commonest reason first; of the last 1,000 runs that had failures."""
    rows = conn.execute(
        """
        SELECT coalesce(i.error_code, 'failed') AS code, min(i.error) AS message, count(*) AS count,
            min(i.error) IS NOT DISTINCT FROM max(i.error) AS is_same
        FROM (
            SELECT organization_id, id FROM operations
            WHERE organization_id = current_organization() AND kind = %(kind)s AND failed > 0
              AND created_at > now() - make_interval(days => %(days)s)
            ORDER BY id DESC LIMIT %(runs)s
        ) AS o
        JOIN operation_items i ON i.organization_id = o.organization_id AND i.operation_id = o.id
            AND i.status IN ('failed', 'unknown')
        GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT %(limit)s
        """,
        {"kind": kind, "days": days, "runs": _RUNS_READ, "limit": limit},
    ).fetchall()
    return [Pattern(**row) for row in rows]
