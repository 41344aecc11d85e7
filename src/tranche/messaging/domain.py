"""What a message is, how it may go from one state to the next, and the rules of addresses and templates; pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tranche.kernel.notify.domain import check_mail
from tranche.kernel.text import is_line, is_plain


class Channel(StrEnum):
    """By which way a customer is reached."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class Provider(StrEnum):
    """Who carries a channel's messages; `folder` is the local outbox folder."""

    FOLDER = "folder"
    SMTP = "smtp"
    TWILIO = "twilio"
    WHATSAPP_CLOUD = "whatsapp_cloud"
    HTTP = "http"


PROVIDERS: Final[Mapping[Channel, Sequence[Provider]]] = {
    Channel.EMAIL: (Provider.FOLDER, Provider.SMTP),
    Channel.SMS: (Provider.FOLDER, Provider.TWILIO, Provider.HTTP),
    Channel.WHATSAPP: (Provider.FOLDER, Provider.TWILIO, Provider.WHATSAPP_CLOUD),
}


class State(StrEnum):
    """Where a message stands; `unknown` may have arrived and is not sent again by itself."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNKNOWN = "unknown"


# What a provider may still tell of a message in a state; anything else came late or twice and changes nothing.
_NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.SENDING: frozenset({State.SENT, State.DELIVERED, State.READ, State.BOUNCED, State.FAILED}),
    State.UNKNOWN: frozenset({State.SENT, State.DELIVERED, State.READ, State.BOUNCED, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.READ, State.BOUNCED, State.FAILED}),
    State.DELIVERED: frozenset({State.READ, State.BOUNCED}),
}


class ChannelNotFound(NotFound):
    """Messages go by no such channel."""

    code = "channel_not_found"
    noun = "channel"


class TemplateNotFound(NotFound):
    """No such template in this organization."""

    code = "template_not_found"
    noun = "template"


class MessageNotFound(NotFound):
    """No such message in this organization."""

    code = "message_not_found"
    noun = "message"


class NothingInDoubt(Conflict):
    """There is no message of unknown outcome that a person could decide about."""

    code = "nothing_in_doubt"


class SuppressionNotFound(NotFound):
    """The address is not suppressed."""

    code = "suppression_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A kept file that goes along, by its hash."""

    sha256: bytes
    name: str
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that somebody wants sent; `key` says what it is about."""

    key: str
    channel: Channel
    address: str
    recipient: str
    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()
    customer_id: int | None = None
    operation_id: int | None = None
    position: int | None = None
    created_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as the outbox has it."""

    organization_id: int
    id: int
    key: str
    operation_id: int | None
    position: int | None
    channel: Channel
    provider: str
    customer_id: int | None
    recipient: str
    address: str
    subject: str
    body: str
    attachments: tuple[Attachment, ...]
    status: State
    attempts: int
    mail_id: str
    provider_id: str | None
    error_code: str | None
    error: str | None
    created_by: int | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with placeholders for one channel and language; `id` is None for those that come with the program."""

    name: str
    channel: Channel
    language: str
    subject: str
    body: str
    id: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """How a channel goes out; the secrets themselves are never part of it, only their names."""

    channel: Channel
    provider: Provider = Provider.FOLDER
    settings: dict[str, Any] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    rate_per_second: float | None = None
    version: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that nothing is sent to."""

    channel: Channel
    address: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a provider tells of one message; `key` is the same when it tells it twice."""

    provider_id: str
    status: State
    key: str
    detail: str = ""


LONGEST_SUBJECT: Final = 300
LONGEST_BODY: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
_PLACE: Final = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")


def may_become(state: State, wanted: State) -> bool:
    """Whether what is told of a message is news."""
    return wanted in _NEXT.get(state, frozenset())


def clean_address(channel: Channel, text: str) -> str:
    """The address in the form in which it is written to and compared.

    Raises:
        Invalid: it is no address of this channel.
    """
    if channel is Channel.EMAIL:
        address = text.strip()
        check_mail(address=address, name="", subject="")
        local, _, domain = address.rpartition("@")
        return f"{local}@{domain.lower()}"
    number = re.sub(r"[\s()./-]", "", text)
    number = f"+{number[2:]}" if number.startswith("00") else number
    if not _PHONE.fullmatch(number):
        raise Invalid(
            f"{text!r} is no international phone number such as +49 30 1234567.",
            errors=[FieldError("/address", "must be an international phone number such as +49301234567")],
            code="address",
        )
    return number


def _list_address_faults(template: Template) -> Iterator[FieldError]:
    if not _NAME.fullmatch(template.name):
        yield FieldError("/name", "must be 1 to 60 of a-z, 0-9, _ and -, and begin with a letter or digit")
    if not _LANGUAGE.fullmatch(template.language):
        yield FieldError("/language", "must be a language's two or three small letters, such as en")


def _list_text_faults(template: Template) -> Iterator[FieldError]:
    if not is_line(template.subject):
        yield FieldError("/subject", "must be one line")
    if len(template.subject) > LONGEST_SUBJECT:
        yield FieldError("/subject", f"must have at most {LONGEST_SUBJECT} characters")
    if template.channel is Channel.EMAIL and not template.subject.strip():
        yield FieldError("/subject", "must not be empty for an e-mail")
    if not template.body.strip():
        yield FieldError("/body", "must not be empty")
    if len(template.body) > LONGEST_BODY:
        yield FieldError("/body", f"must have at most {LONGEST_BODY:,} characters")
    if not is_line(re.sub(r"[\n\r\t]", "", template.body)):
        yield FieldError("/body", "must hold no control characters")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; what is filled in is never looked at again, so it cannot be one."""
    return _PLACE.sub(lambda found: values.get(found[1], ""), text)


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """The same for one line: whatever is filled in cannot begin another one."""
    return " ".join("".join(char if is_plain(char) else " " for char in fill(text, values)).split())


def find_places(text: str) -> list[str]:
    """The placeholders of a text, each once."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def check_template(template: Template, *, known: Sequence[str]) -> None:
    """Refuse what cannot be filled or sent.

    Raises:
        Invalid: names the field and the placeholder.
    """
    faults = []
    for name, text in (("subject", template.subject), ("body", template.body)):
        strange = [place for place in find_places(text) if place not in known]
        if strange:
            detail = f"has no placeholder {{{{{strange[0]}}}}}; there are: {', '.join(known)}"
            faults.append(FieldError(f"/{name}", detail, "unknown_placeholder"))
        elif _BRACES.search(_PLACE.sub("", text)):
            faults.append(FieldError(f"/{name}", "holds {{ or }} that belongs to no placeholder"))
    faults += [*_list_address_faults(template), *_list_text_faults(template)]
    if faults:
        raise Invalid(f"The template cannot be used: {faults[0].pointer[1:]} {faults[0].detail}.", errors=faults)
