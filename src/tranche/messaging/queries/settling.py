"""SQL of messages whose outcome is open: a worker was lost, an operation has ended, a person decides.

Each change is written into the story of the message as well.
"""

from collections.abc import Sequence
from typing import Final

from tranche.kernel.db.pool import Connection

_LOST: Final = "The worker was lost while it had this message in hand; it may have arrived."
_CANCELLED: Final = "The sending was cancelled before this message was accepted."


def lose(conn: Connection, *, operation_id: int, positions: Sequence[int]) -> int:
    """Messages of these positions that wait or are being sent: nobody knows whether they left. Returns how many."""
    return conn.execute(
        """
        WITH changed AS (
            UPDATE messages SET status = 'unknown', error_code = 'unknown_outcome', error = %(lost)s, updated_at = now()
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND position = ANY (%(positions)s) AND status IN ('queued', 'sending')
            RETURNING id, status, error
        )
        INSERT INTO message_events (organization_id, message_id, status, detail)
        SELECT current_organization(), id, status, error FROM changed ORDER BY id
        """,
        {"operation_id": operation_id, "positions": list(positions), "lost": _LOST},
    ).rowcount


def settle_open(conn: Connection, *, operation_id: int, stage: str) -> int:
    """What an ended operation still holds as waiting or as being sent ends as its item did; returns how many.

    One that waits has failed where its item failed or was cancelled. Of all others nobody knows whether they arrived.
    """
    return conn.execute(
        """
        WITH ended AS (
            SELECT m.organization_id, m.id,
                CASE WHEN m.status = 'queued' AND i.status IN ('failed', 'cancelled') THEN i.status END AS known,
                i.error_code, i.error
            FROM messages m
            LEFT JOIN operation_items i ON i.organization_id = m.organization_id AND i.operation_id = m.operation_id
                AND i.position = m.position AND i.stage = %(stage)s
            WHERE m.organization_id = current_organization() AND m.operation_id = %(operation_id)s
              AND m.status IN ('queued', 'sending')
            ORDER BY m.id FOR UPDATE OF m
        ), changed AS (
            UPDATE messages m SET
                status = CASE WHEN e.known IS NULL THEN 'unknown' ELSE 'failed' END,
                error_code = CASE WHEN e.known IS NULL THEN 'unknown_outcome'
                    WHEN e.known = 'cancelled' THEN 'cancelled' ELSE e.error_code END,
                error = CASE WHEN e.known IS NULL THEN %(lost)s WHEN e.known = 'cancelled' THEN %(cancelled)s
                    ELSE coalesce(e.error, m.error, 'It could not be sent.') END,
                updated_at = now()
            FROM ended e WHERE m.organization_id = e.organization_id AND m.id = e.id
            RETURNING m.id, m.status, m.error
        )
        INSERT INTO message_events (organization_id, message_id, status, detail)
        SELECT current_organization(), id, status, error FROM changed ORDER BY id
        """,
        {"operation_id": operation_id, "stage": stage, "lost": _LOST, "cancelled": _CANCELLED},
    ).rowcount


def release_unknown(conn: Connection, *, operation_id: int, detail: str) -> int:
    """Messages of unknown outcome whose items are pending again may be sent again; returns how many."""
    return conn.execute(
        """
        WITH changed AS (
            UPDATE messages m SET status = 'queued', error_code = NULL, error = NULL, updated_at = now()
            FROM operation_items i
            WHERE m.organization_id = current_organization() AND m.operation_id = %(operation_id)s
              AND m.status = 'unknown' AND i.organization_id = m.organization_id AND i.operation_id = m.operation_id
              AND i.position = m.position AND i.status = 'pending'
            RETURNING m.id
        )
        INSERT INTO message_events (organization_id, message_id, status, detail)
        SELECT current_organization(), id, 'queued', %(detail)s FROM changed ORDER BY id
        """,
        {"operation_id": operation_id, "detail": detail},
    ).rowcount


def lock_unknown(conn: Connection, *, operation_id: int, message_id: int | None) -> dict[int, int | None]:
    """The messages of unknown outcome of an operation, or that one of them, locked; each with its position."""
    rows = conn.execute(
        """
        SELECT id, position FROM messages
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND status = 'unknown'
          AND (%(message_id)s::bigint IS NULL OR id = %(message_id)s)
        ORDER BY id FOR UPDATE
        """,
        {"operation_id": operation_id, "message_id": message_id},
    ).fetchall()
    return {row["id"]: row["position"] for row in rows}


def mark_sent(conn: Connection, *, message_ids: Sequence[int], detail: str) -> None:
    """A person knows that these have arrived; one that got no id of a provider is known by its own."""
    conn.execute(
        """
        WITH changed AS (
            UPDATE messages SET status = 'sent', provider_id = coalesce(provider_id, mail_id), error_code = NULL,
                error = NULL, sent_at = coalesce(sent_at, handed_at, now()), updated_at = now()
            WHERE organization_id = current_organization() AND id = ANY (%(ids)s)
            RETURNING id
        )
        INSERT INTO message_events (organization_id, message_id, status, detail)
        SELECT current_organization(), id, 'sent', %(detail)s FROM changed ORDER BY id
        """,
        {"ids": list(message_ids), "detail": detail},
    )
