"""Settings, channels: by whom e-mail, SMS and WhatsApp go out, with a test."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.identity.service import get_organization
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.secrets import SecretBox
from tranche.kernel.text import camel
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, base_url, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service
from tranche.messaging.channels.carrier import Letter
from tranche.messaging.channels.opening import FIELDS, Surroundings
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import PROVIDERS, Channel, ChannelNotFound, ChannelSettings, Provider, clean_address
from tranche.messaging.pages.outbox import NAMES

PATH: Final = "/settings/channels"
PROVIDER_NAMES: Final[Mapping[Provider, str]] = {
    Provider.FOLDER: "Local outbox folder",
    Provider.SMTP: "Mail server (SMTP)",
    Provider.TWILIO: "Twilio",
    Provider.WHATSAPP_CLOUD: "WhatsApp Cloud API",
    Provider.HTTP: "HTTP gateway",
}
_HINTS: Final[Mapping[str, str]] = {
    "host": "Such as mail.example.com",
    "tls": "starttls, implicit, auto or none",
    "from": "Who the message is from: Acme <pay@acme.example>, or a number",
    "format": "json or form",
    "id_field": "The field of the answer that holds the message's id",
    "key_field": "The field that carries our own id, so that the gateway can refuse a repeated message",
    "callback_secret": "whsec_..., with which callbacks are signed (Standard Webhooks)",
    "template_name": "An approved template with a document header and one text; empty sends free text",
}


class ChannelForm(Body, frozen=True):
    """The fields of every provider; those of the chosen one are read."""

    provider: Provider = Provider.FOLDER
    rate: str = ""
    host: str = ""
    port: str = ""
    tls: str = ""
    user: str = ""
    sender: str = ""
    account_sid: str = ""
    base_url: str = ""
    phone_number_id: str = ""
    template_name: str = ""
    template_language: str = ""
    url: str = ""
    format: str = ""
    to_field: str = ""
    text_field: str = ""
    from_field: str = ""
    id_field: str = ""
    key_field: str = ""
    password: str = ""
    callback_secret: str = ""
    auth_token: str = ""
    access_token: str = ""
    app_secret: str = ""
    verify_token: str = ""
    authorization: str = ""


class TestForm(Body, frozen=True):
    """Where the test goes to."""

    to: str = ""


@page(PATH, role=Role.ADMIN)
def channels_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All three."""
    with database.transaction(ctx.organization_id) as conn:
        found = service.list_channels(conn)
    data = {"channels": found, "names": NAMES, "providers": PROVIDER_NAMES}
    return render(request, "messaging/channels.html", data)


@page(PATH + "/{channel:str}", role=Role.ADMIN)
def channel_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], channel: FromPath[str]
) -> Html:
    """One channel; `provider` in the address shows the fields of another one."""
    with database.transaction(ctx.organization_id) as conn:
        settings = service.get_channel(conn, channel=_read(channel))
    wanted = request.query_params.get("provider", settings.provider)
    return _show(request, ctx, settings, provider=_provider(settings.channel, wanted))


@form(PATH + "/{channel:str}", role=Role.ADMIN)
def save_channel(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    surroundings: NamedDependency[Surroundings],
    channel: FromPath[str],
    data: URLEncodedBody[ChannelForm],
) -> Html:
    """Keep the settings; a secret that is left empty stays."""
    wanted, fields = _read(channel), FIELDS[data.provider]
    settings = {name: getattr(data, _SENDER if name == "from" else name).strip() for name in fields.settings}
    secret = {name: getattr(data, name) for name in (*fields.secrets, *fields.optional_secrets)}
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.change_channel(
                conn,
                ctx,
                secret_box,
                surroundings,
                channel=wanted,
                provider=data.provider,
                settings=settings,
                secrets=secret,
                rate_per_second=_rate(data.rate),
            )
    except Invalid as error:
        shown = ChannelSettings(channel=wanted, provider=data.provider, settings=settings)
        return _show(request, ctx, shown, provider=data.provider, rate=data.rate, error=error)
    return redirect(f"{PATH}/{wanted}", say=f"{NAMES[wanted]} now goes by: {PROVIDER_NAMES[data.provider]}.")


@form(PATH + "/{channel:str}/test", role=Role.ADMIN)
def test_channel(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    delivery: NamedDependency[Delivery],
    channel: FromPath[str],
    data: URLEncodedBody[TestForm],
) -> Html:
    """Send one test message and show what the provider answered."""
    wanted = _read(channel)
    with database.transaction(ctx.organization_id) as conn:
        settings = service.get_channel(conn, channel=wanted)
        account, _ = service.open_account(conn, secret_box, organization_id=ctx.organization_id, channel=wanted)
        name = get_organization(conn).name
    try:
        address = clean_address(wanted, data.to)
    except Invalid as error:
        return _show(request, ctx, settings, provider=settings.provider, to=data.to, to_fault=error.message)
    letter = Letter(
        mail_id=f"<test-{secrets.token_hex(12)}@{delivery.domain}>",
        address=address,
        recipient="",
        subject=f"Test of {name}",
        body=f"This is a test of the {NAMES[wanted]} channel of {name}. It works.\n",
        written_at=datetime.now(UTC),
    )
    outcome = delivery.test(account, letter)
    return _show(request, ctx, settings, provider=settings.provider, to=data.to, outcome=outcome)


def _show(
    request: AnyRequest,
    ctx: Context,
    settings: ChannelSettings,
    *,
    provider: Provider,
    rate: str | None = None,
    error: Invalid | None = None,
    to: str = "",
    to_fault: str = "",
    outcome: Outcome | None = None,
) -> Html:
    fields = FIELDS[provider]
    given = settings.settings if settings.provider is provider else {}
    kept = settings.secret_names if settings.provider is provider else ()
    faults = faults_of(error) if error else {}
    data = {
        "settings": settings,
        "name": NAMES[settings.channel],
        "provider": provider,
        "providers": [(one.value, PROVIDER_NAMES[one]) for one in PROVIDERS[settings.channel]],
        "fields": [
            (_SENDER if name == "from" else camel(name), name, given.get(name) or default or "", default is None)
            for name, default in fields.settings.items()
        ],
        "secrets": [(camel(name), name, name in kept) for name in (*fields.secrets, *fields.optional_secrets)],
        "hints": _HINTS,
        "rate": rate if rate is not None else _plain(settings.rate_per_second),
        "faults": {_field(pointer): text for pointer, text in faults.items()},
        "callback": f"{base_url(request)}/api/message-callbacks/{ctx.organization_id}/{settings.channel}",
        "has_callback": provider is not Provider.FOLDER,
        "to": to,
        "to_fault": to_fault,
        "outcome": outcome,
    }
    return render(request, "messaging/channel.html", data, status=400 if error or to_fault else 200)


_SENDER: Final = "sender"


def _field(pointer: str) -> str:
    """The form's name of a field that a refusal points at."""
    name = pointer.rpartition("/")[2]
    return {"from": _SENDER, "ratePerSecond": "rate"}.get(name, camel(name))


def _plain(rate: float | None) -> str:
    return "" if rate is None else f"{rate:g}"


def _rate(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid("The rate must be a number.", errors=[FieldError("/ratePerSecond", "must be a number")]) from None


def _read(text: str) -> Channel:
    if text not in set(Channel):
        raise ChannelNotFound.of(text)
    return Channel(text)


def _provider(channel: Channel, text: str) -> Provider:
    return Provider(text) if text in PROVIDERS[channel] else PROVIDERS[channel][0]


CHANNEL_PAGES: Final = (channels_page, channel_page, save_channel, test_channel)
