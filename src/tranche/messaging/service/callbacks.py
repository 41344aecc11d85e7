"""What providers tell of messages: genuine by signature, each event with one effect, states only forwards."""

import hmac
from collections.abc import Mapping
from typing import Final

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import NotFound, Unauthorized
from tranche.kernel.secrets import SecretBox
from tranche.messaging.channels import gateway, twilio, whatsapp
from tranche.messaging.channels.opening import Account
from tranche.messaging.domain import Channel, Event, Message, Provider, State, may_become
from tranche.messaging.queries import messages, sending, suppressions
from tranche.messaging.service.channels import open_account

_TEXT: Final = {State.BOUNCED: "The message bounced.", State.FAILED: "The provider could not deliver the message."}


class UnknownCallback(NotFound):
    """Nobody expects callbacks at this address."""

    code = "unknown_callback"


class NotGenuine(Unauthorized):
    """The signature does not fit, is too old, or is missing."""

    code = "bad_signature"


def receive(
    conn: Connection,
    box: SecretBox,
    *,
    organization_id: int,
    channel: Channel,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
) -> int:
    """Take a callback in; returns how many messages moved. `headers` have lower-case names, `body` is raw.

    Raises:
        UnknownCallback: the channel's provider sends none.
        NotGenuine: the signature does not prove that the provider wrote it.
    """
    account, _ = open_account(conn, box, organization_id=organization_id, channel=channel)
    events = _read(account, url=url, body=body, headers=headers)
    return sum(_take_in(conn, channel, event) for event in events)


def answer_challenge(
    conn: Connection, box: SecretBox, *, organization_id: int, channel: Channel, given: Mapping[str, str]
) -> str:
    """Meta's question whether the address is ours: the challenge is answered where the token is ours.

    Raises:
        UnknownCallback, NotGenuine
    """
    account, _ = open_account(conn, box, organization_id=organization_id, channel=channel)
    token = account.secrets.get("verify_token", "")
    if account.provider is not Provider.WHATSAPP_CLOUD or not token:
        raise UnknownCallback("There is nothing at this address.")
    if not hmac.compare_digest(token.encode(), given.get("hub.verify_token", "").encode()):
        raise NotGenuine("The verify token is not the one of this channel.")
    return given.get("hub.challenge", "")


def _read(account: Account, *, url: str, body: bytes, headers: Mapping[str, str]) -> list[Event]:
    match account.provider:
        case Provider.TWILIO:
            given, token = headers.get("x-twilio-signature", ""), account.secrets["auth_token"]
            _demand(twilio.is_genuine(url=url, body=body, signature=given, token=token))
            return twilio.read_events(body)
        case Provider.WHATSAPP_CLOUD:
            given, secret = headers.get("x-hub-signature-256", ""), account.secrets["app_secret"]
            _demand(whatsapp.is_genuine(body=body, signature=given, secret=secret))
            return whatsapp.read_events(body)
        case Provider.HTTP | Provider.SMTP if account.secrets.get("callback_secret"):
            _demand(gateway.is_genuine(body=body, headers=headers, secret=account.secrets["callback_secret"]))
            return gateway.read_events(body, event_id=headers.get("webhook-id", ""))
    raise UnknownCallback("There is nothing at this address.")


def _demand(is_genuine: bool) -> None:  # noqa: FBT001  # the one answer of a check
    if not is_genuine:
        raise NotGenuine("The signature of this callback does not fit.")


def _take_in(conn: Connection, channel: Channel, event: Event) -> bool:
    """Apply an event, or keep it where nobody knows the id yet: the sending may still be writing it down."""
    if messages.is_known(conn, channel=channel, provider_id=event.provider_id):
        return apply(conn, channel, event)
    sending.hold_callbacks(conn, channel=channel)
    if messages.is_known(conn, channel=channel, provider_id=event.provider_id):
        return apply(conn, channel, event)
    sending.keep_early(conn, channel=channel, event=event)
    return False


def apply(conn: Connection, channel: Channel, event: Event) -> bool:
    """Let a message go forwards by what was told of it; whether it was news."""
    message = messages.lock_by_provider_id(conn, channel=channel, provider_id=event.provider_id)
    if message is None or not may_become(message.status, event.status):
        return False
    if not messages.insert_event(
        conn, message_id=message.id, status=event.status, detail=event.detail, event_key=event.key
    ):
        return False
    error = (event.detail or _TEXT[event.status]) if event.status in _TEXT else None
    messages.set_state(
        conn,
        message_id=message.id,
        status=event.status,
        provider_id=message.provider_id or event.provider_id,
        error_code=event.status.value if error else None,
        error=error,
    )
    if event.status is State.BOUNCED:
        _suppress(conn, message, reason=error or _TEXT[State.BOUNCED])
    return True


def _suppress(conn: Connection, message: Message, *, reason: str) -> None:
    suppressions.insert_suppression(
        conn,
        channel=message.channel,
        address=message.address,
        reason=reason,
        message_id=message.id,
        user_id=None,
    )
