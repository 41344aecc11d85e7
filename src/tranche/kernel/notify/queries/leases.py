"""SQL of sending: what is due, who has leased it, how it ended; all times are the database's."""

from uuid import UUID

from tranche.kernel.db.pool import Connection
from tranche.kernel.notify.domain import Channel, Notification, Outcome, Status
from tranche.kernel.notify.queries.notifications import COLUMNS, notification

LOST = "Nobody knows whether this was delivered: the worker ended while it was being sent."


def list_due(conn: Connection, *, channel: Channel, most: int) -> list[int]:
    """Across organizations, by a definer function: which of them have something to send or to settle."""
    rows = conn.execute(
        "SELECT organization_id FROM list_due_notifications(%(channel)s, %(most)s)", {"channel": channel, "most": most}
    ).fetchall()
    return [int(row["organization_id"]) for row in rows]


def settle_lapsed(conn: Connection, *, channel: Channel, most_attempts: int) -> list[Notification]:
    """What a lost worker was sending becomes pending again if it may be repeated so often, else unknown."""
    rows = conn.execute(
        f"""
        WITH lapsed AS (
            SELECT organization_id, id FROM notifications
            WHERE organization_id = current_organization() AND channel = %(channel)s AND status = 'sending'
              AND lease_until < now()
            ORDER BY id LIMIT 1000
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE notifications n SET
            status = CASE WHEN n.attempts < %(most_attempts)s THEN 'pending' ELSE 'unknown' END,
            error_code = 'unknown_outcome', error = %(lost)s,
            next_attempt_at = now(), lease_until = NULL, lease_by = NULL, updated_at = clock_timestamp()
        FROM lapsed l
        WHERE n.organization_id = l.organization_id AND n.id = l.id
        RETURNING {COLUMNS}
        """,
        {"channel": channel, "most_attempts": most_attempts, "lost": LOST},
    ).fetchall()
    return [notification(row) for row in rows]


def lease_next(
    conn: Connection, *, channel: Channel, lease: UUID, seconds: float, domain: str, only_healthy: bool = False
) -> Notification | None:
    """Take what is due first, and give a mail its Message-ID; an endpoint gets one delivery at a time.

    `lease` is new for every lease, so that whoever lost one cannot record under the next. `only_healthy` leaves
    aside what is for endpoints whose last delivery failed.
    """
    row = conn.execute(
        f"""
        WITH due AS (
            SELECT d.organization_id, d.id FROM notifications d
            WHERE d.organization_id = current_organization() AND d.channel = %(channel)s AND d.status = 'pending'
              AND d.next_attempt_at <= now() AND NOT (d.channel = 'alert' AND d.destination = '')
              AND (d.endpoint_id IS NULL OR NOT EXISTS (
                SELECT FROM notifications s
                WHERE s.organization_id = d.organization_id AND s.channel = d.channel AND s.status = 'sending'
                  AND s.endpoint_id = d.endpoint_id
              ))
              AND NOT (%(only_healthy)s AND EXISTS (
                SELECT FROM webhook_endpoints e
                WHERE e.organization_id = d.organization_id AND e.id = d.endpoint_id AND e.failures > 0
              ))
            ORDER BY d.next_attempt_at, d.id LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE notifications n SET
            status = 'sending', attempts = attempts + 1, lease_by = %(lease)s,
            lease_until = clock_timestamp() + make_interval(secs => %(seconds)s),
            message_id = coalesce(
                n.message_id, format('<%%s@%%s>', replace(gen_random_uuid()::text, '-', ''), %(domain)s::text)
            ),
            updated_at = clock_timestamp()
        FROM due d
        WHERE n.organization_id = d.organization_id AND n.id = d.id
        RETURNING {COLUMNS}
        """,
        {"channel": channel, "lease": lease, "seconds": seconds, "domain": domain, "only_healthy": only_healthy},
    ).fetchone()
    return notification(row) if row else None


def record(
    conn: Connection,
    *,
    sending: Notification,
    lease: UUID,
    outcome: Outcome,
    status: Status,
    pause: float | None,
    duration_ms: int,
) -> bool:
    """Write down how an attempt ended, if the lease is still ours; whether it was."""
    row = conn.execute(
        """
        UPDATE notifications SET
            status = %(status)s, provider_id = %(provider_id)s, error_code = %(error_code)s, error = %(error)s,
            sent_at = CASE WHEN %(status)s = 'sent' THEN clock_timestamp() END,
            next_attempt_at = clock_timestamp() + make_interval(secs => %(pause)s),
            lease_until = NULL, lease_by = NULL, updated_at = clock_timestamp()
        WHERE organization_id = current_organization() AND id = %(id)s AND status = 'sending'
          AND lease_by = %(lease)s AND attempts = %(attempts)s
        RETURNING id
        """,
        {
            "id": sending.id,
            "lease": lease,
            "attempts": sending.attempts,
            "status": status,
            "provider_id": outcome.provider_id,
            "error_code": outcome.error_code,
            "error": outcome.error,
            "pause": pause or 0.0,
        },
    ).fetchone()
    if row is None:
        return False
    insert_attempt(conn, sending=sending, outcome=outcome, duration_ms=duration_ms, pause=pause)
    return True


def insert_attempt(
    conn: Connection, *, sending: Notification, outcome: Outcome, duration_ms: int, pause: float | None
) -> None:
    conn.execute(
        """
        INSERT INTO notification_attempts (organization_id, notification_id, duration_ms, status_code, error_code,
            error, excerpt, next_attempt_at)
        VALUES (current_organization(), %(id)s, %(duration_ms)s, %(status_code)s, %(error_code)s, %(error)s,
            %(excerpt)s, clock_timestamp() + make_interval(secs => %(pause)s::double precision))
        """,
        {
            "id": sending.id,
            "duration_ms": duration_ms,
            "status_code": outcome.status_code,
            "error_code": outcome.error_code,
            "error": outcome.error,
            "excerpt": outcome.excerpt,
            "pause": pause,
        },
    )


def spread_alerts(conn: Connection, *, destinations: list[str]) -> int:
    """Turn each alert for everybody into one for each destination; how many rows those are."""
    return conn.execute(
        """
        WITH wide AS (
            DELETE FROM notifications
            WHERE organization_id = current_organization() AND channel = 'alert' AND destination = ''
              AND status = 'pending'
            RETURNING *
        )
        INSERT INTO notifications (organization_id, channel, event, destination, subject, body, link, created_at)
        SELECT w.organization_id, w.channel, w.event, target.name, w.subject, w.body, w.link, w.created_at
        FROM wide w CROSS JOIN unnest(%(destinations)s::text[]) WITH ORDINALITY AS target (name, place)
        ORDER BY w.id, target.place
        """,
        {"destinations": destinations},
    ).rowcount
