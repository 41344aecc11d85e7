"""Putting mails, events and alerts into the outbox, in the transaction of what they tell about."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tranche.kernel.db.pool import Connection
from tranche.kernel.notify.domain import Attempt, Channel, Notification, check_mail, without_control
from tranche.kernel.notify.queries import notifications

_MOST_ATTEMPTS_SHOWN = 20
_LONGEST_ALERT = 1_000


def put_mail(conn: Connection, *, event: str, address: str, name: str, subject: str, text: str, link: str = "") -> int:
    """Put a mail in and answer its id. `link` is a path under the public address, such as /operations/7.

    Raises:
        Invalid: the subject, the name or the address holds a line break, or the address is none.
    """
    check_mail(address=address, name=name, subject=subject)
    return notifications.insert_notification(
        conn,
        channel=Channel.MAIL,
        event=event,
        destination=address,
        recipient=name,
        subject=subject,
        body=text,
        link=link,
    )


def publish(conn: Connection, *, event: str, data: Mapping[str, Any], at: datetime) -> int:
    """Put an event in for every endpoint of the organization that wants it; answers how many do.

    The body is that of Standard Webhooks: type, timestamp, data. `data` must be JSON.
    """
    return notifications.insert_for_endpoints(conn, event=event, body=payload(event, data, at=at))


def alert(conn: Connection, *, event: str, text: str) -> int:
    """Tell the operators, one sentence, wherever the installation sends alerts; answers the id.

    Any module may call it in its own transaction, with an organization set. Neither a person's data nor a secret
    belongs into `text`: numbers and codes do.
    """
    return notifications.insert_notification(
        conn, channel=Channel.ALERT, event=event, destination="", body=without_control(text)[:_LONGEST_ALERT]
    )


def prune(conn: Connection, *, older_than: timedelta, most: int = 10_000) -> int:
    """Delete what ended so long ago, with its attempts; at most `most`, so call again while it answers that many."""
    return notifications.delete_ended(conn, older_than=older_than, most=most)


def has_due(conn: Connection) -> bool:
    """Whether a worker should be woken for this organization."""
    return notifications.has_due(conn)


def get_notifications(
    conn: Connection, *, channel: str | None = None, status: str | None = None, limit: int, offset: int
) -> tuple[list[Notification], int]:
    """A page, newest first, and how many there are in all."""
    return (
        notifications.list_notifications(
            conn, endpoint_id=None, channel=channel, status=status, limit=limit, offset=offset
        ),
        notifications.count_notifications(conn, endpoint_id=None, channel=channel, status=status),
    )


def list_attempts(conn: Connection, *, notification_ids: Sequence[int]) -> Mapping[int, list[Attempt]]:
    """The last 20 attempts of each of these, oldest first."""
    found: dict[int, list[Attempt]] = {number: [] for number in notification_ids}
    for attempt in notifications.list_attempts(conn, notification_ids=notification_ids, most=_MOST_ATTEMPTS_SHOWN):
        found[attempt.notification_id].append(attempt)
    return found


def payload(event: str, data: Mapping[str, Any], *, at: datetime) -> str:
    """The body of an event as it is signed and sent."""
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": event, "timestamp": moment, "data": data}, ensure_ascii=False, separators=(",", ":"))
