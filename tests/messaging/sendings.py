"""Sendings without an engine: an operation with its items as a test wants them, and their messages."""

from typing import Any

from tests.messaging.house import House
from tranche.messaging.domain import Message

_END = "CASE WHEN %(status)s = 'processing' THEN NULL ELSE now() END"


def make_sending(house: House, *, status: str = "completed", items: list[tuple[str, str | None]]) -> list[Message]:
    """An operation of that status, and for each item, a status and an error, a queued message at its position."""
    with house.transaction() as conn:
        (row,) = conn.execute(
            f"""
            INSERT INTO operations (organization_id, uuid, kind, phase, status, total, payload, created_by, started_at,
                finished_at)
            VALUES (current_organization(), gen_random_uuid(), 'invoice_notices', 'send', %(status)s, %(total)s, '{{}}',
                %(user)s, now(), {_END})
            RETURNING id
            """.encode(),
            {"status": status, "total": len(items), "user": house.context.user_id},
        ).fetchall()
        for position, (state, error) in enumerate(items, start=1):
            conn.execute(
                """
                INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, status,
                    error_code, error)
                VALUES (current_organization(), %(operation)s, %(position)s, 'send', 1, %(state)s, %(error)s, %(error)s)
                """,
                {"operation": row["id"], "position": position, "state": state, "error": error},
            )
    return [house.queue(operation_id=row["id"], position=position) for position in range(1, len(items) + 1)]


def operation_of(house: House, message: Message) -> dict[str, Any]:
    """The operation of a message."""
    with house.transaction() as conn:
        (row,) = conn.execute(
            "SELECT status, succeeded, unknown FROM operations WHERE id = %(id)s", {"id": message.operation_id}
        ).fetchall()
    return row


def item_of(house: House, message: Message) -> str:
    """The state of a message's item."""
    with house.transaction() as conn:
        (row,) = conn.execute(
            "SELECT status FROM operation_items WHERE operation_id = %(id)s AND position = %(position)s",
            {"id": message.operation_id, "position": message.position},
        ).fetchall()
    return str(row["status"])
