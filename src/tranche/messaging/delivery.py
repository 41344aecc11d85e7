"""Sending one message from the outbox, with no transaction open while the provider is spoken to."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.notify.domain import Outcome, again, refused
from tranche.kernel.notify.mail import MailFile
from tranche.kernel.secrets import SecretBox
from tranche.kernel.storage.domain import Files
from tranche.messaging import service
from tranche.messaging.channels.carrier import Carrier, Letter
from tranche.messaging.channels.opening import Account, Surroundings, open_carrier
from tranche.messaging.domain import Channel, Draft, Message, Provider, State

IDLE_SECONDS: Final = 8.0  # servers hang up on connections that say nothing
MOST_WAIT: Final = 5.0
ACCEPTED: Final = frozenset({State.SENT, State.DELIVERED, State.READ})
_MOST_IDLE: Final = 16


@dataclass(slots=True)
class _Opened:
    carrier: Carrier
    version: int
    used_at: float = field(default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A message that is marked as being sent, unless its turn is too far ahead."""

    account: Account
    version: int
    message: Message
    wait: float


class Delivery:
    """Sends messages for one process; safe for threads, each of which has a carrier for itself while it sends."""

    def __init__(
        self, database: Database, files: Files, box: SecretBox, around: Surroundings, *, public_url: str | None = None
    ) -> None:
        """`public_url` is where providers reach this installation with their callbacks."""
        self._db = database
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

    def send(self, organization_id: int, message_id: int, *, may_repeat: bool) -> Outcome:
        """Send one message. `may_repeat` says that somebody will try again what is passing.

        Raises:
            CannotSend: it was accepted already, or nobody knows whether it was.
            Unavailable: the database is away.
        """
        with self._db.transaction(organization_id) as conn:
            ready = self._take(conn, service.get_message(conn, message_id=message_id))
        return self._hand_over(ready, may_repeat=may_repeat, is_leased=False)

    def send_draft(
        self, organization_id: int, write: Callable[[Connection], Draft], *, may_repeat: bool
    ) -> tuple[Message, Outcome | None]:
        """Write a message down and send it, for a caller whose own lease on it is safe on the disk already.

        That lease is what tells a crash, and the record that the caller makes afterwards carries ours onto the disk, so
        the two transactions here do not wait for it. There is no outcome where the message was accepted before.

        Raises:
            CannotSend: nobody knows whether it was accepted.
            Unavailable: the database is away.
        """
        with self._db.transaction(organization_id) as conn:
            service.commit_lightly(conn)
            message = service.queue(conn, draft=write(conn), domain=self.domain)
            if message.status in ACCEPTED:
                return message, None
            ready = self._take(conn, message)
        return message, self._hand_over(ready, may_repeat=may_repeat, is_leased=True)

    def _take(self, conn: Connection, message: Message) -> "_Ready":
        account, version = service.open_account(
            conn, self._box, organization_id=message.organization_id, channel=message.channel
        )
        wait = service.wait_for_turn(conn, channel=message.channel)
        if wait <= MOST_WAIT:
            message = service.take(conn, message_id=message.id, provider=account.provider)
        return _Ready(account=account, version=version, message=message, wait=wait)

    def _hand_over(self, ready: "_Ready", *, may_repeat: bool, is_leased: bool) -> Outcome:
        if ready.wait > MOST_WAIT:
            return again("rate", "The channel's rate is used up for the moment.", retry_after=ready.wait)
        time.sleep(ready.wait)
        outcome = self._attempt(ready.account, ready.version, ready.message)
        with self._db.transaction(ready.message.organization_id) as conn:
            if is_leased:
                service.commit_lightly(conn)
            service.note_outcome(conn, message=ready.message, outcome=outcome, may_repeat=may_repeat)
        return outcome

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

    def _attempt(self, account: Account, version: int, message: Message) -> Outcome:
        try:
            letter = self._letter(account, message)
            opened = self._borrow(account, version)
        except TrancheError as error:
            return refused(error.error_code, error.message)
        outcome = opened.carrier.send(letter)
        self._give_back(account, opened)
        return outcome

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
