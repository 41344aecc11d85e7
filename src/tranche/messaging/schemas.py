"""The wire contract of messages."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from tranche.kernel.db.pool import Row
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.web.json import Body, Out, utc_or_none
from tranche.messaging.domain import Channel, ChannelSettings, Message, Provider, Suppression, Template


class ChannelChanges(Body, frozen=True):
    """How a channel goes out. Secrets are write-only; those left out stay while the provider stays."""

    provider: Provider
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    secrets: dict[str, str] = msgspec.field(default_factory=dict)
    rate_per_second: float | None = None


class ChannelBody(Body, frozen=True):
    """PUT /api/message-channels/{channel}."""

    data: ChannelChanges


class TestWish(Body, frozen=True):
    """Where a test goes to."""

    to: str


class TestBody(Body, frozen=True):
    """POST /api/message-channels/{channel}/test."""

    data: TestWish


class NewTemplate(Body, frozen=True):
    """A template for one channel and language."""

    body: str
    subject: str = ""


class TemplateBody(Body, frozen=True):
    """PUT /api/message-templates/{name}/{channel}/{language}, and its preview."""

    data: NewTemplate


class NewSuppression(Body, frozen=True):
    """An address that nothing is to be sent to."""

    channel: Channel
    address: str
    reason: str = "by hand"


class SuppressionBody(Body, frozen=True):
    """POST /api/message-suppressions, and its removal."""

    data: NewSuppression


class ChannelOut(Out, frozen=True):
    """A channel without its secrets; `isReal` is false where messages are only written into the outbox folder."""

    channel: str
    provider: str
    providers: list[str]
    is_real: bool
    settings: dict[str, Any]
    secret_names: list[str]
    rate_per_second: float | None
    callback_path: str
    updated_at: datetime | None


class TestOut(Out, frozen=True):
    """What became of a test."""

    sent: bool
    provider_id: str | None
    code: str | None
    error: str | None


class TemplateOut(Out, frozen=True):
    """A template; `isOwn` is false for those that come with the program."""

    name: str
    channel: str
    language: str
    subject: str
    body: str
    is_own: bool
    updated_at: datetime | None


class SuppressionOut(Out, frozen=True):
    """A suppressed address."""

    channel: str
    address: str
    reason: str
    created_at: datetime


class MessageOut(Out, frozen=True):
    """One message as the outbox lists it."""

    id: int
    operation_id: int | None
    channel: str
    provider: str
    customer_id: int | None
    recipient: str
    address: str
    subject: str
    status: str
    attempts: int
    provider_id: str | None
    error_code: str | None
    error: str | None
    attachments: list[str]
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


class EventOut(Out, frozen=True):
    """Something that happened to a message."""

    at: datetime
    status: str
    detail: str


class MessageDetailOut(MessageOut, frozen=True):
    """One message with its words and its story."""

    body: str
    events: list[EventOut]


class ReportOut(Out, frozen=True):
    """How many messages stand in each state."""

    total: int
    by_status: dict[str, int]


class ReceivedOut(Out, frozen=True):
    """The answer to a callback."""

    applied: int


def channel_out(settings: ChannelSettings, *, organization_id: int, providers: list[str]) -> ChannelOut:
    return ChannelOut(
        channel=settings.channel.value,
        provider=settings.provider.value,
        providers=providers,
        is_real=settings.provider is not Provider.FOLDER,
        settings=settings.settings,
        secret_names=list(settings.secret_names),
        rate_per_second=settings.rate_per_second,
        callback_path=f"/api/message-callbacks/{organization_id}/{settings.channel}",
        updated_at=utc_or_none(settings.updated_at),
    )


def test_out(outcome: Outcome) -> TestOut:
    return TestOut(sent=outcome.is_sent, provider_id=outcome.provider_id, code=outcome.error_code, error=outcome.error)


def template_out(template: Template) -> TemplateOut:
    return TemplateOut(
        name=template.name,
        channel=template.channel.value,
        language=template.language,
        subject=template.subject,
        body=template.body,
        is_own=template.id is not None,
        updated_at=utc_or_none(template.updated_at),
    )


def suppression_out(suppression: Suppression) -> SuppressionOut:
    return SuppressionOut(
        channel=suppression.channel.value,
        address=suppression.address,
        reason=suppression.reason,
        created_at=suppression.created_at.astimezone(UTC),
    )


def message_out(message: Message) -> MessageOut:
    return MessageOut(**_fields(message))


def detail_out(message: Message, *, events: list[Row]) -> MessageDetailOut:
    told = [EventOut(at=row["at"].astimezone(UTC), status=row["status"], detail=row["detail"]) for row in events]
    return MessageDetailOut(body=message.body, events=told, **_fields(message))


def _fields(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "operation_id": message.operation_id,
        "channel": message.channel.value,
        "provider": message.provider,
        "customer_id": message.customer_id,
        "recipient": message.recipient,
        "address": message.address,
        "subject": message.subject,
        "status": message.status.value,
        "attempts": message.attempts,
        "provider_id": message.provider_id,
        "error_code": message.error_code,
        "error": message.error,
        "attachments": [one.name for one in message.attachments],
        "created_at": utc_or_none(message.created_at),
        "sent_at": utc_or_none(message.sent_at),
        "delivered_at": utc_or_none(message.delivered_at),
        "read_at": utc_or_none(message.read_at),
    }
