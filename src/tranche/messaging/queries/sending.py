"""SQL of messages on their way out, a group at a time: written down, taken, their outcomes noted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row
from tranche.messaging.domain import Draft, Event, Message, State
from tranche.messaging.queries.messages import COLUMNS, dump_attachment, message_of

_WORDS: Final = "recipient, address, subject, body, attachments"
_DRAFTS: Final = """
    jsonb_to_recordset(%(drafts)s) AS d (key text, operation_id bigint, position bigint, channel text,
        customer_id bigint, recipient text, address text, subject text, body text, attachments jsonb, mail_id text,
        created_by bigint)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """How an attempt ended. `attempts` tells it from a later one, of which it says nothing."""

    message_id: int
    attempts: int
    status: State
    provider_id: str | None
    error_code: str | None
    error: str | None


def commit_lightly(conn: Connection) -> None:
    """This transaction's end does not wait for the disk: one before it and one behind it do."""
    conn.execute("SET LOCAL synchronous_commit = off")


def insert_drafts(conn: Connection, *, drafts: Sequence[tuple[Draft, str]]) -> dict[str, Message]:
    """The messages of drafts and their Message-IDs, by key: made, or those that are there already, as they are."""
    written = {"drafts": Jsonb([_dump(draft, mail_id) for draft, mail_id in drafts])}
    rows = conn.execute(
        f"""
        INSERT INTO messages AS m (organization_id, key, operation_id, position, channel, customer_id, {_WORDS},
            mail_id, created_by)
        SELECT current_organization(), key, operation_id, position, channel, customer_id, {_WORDS}, mail_id, created_by
        FROM {_DRAFTS} ORDER BY position, key
        ON CONFLICT (organization_id, key) DO NOTHING
        RETURNING {COLUMNS}
        """,
        written,
    ).fetchall()
    found = {row["key"]: message_of(row) for row in rows}
    if len(found) < len(drafts):
        _rewrite(conn, written)
        found |= _find(conn, keys=[draft.key for draft, _ in drafts if draft.key not in found])
    return found


def take(conn: Connection, *, message_ids: Sequence[int], provider: str) -> dict[int, int]:
    """Mark messages as being handed over; returns those that could be, each with the number of this attempt."""
    rows = conn.execute(
        """
        WITH locked AS (
            SELECT organization_id, id FROM messages
            WHERE organization_id = current_organization() AND id = ANY (%(ids)s) AND status IN ('queued', 'failed')
            ORDER BY id FOR UPDATE
        )
        UPDATE messages m SET status = 'sending', provider = %(provider)s, attempts = m.attempts + 1, error = NULL,
            error_code = NULL, handed_at = clock_timestamp(), updated_at = now()
        FROM locked l WHERE m.organization_id = l.organization_id AND m.id = ANY (%(ids)s) AND m.id = l.id
        RETURNING m.id, m.attempts
        """,
        {"ids": list(message_ids), "provider": provider},
    ).fetchall()
    return {row["id"]: row["attempts"] for row in rows}


def put_back(conn: Connection, *, taken: Mapping[int, int]) -> None:
    """Messages whose handing over never began wait as before, and the attempt does not count.

    One that was declared unknown meanwhile stays so, as its item does: a person decides.
    """
    conn.execute(
        """
        UPDATE messages m SET status = 'queued', attempts = m.attempts - 1, handed_at = NULL, updated_at = now()
        FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[]) AS t (id, attempts)
        WHERE m.organization_id = current_organization() AND m.id = ANY (%(ids)s) AND m.id = t.id
          AND m.attempts = t.attempts AND m.status = 'sending'
        """,
        {"ids": list(taken), "attempts": list(taken.values())},
    )


