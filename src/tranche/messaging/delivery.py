"""Sending messages from the outbox, with no transaction open while the provider is spoken to."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import TrancheError
from tranche.kernel.faults import describe
from tranche.kernel.notify.domain import Outcome, in_doubt, refused
from tranche.kernel.notify.mail import MailFile
from tranche.kernel.secrets import SecretBox
from tranche.kernel.storage.domain import Files
from tranche.messaging import service
from tranche.messaging.channels.carrier import Carrier, Letter
from tranche.messaging.channels.opening import Account, Surroundings, open_carrier
from tranche.messaging.domain import Channel, Draft, Message, Provider, State
from tranche.messaging.queries.channels import Turns

log = structlog.get_logger(__name__)

IDLE_SECONDS: Final = 8.0  # servers hang up on connections that say nothing
ACCEPTED: Final = frozenset({State.SENT, State.DELIVERED, State.READ})
_MOST_IDLE: Final = 16
_IN_DOUBT: Final = "A fault of ours ended the sending in the middle; the message may have arrived."


@dataclass(slots=True)
class _Opened:
    carrier: Carrier
    version: int
    used_at: float = field(default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A group of messages that are written down; `taken` are marked as being handed over, and have their turns."""

    messages: tuple[Message, ...]
    taken: tuple[Message, ...]
    account: Account
    version: int
    turns: Turns


@dataclass(slots=True)
class _Turn:
    """How far the handing over of a group is: by message, what is under way (by Message-ID) and how it ended."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)

    def follow(self, letters: Iterator[tuple[int, Letter]]) -> Iterator[Letter]:
        """The letters, each under way once it is asked for."""
        for message_id, letter in letters:
            self.under_way[letter.mail_id] = message_id
            yield letter

    def note(self, letter: Letter, outcome: Outcome) -> None:
        """One has ended."""
        self.outcomes[self.under_way.pop(letter.mail_id)] = outcome


class Delivery:
    """Sends messages for one process; safe for threads, each of which has a carrier for itself while it sends."""

    def __init__(self, files: Files, box: SecretBox, around: Surroundings, *, public_url: str | None = None) -> None:
        """`public_url` is where providers reach this installation with their callbacks."""
        self._files = files
        self._box = box
        self._around = around
        self._public_url = (public_url or "").rstrip("/")
        self._idle: dict[tuple[int, Channel], list[_Opened]] = {}
        self._lock = threading.Lock()

    @property
    def domain(self) -> str:
        """What stands behind the @ of our Message-IDs."""
        return self._around.sender.domain

    def prepare(self, conn: Connection, *, drafts: Sequence[Draft]) -> Ready:
        """Write messages of one channel down and mark those that can go, for a caller with a lease on them.

        That lease, safe on the disk, is what tells a crash, and the record that the caller makes of the outcomes comes
        after: so this transaction, which is to be committed before `hand_over`, does not wait for the disk.

        Raises:
            SealedElsewhere: the channel's secrets were sealed by another installation's key.
        """
        service.commit_lightly(conn)
        found = service.queue(conn, drafts=drafts, domain=self.domain)
        account, version = service.open_account(
            conn, self._box, organization_id=found[0].organization_id, channel=found[0].channel
        )
        waiting = [one for one in found if one.status in service.SENDABLE]
        turns = service.take_turns(conn, channel=account.channel, count=len(waiting))
        taken = service.take(conn, messages=waiting[: turns.count], provider=account.provider)
        return Ready(messages=tuple(found), taken=tuple(taken), account=account, version=version, turns=turns)

    def hand_over(self, ready: Ready, *, is_over: Callable[[], bool]) -> list[service.Attempt]:
        """Send what was taken, with no transaction open; once `is_over`, no other is begun than the first."""
        began = time.monotonic()
        outcomes = self._send_all(ready, began=began, is_over=is_over) if ready.taken else {}
        taken = {one.id: one for one in ready.taken}
        return [
            service.Attempt(
                message=taken.get(one.id, one),
                outcome=outcomes.get(one.id),
                put_off=one.status in service.SENDABLE and one.id not in outcomes,
            )
            for one in ready.messages
        ]

    def test(self, account: Account, letter: Letter) -> Outcome:
        """Send a letter that no outbox knows, to see whether a channel works."""
        carrier = open_carrier(account, self._around)
        try:
            return carrier.send(letter)
        finally:
            carrier.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            opened = [one for found in self._idle.values() for one in found]
            self._idle.clear()
        for one in opened:
            one.carrier.close()

    def _send_all(self, ready: Ready, *, began: float, is_over: Callable[[], bool]) -> dict[int, Outcome]:
        try:
            opened = self._borrow(ready.account, ready.version)
        except TrancheError as error:
            return {one.id: refused(error.error_code, error.message) for one in ready.taken}
        turn = _Turn()
        letters = turn.follow(self._write_all(ready, turn, began=began, is_over=is_over))
        try:
            opened.carrier.send_all(letters, turn.note)
        except Exception as error:  # noqa: BLE001  # a fault of ours: what had begun may have arrived, the rest had not
            log.warning("carrier.failed", provider=ready.account.provider, **describe(error))
            _close([opened])
            return turn.outcomes | dict.fromkeys(turn.under_way.values(), in_doubt(_IN_DOUBT))
        self._give_back(ready.account, opened)
        return turn.outcomes

    def _write_all(
        self, ready: Ready, turn: "_Turn", *, began: float, is_over: Callable[[], bool]
    ) -> Iterator[tuple[int, Letter]]:
        for place, message in enumerate(ready.taken):
            if place and is_over():
                return
            time.sleep(max(0.0, began + ready.turns.wait + place * ready.turns.gap - time.monotonic()))
            try:
                yield message.id, self._letter(ready.account, message)
            except TrancheError as error:
                turn.outcomes[message.id] = refused(error.error_code, error.message)

    def _letter(self, account: Account, message: Message) -> Letter:
        callback = f"{self._public_url}/api/message-callbacks/{message.organization_id}/{message.channel}"
        return Letter(
            mail_id=message.mail_id,
            address=message.address,
            recipient=message.recipient,
            subject=message.subject,
            body=message.body,
            written_at=datetime.now(UTC),
            files=tuple(
                MailFile(name=one.name, media_type=one.media_type, content=self._content(message, one.sha256))
                for one in message.attachments
            ),
            callback_url=callback if self._public_url and account.provider is Provider.TWILIO else None,
        )

    def _content(self, message: Message, sha256: bytes) -> bytes:
        with self._files.open(message.organization_id, sha256) as file:
            return file.read()

    def _borrow(self, account: Account, version: int) -> _Opened:
        """A carrier of these very settings that spoke a moment ago, else a new one."""
        now, stale = time.monotonic(), []
        found: _Opened | None = None
        with self._lock:
            idle = self._idle.get((account.organization_id, account.channel), [])
            while idle and found is None:
                one = idle.pop()
                if one.version == version and now - one.used_at < IDLE_SECONDS:
                    found = one
                else:
                    stale.append(one)
        _close(stale)
        return found or _Opened(carrier=open_carrier(account, self._around), version=version)

    def _give_back(self, account: Account, opened: _Opened) -> None:
        opened.used_at = time.monotonic()
        with self._lock:
            idle = self._idle.setdefault((account.organization_id, account.channel), [])
            if len(idle) < _MOST_IDLE:
                idle.append(opened)
                return
        _close([opened])


def _close(opened: list[_Opened]) -> None:
    for one in opened:
        with suppress(OSError):
            one.carrier.close()
