"""From settings to a carrier, and the fields that each provider takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.notify.mail import Sender
from tranche.kernel.notify.posting import POST_SECONDS, Poster
from tranche.kernel.notify.smtp import SEND_SECONDS
from tranche.messaging.channels import folder, gateway, mail, twilio, whatsapp
from tranche.messaging.channels.answers import MOST_ANSWER
from tranche.messaging.channels.carrier import Carrier, Fields
from tranche.messaging.domain import PROVIDERS, Channel, Provider

FIELDS: Final[Mapping[Provider, Fields]] = {
    Provider.FOLDER: folder.FIELDS,
    Provider.SMTP: mail.FIELDS,
    Provider.TWILIO: twilio.FIELDS,
    Provider.WHATSAPP_CLOUD: whatsapp.FIELDS,
    Provider.HTTP: gateway.FIELDS,
}
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What carriers need of this installation: where the outbox folder is, who we are, which hosts may be called."""

    home: Path
    sender: Sender
    allow_private: bool
    mail_seconds: float = SEND_SECONDS
    post_seconds: float = POST_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One organization's channel, opened: its secrets are plain text, so it lives in memory only."""

    organization_id: int
    channel: Channel
    provider: Provider
    settings: Mapping[str, str]
    secrets: Mapping[str, str]


def open_carrier(account: Account, around: Surroundings) -> Carrier:
    """The carrier of an account.

    Raises:
        Invalid: its settings cannot be used.
    """
    if account.provider is Provider.SMTP:
        return mail.MailCarrier(account.settings, account.secrets, seconds=around.mail_seconds)
    poster = Poster(allow_private=around.allow_private, seconds=around.post_seconds, most_body=MOST_ANSWER)
    match account.provider:
        case Provider.TWILIO:
            return twilio.TwilioCarrier(account.settings, account.secrets, channel=account.channel, poster=poster)
        case Provider.WHATSAPP_CLOUD:
            return whatsapp.WhatsAppCarrier(account.settings, account.secrets, poster=poster)
        case Provider.HTTP:
            return gateway.GatewayCarrier(account.settings, account.secrets, poster=poster)
        case _:
            return folder.FolderCarrier(
                around.home, organization_id=account.organization_id, channel=account.channel, sender=around.sender
            )


def check_fields(
    channel: Channel, provider: Provider, *, settings: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """The settings with their defaults.

    Raises:
        Invalid: names every field that is missing, unknown or too long.
    """
    if provider not in PROVIDERS[channel]:
        known = ", ".join(PROVIDERS[channel])
        raise Invalid(
            f"{channel} cannot go by {provider}; choose one of {known}.",
            errors=[FieldError("/provider", f"must be one of {known}")],
        )
    fields = FIELDS[provider]
    whole = {name: settings.get(name) or default or "" for name, default in fields.settings.items()}
    faults = [FieldError(f"/settings/{name}", "is not known") for name in settings if name not in fields.settings]
    allowed = (*fields.secrets, *fields.optional_secrets)
    faults += [FieldError(f"/secrets/{name}", "is not known") for name in secrets if name not in allowed]
    faults += [
        FieldError(f"/settings/{name}", "must be given")
        for name, default in fields.settings.items()
        if default is None and not whole[name]
    ]
    faults += [FieldError(f"/secrets/{name}", "must be given") for name in fields.secrets if not secrets.get(name)]
    texts = {f"/settings/{name}": text for name, text in whole.items()}
    texts |= {f"/secrets/{name}": text for name, text in secrets.items()}
    faults += [
        FieldError(pointer, f"must be one line of at most {_LONGEST} characters")
        for pointer, text in texts.items()
        if len(text) > _LONGEST or not text.isprintable()
    ]
    if faults:
        raise Invalid(f"The channel is not complete: {faults[0].pointer[1:]} {faults[0].detail}.", errors=faults)
    return whole
