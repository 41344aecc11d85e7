"""The outbox, looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tranche.kernel.db.listing import CAP
from tranche.kernel.db.pool import Connection, Row
from tranche.messaging.domain import Channel, Message, MessageNotFound, State
from tranche.messaging.queries import messages

_MOST_EVENTS: Final = 1_000


def get_message(conn: Connection, *, message_id: int) -> Message:
    """One message.

    Raises:
        MessageNotFound
    """
    message = messages.find_message(conn, message_id=message_id)
    if message is None:
        raise MessageNotFound.of(message_id)
    return message


def list_events(conn: Connection, *, message_id: int) -> list[Row]:
    """What happened to a message, oldest first."""
    return messages.list_events(conn, message_id=message_id, limit=_MOST_EVENTS)


def count_by_status(conn: Connection, *, operation_id: int | None = None) -> Mapping[State, int]:
    """How many messages stand in each state, of one operation or of all; of all, at most CAP + 1 in each."""
    found = messages.count_by_status(conn, operation_id=operation_id, cap=CAP)
    return {state: found.get(state, 0) for state in State}


def list_sent(
    conn: Connection, *, channel: Channel, places: Sequence[tuple[int, int]]
) -> Mapping[tuple[int, int], datetime]:
    """Of these operations and positions those whose message went out by the channel, each with the last time."""
    return messages.list_sent(conn, channel=channel, places=places)


def list_positions(conn: Connection, *, operation_id: int, states: Sequence[State]) -> list[int]:
    """The positions of an operation whose message stands in one of the states."""
    return messages.list_positions(conn, operation_id=operation_id, states=states)
