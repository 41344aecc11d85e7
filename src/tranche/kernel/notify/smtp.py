"""Mails by SMTP: one connection for a burst of mails, 20 s for each, faults told apart by whether they may pass."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
import uvloop

from tranche.kernel.errors import Invalid, TrancheError
from tranche.kernel.notify.addresses import Resolve, find_addresses, resolve_by_system
from tranche.kernel.notify.dialogue import Client
from tranche.kernel.notify.domain import Outcome, again, in_doubt, refused, sent
from tranche.kernel.notify.mail import Mail, Sender, compose

SEND_SECONDS: Final = 20.0

_CONNECT_SECONDS: Final = 10.0
_ACCEPTED: Final = range(200, 300)  # RFC 5321, 4.2.1: the first digit decides
_PERMANENT: Final = range(500, 600)
_AWAY: Final = 421
_LONGEST: Final = 300
_DOUBT: Final = "It had the whole mail by then, so that it may have arrived."
_EXAMPLE: Final = "smtp://user:password@mail.example.com:587?tls=starttls"

_T = TypeVar("_T")
_Error: TypeAlias = TimeoutError | TrancheError | aiosmtplib.SMTPException | OSError | ValueError


class Tls(StrEnum):
    """How the connection is encrypted; `auto` is STARTTLS where the server offers it."""

    AUTO = "auto"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mails are handed over."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read_server(url: str, *, password_file: Path | None = None) -> SmtpServer:
    """The server from a setting such as `smtp://user:password@host:587?tls=starttls`, or smtps://host.

    Raises:
        Invalid: it or the file cannot be read; the message never holds it, because it may hold a password.
    """
    try:
        parts = urlsplit(url)
        wanted = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        default = Tls.IMPLICIT if parts.scheme == "smtps" else Tls.AUTO
        tls = Tls(wanted.pop("tls", default))
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"smtp", "smtps"} or parts.path not in {"", "/"} or wanted:
        raise Invalid(f"TRANCHE_SMTP_URL must be an address such as {_EXAMPLE}.", code="setting")
    password = unquote(parts.password) if parts.password is not None else None
    if password_file is not None:
        password = _read_password(password_file)
    user = unquote(parts.username) if parts.username else None
    if user and tls is Tls.AUTO:
        tls = Tls.STARTTLS  # a password does not travel in the open unless tls=none says so
    return SmtpServer(host=host, port=port or _port(tls), tls=tls, user=user, password=password)


def _read_password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise Invalid(f"TRANCHE_SMTP_PASSWORD_FILE cannot be read: {path}: {why}.", code="setting") from error


class Smtp:
    """A Mailer by SMTP, with an event loop of its own; use it from one thread."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        sender: Sender,
        seconds: float = SEND_SECONDS,
        resolve: Resolve = resolve_by_system,
    ) -> None:
        """`seconds` is what one mail may take, connection included."""
        self._server = server
        self._sender = sender
        self._seconds = seconds
        self._resolve = resolve
        self._runner: asyncio.Runner | None = None
        self._idle: list[Client] = []

    def send(self, mail: Mail) -> Outcome:
        """See Mailer."""
        found: list[Outcome] = []
        self.send_all(iter([mail]), lambda _, outcome: found.append(outcome), lanes=1)
        return found[0]

    def send_all(self, mails: Iterator[Mail], note: Callable[[Mail, Outcome], None], *, lanes: int) -> None:
        """Hand mails over, at most `lanes` at once, each lane by a connection of its own that is kept open.

        A mail is asked for when a lane is free, and `note` is told how each ended.
        """
        self._run(self._fill(mails, note, lanes))

    def find_fault(self) -> str | None:
        """None when the server lets us in now, else why not; nothing is sent."""
        outcome = self._run(self._greet())
        return None if outcome.is_sent else outcome.error

    def close(self) -> None:
        """Say goodbye; the next mail connects anew."""
        if self._runner is None:
            return
        for client in self._idle:
            if client.is_connected:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    self._runner.run(client.quit(timeout=2))
            client.close()
        self._idle.clear()
        self._runner.close()
        self._runner = None

    def _run(self, act: Coroutine[Any, Any, _T]) -> _T:
        if self._runner is None:
            self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        return self._runner.run(act)

    async def _fill(self, mails: Iterator[Mail], note: Callable[[Mail, Outcome], None], lanes: int) -> None:
        async def work() -> None:
            for mail in mails:
                note(mail, await self._attempt(mail))

        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(work())

    async def _attempt(self, mail: Mail) -> Outcome:
        try:
            content = compose(mail, sender=self._sender)
        except Invalid as error:
            return refused(error.error_code, error.message)
        client = self._idle.pop() if self._idle else None
        if client is not None and not client.is_connected:
            client.close()
            client = None
        client = client or self._client()
        outcome = await self._hand_over(client, mail, content)
        if outcome.is_sent or outcome.status_code is not None:
            self._idle.append(client)
        else:
            client.close()  # nobody knows where in the dialogue the two are
        return outcome

    async def _hand_over(self, client: Client, mail: Mail, content: bytes) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                await self._connect(client)
                words = await client.hand_over(sender=self._sender.address, address=mail.address, content=content)
        except (TimeoutError, TrancheError, aiosmtplib.SMTPException, OSError, ValueError) as error:
            return self._judge(error, has_content=client.has_content)
        return sent(_plain(words) or mail.message_id, status_code=250)

    def _judge(self, error: _Error, *, has_content: bool) -> Outcome:
        """What a fault means for the mail: once the server has its content, nobody knows, unless it has answered."""
        if isinstance(error, aiosmtplib.SMTPDataError) and error.code in _ACCEPTED:
            return sent(_plain(error.message) or str(error.code), status_code=error.code)
        told = self._told(error)
        is_open = has_content and not isinstance(error, aiosmtplib.SMTPDataError)
        return in_doubt(f"{told.error} {_DOUBT}") if is_open else told

    async def _greet(self) -> Outcome:
        client = self._idle.pop() if self._idle else self._client()
        try:
            async with asyncio.timeout(self._seconds):
                await self._connect(client)
        except (TimeoutError, TrancheError, aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            return self._told(error)
        self._idle.append(client)
        return sent("")

    async def _connect(self, client: Client) -> None:
        if not client.is_connected:
            await client.connect(sock=await asyncio.to_thread(self._open))

    def _told(self, error: _Error) -> Outcome:
        if isinstance(error, TimeoutError):
            return again("timeout", f"The mail server did not answer within {self._seconds:g} s.")
        if isinstance(error, TrancheError):
            return again(error.error_code, error.message)
        return _fault(error)

    def _client(self) -> Client:
        server = self._server
        return Client(
            hostname=server.host,
            username=server.user,
            password=server.password,
            local_hostname=socket.gethostname(),
            timeout=self._seconds,
            use_tls=server.tls is Tls.IMPLICIT,
            start_tls={Tls.STARTTLS: True, Tls.AUTO: None}.get(server.tls, False),
        )

    def _open(self) -> socket.socket:
        """Connect to an address that was checked; the name stays for the certificate."""
        host, port = self._server.host, self._server.port
        fault: OSError = ConnectionError()
        ends = time.monotonic() + _CONNECT_SECONDS
        for address in find_addresses(host, port, allow_private=True, resolve=self._resolve):
            try:
                opened = socket.create_connection((address, port), timeout=max(0.1, ends - time.monotonic()))
            except OSError as error:
                fault = error
            else:
                opened.settimeout(0)
                return opened
        raise fault


def _port(tls: Tls) -> int:
    return {Tls.IMPLICIT: 465, Tls.STARTTLS: 587}.get(tls, 25)


def _answered(code: int, message: str) -> Outcome:
    text = f"The mail server answered {code}: {_plain(message)}"
    if code in _PERMANENT:
        return refused("refused", text, status_code=code)
    return again("deferred", text, status_code=None if code == _AWAY else code)


def _fault(error: aiosmtplib.SMTPException | OSError | ValueError) -> Outcome:
    """A fault of the one mail is final; one of the server, the network or the settings is not."""
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return _answered(error.code, error.message)
    if isinstance(error, aiosmtplib.SMTPException):
        return _unready(error)
    if isinstance(error, ssl.SSLError):  # before ValueError, of which a bad certificate is one too
        return again("tls", "The mail server's certificate or encryption cannot be accepted.")
    if isinstance(error, OSError):
        return again("connection", f"The mail server cannot be reached ({type(error).__name__}).")
    return refused("address", "The protocol of mail has no form for this address.")


def _unready(error: aiosmtplib.SMTPException) -> Outcome:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return again("login", "The mail server did not accept our user and password.")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return again("deferred", f"The mail server answered {error.code}: {_plain(error.message)}")
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return again("unsupported", f"The mail server cannot do what is needed: {_plain(error.message)}")
    return again("connection", "The connection to the mail server could not be made, or broke.")


def _plain(message: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in message).split())[:_LONGEST]
