"""How each channel takes one notification to the other side."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from tranche.kernel.notify.alerts import LOG, Kind, Target, encode
from tranche.kernel.notify.domain import Channel, Endpoint, Notification, Outcome, again, refused, sent
from tranche.kernel.notify.mail import Mail, Mailer
from tranche.kernel.notify.posting import Poster
from tranche.kernel.notify.signing import SigningKey, sign

_JSON: Final = "application/json"
WRONG_KEY: Final = "signing_key"

_WHAT_NOW: Final = (
    "The signing key of this installation is not the one that the webhook's secret was made with: "
    "bring the key back, or rotate the secret."
)


class Carrier(Protocol):
    """One channel. What is repeatable may be sent twice when a worker was lost, because its id is the same.

    With `only_healthy`, what is for endpoints that fail is left to another carrier.
    """

    channel: Channel
    is_repeatable: bool
    only_healthy: bool

    def carry(self, notification: Notification, endpoint: Endpoint | None) -> Outcome:
        """Take one to the other side; outside any transaction, bounded in time."""

    def close(self) -> None:
        """There is nothing more to send for now."""


class MailCarrier:
    """Mails."""

    channel = Channel.MAIL
    is_repeatable = False
    only_healthy = False

    def __init__(self, mailer: Mailer, *, public_url: str | None) -> None:
        """`public_url` is where people reach this installation, for links."""
        self._mailer = mailer
        self._public_url = (public_url or "").rstrip("/")

    def carry(self, notification: Notification, endpoint: Endpoint | None) -> Outcome:
        """See Carrier."""
        del endpoint
        text = notification.body
        if notification.link and self._public_url:
            text += f"\n{self._public_url}{notification.link}\n"
        return self._mailer.send(_mail(notification, address=notification.destination, text=text))

    def close(self) -> None:
        """See Carrier."""
        self._mailer.close()


class WebhookCarrier:
    """Signed events."""

    channel = Channel.WEBHOOK
    is_repeatable = True

    def __init__(
        self, poster: Poster, key: SigningKey, *, clock: Callable[[], datetime], only_healthy: bool = False
    ) -> None:
        self.only_healthy = only_healthy
        self._poster = poster
        self._key = key
        self._clock = clock

    def carry(self, notification: Notification, endpoint: Endpoint | None) -> Outcome:
        """See Carrier. Every attempt is signed anew, under the same id."""
        if endpoint is None:
            return refused("webhook_deleted", "The webhook was deleted.")
        if endpoint.key_mark != self._key.mark:
            return again(WRONG_KEY, _WHAT_NOW)
        now, message_id = self._clock(), notification.message_id or ""
        salts = [endpoint.salt]
        if endpoint.previous_salt is not None and endpoint.previous_until and endpoint.previous_until > now:
            salts.append(endpoint.previous_salt)
        secrets = [self._key.secret(organization_id=notification.organization_id, salt=salt) for salt in salts]
        headers = sign(secrets, message_id=message_id, now=now, content=notification.body)
        reply = self._poster.post(
            notification.destination,
            content=notification.body.encode(),
            headers={"Content-Type": _JSON, **headers},
        )
        if isinstance(reply, Outcome):
            return reply
        return sent(message_id, status_code=reply.status, excerpt=reply.text) if reply.is_taken else reply.fault()

    def close(self) -> None:
        """See Carrier."""


class AlertCarrier:
    """Alerts for operators."""

    channel = Channel.ALERT
    is_repeatable = False
    only_healthy = False

    def __init__(
        self, targets: Sequence[Target], *, poster: Poster, mailer: Mailer, log: Callable[[str], None]
    ) -> None:
        """`log` writes an alert where there is no target."""
        self._targets = {target.name: target for target in targets}
        self._poster = poster
        self._mailer = mailer
        self._log = log

    @property
    def destinations(self) -> list[str]:
        """The names of the targets; the log where nothing else is set."""
        return list(self._targets) or [LOG]

    def carry(self, notification: Notification, endpoint: Endpoint | None) -> Outcome:
        """See Carrier."""
        del endpoint
        if notification.destination == LOG:
            self._log(notification.body)
            return sent(LOG)
        target = self._targets.get(notification.destination)
        if target is None:
            return refused("no_target", "This target is not in TRANCHE_ALERTS any more.")
        if target.kind is Kind.MAIL:
            text = f"{notification.body}\n"
            return self._mailer.send(_mail(notification, address=target.address, text=text))
        content = encode(target, notification.body)
        reply = self._poster.post(target.address, content=content, headers={"Content-Type": _JSON})
        if isinstance(reply, Outcome):
            return reply
        if not reply.is_taken:
            return reply.fault()
        return sent(notification.message_id or str(reply.status), status_code=reply.status, excerpt=reply.text)

    def close(self) -> None:
        """See Carrier."""
        self._mailer.close()


def _mail(notification: Notification, *, address: str, text: str) -> Mail:
    return Mail(
        message_id=notification.message_id or "",
        address=address,
        name=notification.recipient,
        subject=notification.subject or "Alert from Tranche",
        text=text,
        written_at=notification.created_at,
    )
