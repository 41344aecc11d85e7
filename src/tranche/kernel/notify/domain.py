"""What is told, to whom, how it ended, and when it is tried again; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from tranche.kernel.errors import FieldError, Invalid, NotFound


class Channel(StrEnum):
    """By which way something is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    ALERT = "alert"


class Status(StrEnum):
    """Where a notification stands; `unknown` may have arrived and is not repeated by itself."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


EVENT_TYPES: Final = (
    "operation.completed",
    "operation.completed_with_errors",
    "operation.failed",
    "operation.cancelled",
)
TEST_EVENT: Final = "webhook.test"

# Seconds between one attempt and the next; who has failed once more than there are pauses, has failed.
PAUSES: Final[Mapping[Channel, Sequence[float]]] = {
    Channel.MAIL: (30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800),
    Channel.WEBHOOK: (5, 300, 1_800, 7_200, 18_000, 36_000),
    Channel.ALERT: (10, 60, 300, 1_800, 7_200),
}
JITTER: Final = 0.2
LONGEST_RETRY_AFTER: Final = 36_000.0

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_ADDRESS_LENGTH: Final = 254  # RFC 5321, section 4.5.3.1.3
_LONGEST_SUBJECT: Final = 500
_LONGEST_URL: Final = 2_000
_LONGEST_DESCRIPTION: Final = 500
_GONE: Final = 410


class UnknownEndpoint(NotFound):
    """No such endpoint in this organization."""

    code = "unknown_webhook"
    noun = "webhook"


class UnknownDelivery(NotFound):
    """No such delivery in this organization."""

    code = "unknown_delivery"
    noun = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing to tell, as the outbox has it. `body` is a mail's text, a webhook's JSON, an alert's sentence."""

    organization_id: int
    id: int
    channel: Channel
    event: str
    endpoint_id: int | None
    destination: str
    recipient: str
    subject: str
    body: str
    link: str
    status: Status
    attempts: int
    next_attempt_at: datetime
    message_id: str | None
    provider_id: str | None
    error_code: str | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver a notification."""

    notification_id: int
    at: datetime
    duration_ms: int
    status_code: int | None
    error_code: str | None
    error: str | None
    excerpt: str
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address of an organization that wants to hear of events; what its secret is made from is not shown."""

    id: int
    url: str
    description: str
    event_types: tuple[str, ...]
    is_enabled: bool
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    salt: bytes = field(repr=False)
    key_mark: bytes = field(repr=False)
    previous_salt: bytes | None = field(repr=False)
    previous_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended: accepted (with the provider's id), to be tried again, refused for good, or nobody knows.

    `has_left` says, where no answer came, that what was sent may be with the other side all the same.
    """

    provider_id: str | None = None
    error_code: str | None = None
    error: str | None = None
    is_permanent: bool = False
    is_unknown: bool = False
    status_code: int | None = None
    excerpt: str = ""
    retry_after: float | None = None
    has_left: bool = False

    @property
    def is_sent(self) -> bool:
        """Whether the other side has taken it."""
        return self.provider_id is not None

    @property
    def is_gone(self) -> bool:
        """Whether the other side says that it wants nothing more."""
        return self.status_code == _GONE


def sent(provider_id: str, *, status_code: int | None = None, excerpt: str = "") -> Outcome:
    """The other side has taken it."""
    return Outcome(provider_id=provider_id, status_code=status_code, excerpt=excerpt)


def again(code: str, error: str, *, status_code: int | None = None, retry_after: float | None = None) -> Outcome:
    """A fault that may pass."""
    return Outcome(error_code=code, error=error, status_code=status_code, retry_after=retry_after)


def refused(code: str, error: str, *, status_code: int | None = None) -> Outcome:
    """A fault that will not pass by trying again."""
    return Outcome(error_code=code, error=error, is_permanent=True, status_code=status_code)


def in_doubt(error: str) -> Outcome:
    """It may have arrived."""
    return Outcome(error_code="unknown_outcome", error=error, is_unknown=True)


def pause_after(channel: Channel, *, attempts: int, outcome: Outcome, jitter: float) -> float | None:
    """Seconds to the next attempt after so many, None when there is none; `jitter` lies between -1 and 1."""
    pauses = PAUSES[channel]
    if outcome.is_sent or outcome.is_permanent or outcome.is_unknown or attempts > len(pauses):
        return None
    pause = pauses[attempts - 1] * (1 + JITTER * jitter)
    return max(pause, min(outcome.retry_after or 0.0, LONGEST_RETRY_AFTER))


def check_mail(*, address: str, name: str, subject: str) -> None:
    """Refuse what could add a line to a mail's head or reach somebody else.

    Raises:
        Invalid: a line break or another control character, or no single address.
    """
    faults = [
        FieldError(f"/{field_name}", "must not hold line breaks or control characters")
        for field_name, text in (("address", address), ("name", name), ("subject", subject))
        if _CONTROL.search(text)
    ]
    if not faults and (not _ADDRESS.fullmatch(address) or len(address) > _ADDRESS_LENGTH):
        faults.append(FieldError("/address", "must be one e-mail address"))
    if len(subject) > _LONGEST_SUBJECT:
        faults.append(FieldError("/subject", f"must have at most {_LONGEST_SUBJECT} characters"))
    _refuse(faults)


def check_endpoint(*, url: str, description: str, event_types: Sequence[str]) -> None:
    """Refuse an endpoint that nothing could be sent to, all faults at once; its host is checked at each sending.

    Raises:
        Invalid
    """
    faults = []
    if (fault := url_fault(url)) is not None:
        faults.append(FieldError("/url", fault))
    if len(description) > _LONGEST_DESCRIPTION or _CONTROL.search(description):
        faults.append(
            FieldError("/description", f"must have at most {_LONGEST_DESCRIPTION} characters and no line breaks")
        )
    if not event_types or len(set(event_types)) < len(event_types) or not set(event_types) <= set(EVENT_TYPES):
        faults.append(FieldError("/eventTypes", f"must be one or more of {', '.join(EVENT_TYPES)}, each once"))
    _refuse(faults)


def url_fault(url: str) -> str | None:
    """Why an address cannot be one of ours to call, None if it can."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"must be an address of at most {_LONGEST_URL} plain characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "must be an address such as https://example.com/hook"
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        return "must begin with https:// or http:// and name a host"
    if "@" in parts.netloc:
        return "must not hold a user or a password"
    if parts.fragment:
        return "must not hold a fragment (#)"
    return None


def without_control(text: str) -> str:
    """Text from files and people, made fit for a mail's head: control characters become spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _refuse(faults: Sequence[FieldError]) -> None:
    if faults:
        raise Invalid(" ".join(f"{fault.pointer[1:]} {fault.detail}." for fault in faults), errors=faults)