def note_outcomes(conn: Connection, *, notes: Sequence[Note]) -> list[Row]:
    """Write down how attempts ended, with an event for each; returns id, channel, provider_id of what was accepted.

    What a provider has told of a message meanwhile stays: it is news of a later moment. One that was declared unknown
    because its worker seemed lost is known again only if it was accepted or refused for good.
    """
    return conn.execute(
        """
        WITH told AS (
            SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[], %(statuses)s::text[],
                %(provider_ids)s::text[], %(codes)s::text[], %(errors)s::text[])
                AS t (id, attempts, status, provider_id, error_code, error)
        ), changed AS (
            UPDATE messages m SET
                status = CASE WHEN n.is_news THEN t.status ELSE m.status END,
                error_code = CASE WHEN n.is_news THEN t.error_code ELSE m.error_code END,
                error = CASE WHEN n.is_news THEN t.error ELSE m.error END,
                provider_id = coalesce(t.provider_id, m.provider_id),
                sent_at = CASE WHEN t.status = 'sent' THEN coalesce(m.sent_at, now()) ELSE m.sent_at END,
                updated_at = now()
            FROM told t
            JOIN messages o ON o.organization_id = current_organization() AND o.id = ANY (%(ids)s) AND o.id = t.id
                AND o.attempts = t.attempts
            CROSS JOIN LATERAL (
                SELECT o.status = 'sending' OR o.status = 'unknown' AND t.status IN ('sent', 'failed') AS is_news
            ) AS n
            WHERE m.organization_id = current_organization() AND m.id = ANY (%(ids)s) AND m.id = t.id
                AND m.attempts = t.attempts
            RETURNING m.id, m.channel, m.provider_id, t.status AS told, t.error AS detail
        ), noted AS (
            INSERT INTO message_events (organization_id, message_id, status, detail)
            SELECT current_organization(), id, told, coalesce(detail, '') FROM changed ORDER BY id
        )
        SELECT id, channel, provider_id FROM changed WHERE told = 'sent' ORDER BY id
        """,
        {
            "ids": [one.message_id for one in notes],
            "attempts": [one.attempts for one in notes],
            "statuses": [one.status for one in notes],
            "provider_ids": [one.provider_id for one in notes],
            "codes": [one.error_code for one in notes],
            "errors": [one.error for one in notes],
        },
    ).fetchall()


def hold_callbacks(conn: Connection, *, channel: str) -> None:
    """Let nobody else decide, until this transaction ends, whether a provider's id is known."""
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('callbacks ' || %(channel)s || current_organization(), 0))",
        {"channel": channel},
    )


def keep_early(conn: Connection, *, channel: str, event: Event) -> None:
    """Keep what was told of an id that nobody knows yet; what was kept for a day goes."""
    conn.execute(
        """
        DELETE FROM message_early_events
        WHERE organization_id = current_organization() AND at < now() - interval '1 day'
        """
    )
    conn.execute(
        """
        INSERT INTO message_early_events (organization_id, channel, provider_id, event_key, status, detail)
        VALUES (current_organization(), %(channel)s, %(provider_id)s, %(key)s, %(status)s, %(detail)s)
        ON CONFLICT DO NOTHING
        """,
        {"channel": channel, **asdict(event)},
    )


def take_early(conn: Connection, *, channel: str, provider_ids: Sequence[str]) -> list[Event]:
    """What was told of these ids before they were known, in the order in which it came."""
    rows = conn.execute(
        """
        WITH gone AS (
            DELETE FROM message_early_events
            WHERE organization_id = current_organization() AND channel = %(channel)s
              AND provider_id = ANY (%(provider_ids)s)
            RETURNING provider_id, status, event_key, detail, at
        )
        SELECT provider_id, status, event_key, detail FROM gone ORDER BY at, event_key
        """,
        {"channel": channel, "provider_ids": list(provider_ids)},
    ).fetchall()
    return [
        Event(provider_id=row["provider_id"], status=State(row["status"]), key=row["event_key"], detail=row["detail"])
        for row in rows
    ]


def _rewrite(conn: Connection, written: Mapping[str, Any]) -> None:
    """Those that were never accepted get the words and the address of now."""
    conn.execute(
        f"""
        UPDATE messages m SET recipient = d.recipient, address = d.address, subject = d.subject, body = d.body,
            attachments = d.attachments, updated_at = now()
        FROM {_DRAFTS}
        WHERE m.organization_id = current_organization() AND m.key = d.key AND m.status IN ('queued', 'failed')
          AND (m.recipient, m.address, m.subject, m.body, m.attachments)
              IS DISTINCT FROM (d.recipient, d.address, d.subject, d.body, d.attachments)
        """,
        written,
    )


def _find(conn: Connection, *, keys: Sequence[str]) -> dict[str, Message]:
    rows = conn.execute(
        f"SELECT {COLUMNS} FROM messages m WHERE m.organization_id = current_organization() AND m.key = ANY (%(keys)s)",
        {"keys": list(keys)},
    ).fetchall()
    return {row["key"]: message_of(row) for row in rows}


def _dump(draft: Draft, mail_id: str) -> dict[str, Any]:
    return {
        "key": draft.key,
        "operation_id": draft.operation_id,
        "position": draft.position,
        "channel": draft.channel.value,
        "customer_id": draft.customer_id,
        "recipient": draft.recipient,
        "address": draft.address,
        "subject": draft.subject,
        "body": draft.body,
        "attachments": [dump_attachment(one) for one in draft.attachments],
        "mail_id": mail_id,
        "created_by": draft.created_by,
    }
