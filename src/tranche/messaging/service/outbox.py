"""The outbox: a message is queued once for its key, taken to be sent, and its outcome noted."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.notify.domain import Outcome
from tranche.messaging.domain import CannotSend, Channel, Draft, Message, MessageNotFound, State
from tranche.messaging.queries import channels, messages, suppressions

_MOST_EVENTS: Final = 1_000
# RFC 5321 and 3463: the mailbox itself is at fault; the same mail would be refused again and again.
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_UNREACHABLE: Final = "unreachable"


def queue(conn: Connection, *, draft: Draft, domain: str) -> Message:
    """The message of this key: made, or found. One that no provider ever accepted gets the words of now.

    `domain` stands in its Message-ID, which follows from the key and stays the same however often it is tried.
    """
    mark = hashlib.sha256(draft.key.encode()).hexdigest()[:32]
    message = messages.insert_message(conn, draft=draft, mail_id=f"<{mark}@{domain}>")
    if message.attempts and message.status in {State.QUEUED, State.FAILED}:
        messages.rewrite_message(conn, message_id=message.id, draft=draft)
        return get_message(conn, message_id=message.id)
    return message


def commit_lightly(conn: Connection) -> None:
    """For transactions between a lease and a record that are both safe on the disk; see Delivery.send_draft."""
    messages.commit_lightly(conn)


def take(conn: Connection, *, message_id: int, provider: str) -> Message:
    """Mark a message as being sent, in a transaction that is committed before anything is sent.

    Raises:
        MessageNotFound
        CannotSend: it was accepted already, or nobody knows whether it was.
    """
    message = messages.lock_message(conn, message_id=message_id)
    if message is None:
        raise MessageNotFound("There is no such message.")
    if message.status not in {State.QUEUED, State.FAILED}:
        raise CannotSend(f"Message {message_id} is {message.status}; it is not sent again by itself.")
    messages.mark_sending(conn, message_id=message_id, provider=provider)
    return message


def note_outcome(conn: Connection, *, message: Message, outcome: Outcome, may_repeat: bool) -> State:
    """Record how an attempt ended; an address that does not exist goes onto the suppression list with its reason."""
    state = _state(outcome, may_repeat=may_repeat)
    messages.set_state(
        conn,
        message_id=message.id,
        status=state,
        provider_id=outcome.provider_id,
        error_code=outcome.error_code,
        error=outcome.error,
    )
    messages.insert_event(conn, message_id=message.id, status=state, detail=outcome.error or "")
    if state is State.FAILED and _is_dead(message.channel, outcome):
        suppressions.insert_suppression(
            conn,
            channel=message.channel,
            address=message.address,
            reason=outcome.error or "refused",
            message_id=message.id,
            user_id=None,
        )
    return state


def wait_for_turn(conn: Connection, *, channel: Channel) -> float:
    """Take the channel's next turn; returns how many seconds to wait for it."""
    return channels.take_turn(conn, channel=channel)


def settle_sending(conn: Connection, *, operation_id: int) -> int:
    """The messages that an ended operation left in mid-air become unknown; returns how many."""
    return messages.settle_sending(conn, operation_id=operation_id)


def release_unknown(conn: Connection, *, operation_id: int) -> int:
    """An operation's messages of unknown outcome are queued again; only a person may want that. Returns how many."""
    return messages.release_unknown(conn, operation_id=operation_id)


def list_messages(
    conn: Connection,
    *,
    channel: str | None = None,
    status: str | None = None,
    operation_id: int | None = None,
    limit: int,
    offset: int,
) -> tuple[list[Message], int]:
    """A page of messages, newest first, and how many match."""
    found = messages.list_messages(
        conn, channel=channel, status=status, operation_id=operation_id, limit=limit, offset=offset
    )
    return found, messages.count_messages(conn, channel=channel, status=status, operation_id=operation_id)


def list_before(
    conn: Connection,
    *,
    channel: str | None,
    status: str | None,
    operation_id: int | None = None,
    before: int | None,
    limit: int,
) -> list[Message]:
    """The newest messages whose id is smaller than `before`, for pages that go on by a cursor."""
    return messages.list_messages(
        conn, channel=channel, status=status, operation_id=operation_id, before=before, limit=limit, offset=0
    )


def get_message(conn: Connection, *, message_id: int) -> Message:
    """One message.

    Raises:
        MessageNotFound
    """
    message = messages.find_message(conn, message_id=message_id)
    if message is None:
        raise MessageNotFound("There is no such message.")
    return message


def list_events(conn: Connection, *, message_id: int) -> list[Row]:
    """What happened to a message, oldest first."""
    return messages.list_events(conn, message_id=message_id, limit=_MOST_EVENTS)


def count_by_status(conn: Connection, *, operation_id: int | None = None) -> Mapping[State, int]:
    """How many messages stand in each state, of one operation or of all."""
    found = messages.count_by_status(conn, operation_id=operation_id)
    return {state: found.get(state, 0) for state in State}


def list_positions(conn: Connection, *, operation_id: int, states: Sequence[State]) -> list[int]:
    """The positions of an operation whose message stands in one of the states."""
    return messages.list_positions(conn, operation_id=operation_id, states=states)


def _state(outcome: Outcome, *, may_repeat: bool) -> State:
    if outcome.is_sent:
        return State.SENT
    if outcome.is_unknown:
        return State.UNKNOWN
    return State.QUEUED if may_repeat and not outcome.is_permanent else State.FAILED


def _is_dead(channel: Channel, outcome: Outcome) -> bool:
    if channel is Channel.EMAIL:
        return outcome.is_permanent and outcome.status_code in _NO_MAILBOX
    return outcome.error_code == _UNREACHABLE
