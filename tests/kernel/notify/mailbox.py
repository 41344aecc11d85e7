"""A local SMTP server that keeps what it is sent, and answers as a test wants."""

import email
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ports import free_port


@dataclass
class Mailbox:
    """`rcpt` and `data` are the answers to those commands; `peers` has one entry for each connection."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = "250 2.0.0 Ok: queued as 4F2A"
    mails: list[EmailMessage] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)

    @property
    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802  # the name is the library's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        content = cast("bytes", envelope.content)
        self.mails.append(email.message_from_bytes(content, policy=default))
        self.peers.add(session.peer)
        return self.data


@contextmanager
def mailbox(kind: type[Mailbox] = Mailbox) -> Iterator[Mailbox]:
    found = kind(port=free_port())
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


@contextmanager
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in taken:
            one.close()
