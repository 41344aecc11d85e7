"""The wire contract of webhooks, their deliveries and all other notifications."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from tranche.kernel.identity.domain import Wish
from tranche.kernel.notify.domain import EVENT_TYPES, Attempt, Endpoint, Notification, Status
from tranche.kernel.notify.service import IssuedEndpoint
from tranche.kernel.web.json import Body, Out, utc_or_none


class NewWebhook(Body, frozen=True):
    """A webhook to make: by default for every event."""

    url: str
    description: str = ""
    event_types: tuple[str, ...] = EVENT_TYPES
    is_enabled: bool = True


class WebhookBody(Body, frozen=True):
    """POST /api/webhooks."""

    data: NewWebhook


class WebhookChanges(Body, frozen=True):
    """What is left out stays as it is."""

    url: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    event_types: tuple[str, ...] | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class WebhookChangesBody(Body, frozen=True):
    """PUT /api/webhooks/{id}."""

    data: WebhookChanges


class Wishes(Body, frozen=True):
    """A person's own choice."""

    operation_mails: Wish


class WishesBody(Body, frozen=True):
    """PUT /api/me/notifications."""

    data: Wishes


class WishesOut(Out, frozen=True):
    """Which mails the caller gets."""

    operation_mails: str


class WebhookOut(Out, frozen=True):
    """A webhook as lists show it."""

    id: int
    url: str
    description: str
    event_types: tuple[str, ...]
    is_enabled: bool
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_by: int | None
    created_at: datetime
    updated_at: datetime


class IssuedWebhookOut(WebhookOut, frozen=True):
    """A webhook at the one moment at which its secret can be read."""

    secret: str


class AttemptOut(Out, frozen=True):
    """One try to deliver."""

    at: datetime
    duration_ms: int
    status_code: int | None
    error_code: str | None
    error: str | None
    excerpt: str
    next_attempt_at: datetime | None


class NotificationOut(Out, frozen=True):
    """One mail, webhook delivery or alert, and how it stands."""

    id: int
    channel: str
    event: str
    webhook_id: int | None
    destination: str
    subject: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    message_id: str | None
    provider_id: str | None
    error_code: str | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


class DeliveryOut(NotificationOut, frozen=True):
    """A webhook delivery with what was sent and its last attempts, oldest first."""

    body: str
    log: list[AttemptOut]


def webhook_out(endpoint: Endpoint) -> WebhookOut:
    return WebhookOut(**_endpoint_fields(endpoint))  # type: ignore[arg-type]  # the fields of WebhookOut, under their names


def issued_webhook_out(issued: IssuedEndpoint) -> IssuedWebhookOut:
    return IssuedWebhookOut(secret=issued.secret, **_endpoint_fields(issued.endpoint))  # type: ignore[arg-type]  # as above


def notification_out(notification: Notification) -> NotificationOut:
    return NotificationOut(**_fields(notification))  # type: ignore[arg-type]  # the fields of NotificationOut


def delivery_out(notification: Notification, *, attempts: Sequence[Attempt]) -> DeliveryOut:
    log = [attempt_out(attempt) for attempt in attempts]
    return DeliveryOut(body=notification.body, log=log, **_fields(notification))  # type: ignore[arg-type]  # as above


def attempt_out(attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        at=attempt.at.astimezone(UTC),
        duration_ms=attempt.duration_ms,
        status_code=attempt.status_code,
        error_code=attempt.error_code,
        error=attempt.error,
        excerpt=attempt.excerpt,
        next_attempt_at=utc_or_none(attempt.next_attempt_at),
    )


def _endpoint_fields(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
        "is_enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failures": endpoint.failures,
        "failing_since": utc_or_none(endpoint.failing_since),
        "old_secret_until": utc_or_none(endpoint.previous_until),
        "created_by": endpoint.created_by,
        "created_at": utc_or_none(endpoint.created_at),
        "updated_at": utc_or_none(endpoint.updated_at),
    }


def _fields(notification: Notification) -> dict[str, object]:
    is_waiting = notification.status is Status.PENDING
    return {
        "id": notification.id,
        "channel": notification.channel.value,
        "event": notification.event,
        "webhook_id": notification.endpoint_id,
        "destination": notification.destination,
        "subject": notification.subject,
        "status": notification.status.value,
        "attempts": notification.attempts,
        "next_attempt_at": utc_or_none(notification.next_attempt_at) if is_waiting else None,
        "message_id": notification.message_id,
        "provider_id": notification.provider_id,
        "error_code": notification.error_code,
        "error": notification.error,
        "created_at": utc_or_none(notification.created_at),
        "sent_at": utc_or_none(notification.sent_at),
        "updated_at": utc_or_none(notification.updated_at),
    }
