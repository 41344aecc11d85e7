"""A mail as it goes out, and the two ways in which it goes: a folder, or an SMTP server."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final, Protocol

from tranche.kernel.errors import Invalid
from tranche.kernel.notify.domain import Outcome, again, check_mail, refused, sent
from tranche.kernel.notify.mime import write_file, write_header, write_mailbox, write_parts, write_text

FOLDER: Final = "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file that goes along with a mail; `media_type` is such as application/pdf."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person; `message_id` stays the same however often it is tried."""

    message_id: str
    address: str
    name: str
    subject: str
    text: str
    written_at: datetime
    files: tuple[MailFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who our mails are from."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the @, for the Message-ID."""
        return self.address.rpartition("@")[2]


class Mailer(Protocol):
    """One way to send mails, used by one thread."""

    def send(self, mail: Mail) -> Outcome:
        """Hand one mail over; every fault is an outcome."""

    def close(self) -> None:
        """There is nothing more to send for now."""


def read_sender(text: str) -> Sender:
    """The sender from a setting such as `Acme <noreply@acme.example>`.

    Raises:
        Invalid: there is no address in it.
    """
    name, address = parseaddr(text)
    try:
        check_mail(address=address, name=name, subject="")
    except Invalid as error:
        raise Invalid(
            "TRANCHE_MAIL_FROM must be an address such as noreply@acme.example or Acme <noreply@acme.example>.",
            code="setting",
        ) from error
    return Sender(address=address, name=name)


def compose(mail: Mail, *, sender: Sender) -> bytes:
    """The mail as bytes, lines ended by CR LF.

    Raises:
        Invalid: an address, a name or the subject cannot stand in a mail's head.
    """
    check_mail(address=mail.address, name=mail.name, subject=mail.subject)
    policy = SMTP if mail.address.isascii() else SMTPUTF8
    try:
        head = [
            write_mailbox(policy, "From", display=sender.name, address=sender.address),
            write_mailbox(policy, "To", display=mail.name, address=mail.address),
            write_header("Subject", mail.subject),
            write_header("Date", format_datetime(mail.written_at)),
            write_header("Message-ID", mail.message_id),
            b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
        ]
        files = [
            write_file(policy, name=one.name, media_type=one.media_type, content=one.content) for one in mail.files
        ]
        parts = [write_text(mail.text), *files]
    except (MessageError, ValueError, IndexError) as error:
        raise Invalid("The address cannot stand in a mail's head.", code="address") from error
    body = parts[0] if len(parts) == 1 else write_parts(parts, seed=mail.message_id.encode())
    return b"".join((*head, body))


class Folder:
    """Writes mails as .eml files, for installations without an SMTP server."""

    def __init__(self, folder: Path, *, sender: Sender) -> None:
        """`folder` is made when the first mail comes."""
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail) -> Outcome:
        """See Mailer. The whole file or none, also after a power cut."""
        try:
            content = compose(mail, sender=self._sender)
        except Invalid as error:
            return refused(error.error_code, error.message)
        name = mail.message_id.strip("<>").partition("@")[0] + ".eml"
        try:
            _write(self._folder / name, content)
        except OSError as error:
            return again("storage_full", f"The outbox folder cannot be written ({error.strerror}).")
        return sent(f"{FOLDER}/{name}")

    def close(self) -> None:
        """See Mailer."""


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(handle)
        scratch.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        scratch.unlink(missing_ok=True)
