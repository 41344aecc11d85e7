"""A house that sends messages: channels set up, messages queued and sent, callbacks taken in."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.keeping import keep
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.mail import Sender
from tranche.kernel.secrets import SecretBox
from tranche.kernel.storage.local import LocalFiles
from tranche.messaging import service
from tranche.messaging.channels.opening import Surroundings
from tranche.messaging.checks import CHECKS
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import Attachment, Channel, ChannelSettings, Draft, Message, Provider, State

PUBLIC = "https://tranche.acme.test"
ADDRESSES = {Channel.EMAIL: "ben@example.test", Channel.SMS: "+4930123456", Channel.WHATSAPP: "+4930123456"}


@dataclass
class House:
    """What a test of messages needs."""

    database: Database
    owner: Connection
    context: Context
    home: Path

    def __post_init__(self) -> None:
        self.box = SecretBox(b"k" * 32)
        self.files = LocalFiles(self.home / "files")
        self.around = Surroundings(
            home=self.home,
            sender=Sender("noreply@acme.test", "Acme"),
            allow_private=True,
            mail_seconds=1,
            post_seconds=10,
        )
        self.delivery = Delivery(self.files, self.box, self.around, public_url=PUBLIC)
        self._number = 0
        self._drafts: dict[int, Draft] = {}

    def transaction(self) -> AbstractContextManager[Connection]:
        return self.database.transaction(self.context.organization_id)

    def set_up(
        self,
        channel: Channel,
        provider: Provider,
        *,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        rate: float | None = None,
    ) -> ChannelSettings:
        with self.transaction() as conn:
            return service.change_channel(
                conn,
                self.context,
                self.box,
                self.around,
                channel=channel,
                provider=provider,
                settings=settings,
                secrets=secrets,
                rate_per_second=rate,
            )

    def by_mail(self, port: int, **more: Any) -> None:
        settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from": "Acme <pay@acme.test>"}
        self.set_up(Channel.EMAIL, Provider.SMTP, settings=settings, secrets={"callback_secret": SECRET}, **more)

    def attach(self, content: bytes = b"%PDF-1.7 invoice") -> Attachment:
        with self.transaction() as conn:
            stored = keep(conn, self.files, self.context.organization_id, content)
        assert stored.sha256 == hashlib.sha256(content).digest()
        return Attachment(sha256=stored.sha256, name="INV-1.pdf")

    def queue(self, channel: Channel = Channel.EMAIL, **changes: Any) -> Message:
        self._number += 1
        facts: dict[str, Any] = {
            "key": f"test:{self._number}",
            "channel": channel,
            "address": ADDRESSES[channel],
            "recipient": "Ben",
            "subject": "Invoice 1",
            "body": "Here it is.\n",
        }
        draft = Draft(**(facts | changes))
        with self.transaction() as conn:
            (message,) = service.queue(conn, drafts=[draft], domain=self.delivery.domain)
        self._drafts[message.id] = draft
        return message

    def attempt(
        self, *messages: Message, may_repeat: bool = False, is_over: Callable[[], bool] = lambda: False
    ) -> list[service.Attempt]:
        drafts = [self._drafts[message.id] for message in messages]
        with self.transaction() as conn:
            ready = self.delivery.prepare(conn, drafts=drafts)
        attempts = self.delivery.hand_over(ready, is_over=is_over)
        with self.transaction() as conn:
            service.note_outcomes(conn, attempts=attempts, may_repeat=lambda _: may_repeat)
        return attempts

    def send(self, message: Message, *, may_repeat: bool = False) -> Outcome:
        (attempt,) = self.attempt(message, may_repeat=may_repeat)
        assert attempt.outcome is not None
        return attempt.outcome

    def look(self, message: Message) -> Message:
        with self.transaction() as conn:
            return service.get_message(conn, message_id=message.id)

    def call_back(
        self, channel: Channel, *, body: bytes, headers: Mapping[str, str], url: str = "", organization_id: int = 0
    ) -> int:
        organization_id = organization_id or self.context.organization_id
        with self.database.transaction(organization_id) as conn:
            return service.receive(
                conn, self.box, organization_id=organization_id, channel=channel, url=url, body=body, headers=headers
            )

    def is_suppressed(self, channel: Channel = Channel.EMAIL) -> bool:
        return bool(self.reason_of_suppression(channel))

    def reason_of_suppression(self, channel: Channel = Channel.EMAIL) -> str:
        """Empty where there is none."""
        with self.transaction() as conn:
            found = service.find_suppression(conn, channel=channel, address=ADDRESSES[channel])
        return found.reason if found else ""

    def stands(self, message: Message) -> State:
        return self.look(message).status

    def is_sound(self) -> bool:
        for check in CHECKS:
            assert self.owner.execute(check.sql.encode()).fetchall() == []
        return True


SECRET = "whsec_" + "c2VjcmV0" * 4
