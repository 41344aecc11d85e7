"""SQL of notifications and their attempts: put in, listed, pruned."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.notify.domain import Attempt, Channel, Notification, Status

COLUMNS = ", ".join(f"n.{entry.name}" for entry in fields(Notification))
_ATTEMPT = ", ".join(f"a.{entry.name}" for entry in fields(Attempt))
_MATCHES = """
    n.organization_id = current_organization()
    AND (%(endpoint_id)s::bigint IS NULL OR n.endpoint_id = %(endpoint_id)s)
    AND (%(channel)s::text IS NULL OR n.channel = %(channel)s)
    AND (%(status)s::text IS NULL OR n.status = %(status)s)
"""


def insert_notification(
    conn: Connection,
    *,
    channel: Channel,
    event: str,
    destination: str,
    body: str,
    recipient: str = "",
    subject: str = "",
    link: str = "",
) -> int:
    """One mail or one alert; an alert without a destination is for all targets."""
    (row,) = conn.execute(
        """
        INSERT INTO notifications
            (organization_id, channel, event, destination, recipient, subject, body, link)
        VALUES (current_organization(), %(channel)s, %(event)s, %(destination)s, %(recipient)s, %(subject)s,
            %(body)s, %(link)s)
        RETURNING id
        """,
        {
            "channel": channel,
            "event": event,
            "destination": destination,
            "recipient": recipient,
            "subject": subject,
            "body": body,
            "link": link,
        },
    ).fetchall()
    return int(row["id"])


def insert_for_endpoints(conn: Connection, *, event: str, body: str) -> int:
    """One for every enabled endpoint that wants the event; how many there were."""
    return conn.execute(
        """
        INSERT INTO notifications (organization_id, channel, event, endpoint_id, destination, body, message_id)
        SELECT e.organization_id, 'webhook', %(event)s, e.id, e.url, %(body)s,
            'msg_' || replace(gen_random_uuid()::text, '-', '')
        FROM webhook_endpoints e
        WHERE e.organization_id = current_organization() AND e.is_enabled AND %(event)s = ANY (e.event_types)
        ORDER BY e.id
        """,
        {"event": event, "body": body},
    ).rowcount


def insert_for_endpoint(conn: Connection, *, endpoint_id: int, event: str, body: str) -> Notification:
    """One for this endpoint, enabled or not."""
    (row,) = conn.execute(
        f"""
        INSERT INTO notifications AS n
            (organization_id, channel, event, endpoint_id, destination, body, message_id)
        SELECT e.organization_id, 'webhook', %(event)s, e.id, e.url, %(body)s,
            'msg_' || replace(gen_random_uuid()::text, '-', '')
        FROM webhook_endpoints e
        WHERE e.organization_id = current_organization() AND e.id = %(endpoint_id)s
        RETURNING {COLUMNS}
        """,
        {"endpoint_id": endpoint_id, "event": event, "body": body},
    ).fetchall()
    return notification(row)


def lock_delivery(conn: Connection, *, delivery_id: int) -> Notification | None:
    """A webhook's notification."""
    row = conn.execute(
        f"""
        SELECT {COLUMNS} FROM notifications n
        WHERE n.organization_id = current_organization() AND n.id = %(id)s AND n.channel = 'webhook'
        FOR NO KEY UPDATE
        """,
        {"id": delivery_id},
    ).fetchone()
    return notification(row) if row else None


def reopen(conn: Connection, *, notification_id: int) -> Notification:
    """Make an ended one due again, at the present address of its endpoint; the attempts so far stay in the log."""
    (row,) = conn.execute(
        f"""
        UPDATE notifications n SET
            status = 'pending', attempts = 0, next_attempt_at = now(), provider_id = NULL, sent_at = NULL,
            error_code = NULL, error = NULL, updated_at = clock_timestamp(),
            destination = coalesce((
                SELECT e.url FROM webhook_endpoints e
                WHERE e.organization_id = n.organization_id AND e.id = n.endpoint_id
            ), n.destination)
        WHERE n.organization_id = current_organization() AND n.id = %(id)s
        RETURNING {COLUMNS}
        """,
        {"id": notification_id},
    ).fetchall()
    return notification(row)


def end_waiting(conn: Connection, *, endpoint_id: int, code: str, error: str) -> int:
    """Give up what still waits for an endpoint; what is being sent ends by itself."""
    return conn.execute(
        """
        UPDATE notifications SET status = 'failed', error_code = %(code)s, error = %(error)s,
            updated_at = clock_timestamp()
        WHERE organization_id = current_organization() AND endpoint_id = %(endpoint_id)s AND status = 'pending'
        """,
        {"endpoint_id": endpoint_id, "code": code, "error": error},
    ).rowcount


def list_notifications(
    conn: Connection, *, endpoint_id: int | None, channel: str | None, status: str | None, limit: int, offset: int
) -> list[Notification]:
    """Newest first."""
    rows = conn.execute(
        f"SELECT {COLUMNS} FROM notifications n WHERE {_MATCHES} ORDER BY n.id DESC LIMIT %(limit)s OFFSET %(offset)s",
        {"endpoint_id": endpoint_id, "channel": channel, "status": status, "limit": limit, "offset": offset},
    ).fetchall()
    return [notification(row) for row in rows]


def count_notifications(conn: Connection, *, endpoint_id: int | None, channel: str | None, status: str | None) -> int:
    (row,) = conn.execute(
        f"SELECT count(*) AS n FROM notifications n WHERE {_MATCHES}",
        {"endpoint_id": endpoint_id, "channel": channel, "status": status},
    ).fetchall()
    return int(row["n"])


def list_attempts(conn: Connection, *, notification_ids: Sequence[int], most: int) -> list[Attempt]:
    """The last attempts of each of these, oldest first."""
    rows = conn.execute(
        f"""
        SELECT {_ATTEMPT} FROM unnest(%(ids)s::bigint[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT * FROM notification_attempts x
            WHERE x.organization_id = current_organization() AND x.notification_id = wanted.id
            ORDER BY x.id DESC LIMIT %(most)s
        ) AS a
        ORDER BY a.notification_id, a.id
        """,
        {"ids": list(notification_ids), "most": most},
    ).fetchall()
    return [Attempt(**row) for row in rows]


def has_due(conn: Connection) -> bool:
    """Whether anything of this organization waits to be sent now."""
    row = conn.execute(
        """
        SELECT FROM notifications
        WHERE organization_id = current_organization() AND status = 'pending' AND next_attempt_at <= now()
        LIMIT 1
        """
    ).fetchone()
    return row is not None


def delete_ended(conn: Connection, *, older_than: timedelta, most: int) -> int:
    """The oldest first; their attempts go with them."""
    return conn.execute(
        """
        WITH ended AS MATERIALIZED (
            SELECT organization_id, id FROM notifications
            WHERE organization_id = current_organization() AND status IN ('sent', 'failed', 'unknown')
              AND updated_at < now() - %(older_than)s::interval
            ORDER BY updated_at, id
            LIMIT %(most)s
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM notifications n
        USING ended e
        WHERE n.organization_id = e.organization_id AND n.id = e.id
        """,
        {"older_than": older_than, "most": most},
    ).rowcount


def notification(row: Row) -> Notification:
    return Notification(**{**row, "channel": Channel(row["channel"]), "status": Status(row["status"])})
