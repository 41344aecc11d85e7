"""SQL of the outbox: messages, their states, what was told of them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.db.pool import Connection, Row
from tranche.messaging.domain import Attachment, Channel, Message, State

COLUMNS = ", ".join(f"m.{f.name}" for f in fields(Message))
MESSAGES: Final = Listing(
    name="messages",
    select=COLUMNS,
    source="messages m",
    counted="messages m",
    where="m.organization_id = current_organization()",
    filters={
        "channel": "m.channel = %(channel)s",
        "status": "m.status = %(status)s",
        "operation_id": "m.operation_id = %(operation_id)s",
        "address": "m.address >= %(address_low)s AND m.address < %(address_high)s",
    },
    sorts={"id": (Key("m.id"),)},
    default_sort="-id",
    export=(
        Column("id", "m.id", Kind.NUMBER),
        Column("channel", "m.channel"),
        Column("status", "m.status"),
        Column("recipient", "m.recipient"),
        Column("address", "m.address"),
        Column("subject", "m.subject"),
        Column("error", "m.error"),
        Column("attempts", "m.attempts", Kind.NUMBER),
        Column("providerId", "m.provider_id"),
        Column("createdAt", "m.created_at", Kind.MOMENT),
        Column("sentAt", "m.sent_at", Kind.MOMENT),
        Column("deliveredAt", "m.delivered_at", Kind.MOMENT),
    ),
)

# A statement that names each state lets the planner see how rare it is.
_COUNT_ALL: Final = " UNION ALL ".join(
    f"""
    SELECT '{state}' AS status, count(*) AS count FROM (
        SELECT FROM messages
        WHERE organization_id = current_organization() AND status = '{state}' LIMIT %(most)s
    ) AS few
    """
    for state in State
)


def find_message(conn: Connection, *, message_id: int) -> Message | None:
    row = conn.execute(
        f"SELECT {COLUMNS} FROM messages m WHERE m.organization_id = current_organization() AND m.id = %(id)s",
        {"id": message_id},
    ).fetchone()
    return message_of(row) if row else None


def is_known(conn: Connection, *, channel: str, provider_id: str) -> bool:
    """Whether there is a message that the provider knows by this id, or that bears this Message-ID."""
    row = conn.execute(
        """
        SELECT FROM messages
        WHERE organization_id = current_organization() AND channel = %(channel)s
          AND (provider_id = %(provider_id)s OR mail_id = %(provider_id)s)
        LIMIT 1
        """,
        {"channel": channel, "provider_id": provider_id},
    ).fetchone()
    return row is not None


def lock_by_provider_id(conn: Connection, *, channel: str, provider_id: str) -> Message | None:
    """The newest message that the provider knows by this id, or that bears this Message-ID."""
    row = conn.execute(
        f"""
        SELECT {COLUMNS} FROM messages m
        WHERE m.organization_id = current_organization() AND m.channel = %(channel)s
          AND (m.provider_id = %(provider_id)s OR m.mail_id = %(provider_id)s)
        ORDER BY m.id DESC LIMIT 1 FOR UPDATE
        """,
        {"channel": channel, "provider_id": provider_id},
    ).fetchone()
    return message_of(row) if row else None


def set_state(
    conn: Connection,
    *,
    message_id: int,
    status: State,
    provider_id: str | None = None,
    error_code: str | None = None,
    error: str | None = None,
) -> None:
    conn.execute(
        """
        UPDATE messages SET status = %(status)s, provider_id = coalesce(%(provider_id)s, provider_id),
            error_code = %(error_code)s, error = %(error)s,
            sent_at = CASE WHEN %(status)s IN ('sent', 'delivered', 'read') THEN coalesce(sent_at, now())
                ELSE sent_at END,
            delivered_at = CASE WHEN %(status)s IN ('delivered', 'read') THEN coalesce(delivered_at, now())
                ELSE delivered_at END,
            read_at = CASE WHEN %(status)s = 'read' THEN now() ELSE read_at END, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {
            "id": message_id,
            "status": status,
            "provider_id": provider_id,
            "error_code": error_code,
            "error": error,
        },
    )


def insert_event(
    conn: Connection, *, message_id: int, status: str, detail: str = "", event_key: str | None = None
) -> bool:
    """Note what happened; False when the same was told before."""
    return (
        conn.execute(
            """
            INSERT INTO message_events (organization_id, message_id, status, detail, event_key)
            VALUES (current_organization(), %(message_id)s, %(status)s, %(detail)s, %(event_key)s)
            ON CONFLICT (organization_id, message_id, event_key) WHERE event_key IS NOT NULL DO NOTHING
            """,
            {"message_id": message_id, "status": status, "detail": detail, "event_key": event_key},
        ).rowcount
        == 1
    )


def list_events(conn: Connection, *, message_id: int, limit: int) -> list[Row]:
    return conn.execute(
        """
        SELECT at, status, detail FROM message_events
        WHERE organization_id = current_organization() AND message_id = %(message_id)s
        ORDER BY id LIMIT %(limit)s
        """,
        {"message_id": message_id, "limit": limit},
    ).fetchall()


def list_sent(
    conn: Connection, *, channel: Channel, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], datetime]:
    """Of these operations and positions those whose message went out by the channel, each with the last time."""
    rows = conn.execute(
        """
        SELECT operation_id, position, max(sent_at) AS sent_at FROM messages
        JOIN unnest(%(operations)s::bigint[], %(positions)s::bigint[]) AS w (operation_id, position)
            USING (operation_id, position)
        WHERE organization_id = current_organization() AND channel = %(channel)s AND sent_at IS NOT NULL
          AND status IN ('sent', 'delivered', 'read')
        GROUP BY operation_id, position
        """,
        {
            "channel": channel.value,
            "operations": [operation_id for operation_id, _ in places],
            "positions": [position for _, position in places],
        },
    ).fetchall()
    return {(row["operation_id"], row["position"]): row["sent_at"] for row in rows}


def count_by_status(conn: Connection, *, operation_id: int | None, cap: int) -> dict[str, int]:
    """How many messages stand in each state, of an operation or of all; of all, at most one more than `cap` each."""
    statement = _COUNT_ALL
    if operation_id is not None:
        statement = """
            SELECT status, count(*) AS count FROM messages
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s GROUP BY status
        """
    values = {"operation_id": operation_id, "most": cap + 1}
    return {row["status"]: row["count"] for row in conn.execute(statement, values).fetchall()}


def list_positions(conn: Connection, *, operation_id: int, states: Sequence[State]) -> list[int]:
    """The positions of an operation whose message stands in one of the states."""
    rows = conn.execute(
        """
        SELECT DISTINCT position FROM messages
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND status = ANY (%(states)s) AND position IS NOT NULL
        ORDER BY position LIMIT 100000
        """,
        {"operation_id": operation_id, "states": list(states)},
    ).fetchall()
    return [row["position"] for row in rows]


def dump_attachment(attachment: Attachment) -> dict[str, str]:
    """As the column `attachments` keeps it."""
    return {"sha256": attachment.sha256.hex(), "name": attachment.name, "mediaType": attachment.media_type}


def message_of(row: Row) -> Message:
    """The message that a row of `COLUMNS` is."""
    attachments = tuple(
        Attachment(sha256=bytes.fromhex(one["sha256"]), name=one["name"], media_type=one["mediaType"])
        for one in row["attachments"]
    )
    return Message(
        **{
            **row,
            "channel": Channel(row["channel"]),
            "status": State(row["status"]),
            "attachments": attachments,
        }
    )
