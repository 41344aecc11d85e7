"""Messages on their way out, a group at a time: written down once for their keys, taken, their outcomes noted."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tranche.kernel.db.pool import Connection
from tranche.kernel.notify.domain import Outcome
from tranche.messaging.domain import Channel, Draft, Message, State
from tranche.messaging.queries import channels, sending, suppressions
from tranche.messaging.queries.channels import Turns
from tranche.messaging.queries.sending import Note
from tranche.messaging.service.callbacks import apply

SENDABLE: Final = frozenset({State.QUEUED, State.FAILED})
# RFC 5321 and 3463: the mailbox itself is at fault; the same mail would be refused again and again.
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of a message of a group.

    Without outcome nothing was handed over: it is `put_off`, or its state says that it was accepted before, or that
    nobody knows whether it was.
    """

    message: Message
    outcome: Outcome | None = None
    put_off: bool = False


def queue(conn: Connection, *, drafts: Sequence[Draft], domain: str) -> list[Message]:
    """The messages of these keys: made, or found. One that no provider ever accepted gets the words of now.

    `domain` stands in the Message-ID, which follows from the key and stays the same however often it is tried.
    """
    marked = [(draft, f"<{hashlib.sha256(draft.key.encode()).hexdigest()[:32]}@{domain}>") for draft in drafts]
    found = sending.insert_drafts(conn, drafts=marked) if marked else {}
    return [found[draft.key] for draft in drafts]


def commit_lightly(conn: Connection) -> None:
    """For transactions between a lease and a record that are both safe on the disk; see Delivery.prepare."""
    sending.commit_lightly(conn)


def take_turns(conn: Connection, *, channel: Channel, count: int) -> Turns:
    """Take up to `count` turns of the channel's rate, those that come soon; all at once where no rate is set."""
    return channels.take_turns(conn, channel=channel, count=count)


def take(conn: Connection, *, messages: Sequence[Message], provider: str) -> list[Message]:
    """Mark messages as being handed over, in a transaction that is committed before anything is sent.

    Those that somebody else has taken meanwhile are left out.
    """
    attempts = sending.take(conn, message_ids=[one.id for one in messages], provider=provider)
    return [
        replace(one, status=State.SENDING, provider=provider, attempts=attempts[one.id])
        for one in messages
        if one.id in attempts
    ]


def note_outcomes(conn: Connection, *, attempts: Sequence[Attempt], may_repeat: Callable[[Message], bool]) -> None:
    """Record how attempts ended; an address that does not exist goes onto the suppression list with its reason.

    `may_repeat` says whether somebody will try again what is passing. What providers told meanwhile is taken up.
    """
    notes = [_note(one.message, one.outcome, may_repeat=may_repeat(one.message)) for one in attempts if one.outcome]
    put_off = {one.message.id: one.message.attempts for one in attempts if one.put_off}
    if put_off:
        sending.put_back(conn, taken=put_off)
    if not notes:
        return
    for channel in sorted({one.message.channel for one in attempts}):
        sending.hold_callbacks(conn, channel=channel)
    accepted = sending.note_outcomes(conn, notes=notes)
    dead = _list_dead(attempts, {one.message_id for one in notes if one.status is State.FAILED})
    if dead:
        suppressions.insert_dead(conn, reasons=dead)
    known: dict[Channel, list[str]] = {}
    for row in accepted:
        known.setdefault(Channel(row["channel"]), []).append(row["provider_id"])
    for channel, provider_ids in sorted(known.items()):
        for event in sending.take_early(conn, channel=channel, provider_ids=provider_ids):
            apply(conn, channel, event)


def _note(message: Message, outcome: Outcome, *, may_repeat: bool) -> Note:
    return Note(
        message_id=message.id,
        attempts=message.attempts,
        status=_state(outcome, may_repeat=may_repeat),
        provider_id=outcome.provider_id,
        error_code=outcome.error_code,
        error=outcome.error,
    )


def _list_dead(attempts: Sequence[Attempt], failed: set[int]) -> Mapping[int, str]:
    return {
        one.message.id: one.outcome.error or "refused"
        for one in attempts
        if one.outcome and one.message.id in failed and _is_dead(one.message.channel, one.outcome)
    }


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
