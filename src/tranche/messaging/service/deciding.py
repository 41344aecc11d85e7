"""Messages whose outcome is open: settled when a worker is lost or the sending ends, then decided by a person."""

from collections.abc import Sequence

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations import deciding
from tranche.kernel.operations.service import Operations
from tranche.messaging.domain import NothingInDoubt
from tranche.messaging.queries import settling
from tranche.messaging.service.outbox import get_message


def lose(conn: Connection, *, operation_id: int, positions: Sequence[int]) -> int:
    """What a lost worker had in hand at these positions of an operation becomes unknown; returns how many."""
    return settling.lose(conn, operation_id=operation_id, positions=positions)


def settle_open(conn: Connection, *, operation_id: int, stage: str) -> int:
    """What an ended operation left waiting or in mid-air ends as its items of the stage did; returns how many."""
    return settling.settle_open(conn, operation_id=operation_id, stage=stage)


def release_unknown(conn: Connection, *, operation_id: int, by: str = "") -> int:
    """Messages in doubt whose items are pending again may be sent again; only a person may want that."""
    detail = f"To be sent again, by {by}." if by else "To be sent again."
    return settling.release_unknown(conn, operation_id=operation_id, detail=detail)


def mark_sent(conn: Connection, ctx: Context, *, operation_id: int, message_id: int | None = None) -> int:
    """A person knows that the messages in doubt of an ended operation, or that one of them, have arrived.

    Their items count as done from then on. Returns how many they were.

    Raises:
        NothingInDoubt
        OperationNotFound, WrongState: the operation still runs.
    """
    operation = deciding.lock_ended(conn, operation_id=operation_id)
    found = _lock(conn, operation_id=operation_id, message_id=message_id)
    settling.mark_sent(conn, message_ids=list(found), detail=f"Marked as sent by {ctx.user_name}.")
    positions = [position for position in found.values() if position is not None]
    deciding.settle_unknown(conn, ctx, operation=operation, positions=positions)
    detail = {"messages": len(found), "message": message_id}
    audit.record(conn, ctx, action="message.mark_sent", subject_id=operation_id, detail=detail)
    return len(found)


def send_again(
    conn: Connection, ctx: Context, operations: Operations, *, operation_id: int, message_id: int | None = None
) -> int:
    """Messages in doubt of an ended operation, or that one of them, go out once more, though they may have arrived.

    Returns how many they are.

    Raises:
        NothingInDoubt
        OperationNotFound, WrongState: the operation still runs.
    """
    deciding.lock_ended(conn, operation_id=operation_id)
    found = _lock(conn, operation_id=operation_id, message_id=message_id)
    positions = [position for position in found.values() if position is not None]
    operations.retry(conn, ctx, operation_id=operation_id, code=None, positions=positions)
    release_unknown(conn, operation_id=operation_id, by=ctx.user_name)
    detail = {"messages": len(found), "message": message_id}
    audit.record(conn, ctx, action="message.send_again", subject_id=operation_id, detail=detail)
    return len(found)


def find_sending(conn: Connection, *, message_id: int) -> int:
    """The operation that sends a message.

    Raises:
        MessageNotFound, NothingInDoubt: no operation sends it.
    """
    operation_id = get_message(conn, message_id=message_id).operation_id
    if operation_id is None:
        raise NothingInDoubt("This message belongs to no sending.")
    return operation_id


def _lock(conn: Connection, *, operation_id: int, message_id: int | None) -> dict[int, int | None]:
    found = settling.lock_unknown(conn, operation_id=operation_id, message_id=message_id)
    if not found:
        raise NothingInDoubt("This message is not in doubt." if message_id else "No message of it is in doubt.")
    return found
