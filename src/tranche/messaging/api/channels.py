"""Channels: looked at, set up by an admin, tried out with one message."""

import secrets
from datetime import UTC, datetime
from typing import Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity.service import get_organization
from tranche.kernel.secrets import SecretBox
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import KEEPS_NOTHING
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter
from tranche.messaging import service
from tranche.messaging.channels.carrier import Letter
from tranche.messaging.channels.opening import Surroundings
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import PROVIDERS, Channel, ChannelSettings, clean_address
from tranche.messaging.schemas import ChannelBody, ChannelOut, TestBody, TestOut, channel_out, test_out

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/message-channels", opt=_SCOPE, sync_to_thread=True)
def list_channels(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ChannelOut]]:
    """E-mail, SMS and WhatsApp, and by whom each goes out."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = service.list_channels(conn)
    return envelope(ctx, [_out(ctx, one) for one in found], message="Channels fetched")


@put("/api/message-channels/{channel:str}", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def change_channel(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    surroundings: NamedDependency[Surroundings],
    channel: FromPath[str],
    data: JSONBody[ChannelBody],
) -> JsonResponse[Envelope[ChannelOut]]:
    """Set a channel up; its secrets are sealed and never shown again."""
    allow_query(request, ())
    wanted = read_channel(channel)

    def action(conn: Connection) -> Answer:
        with under("/data"):
            changed = service.change_channel(
                conn,
                ctx,
                secret_box,
                surroundings,
                channel=wanted,
                provider=data.data.provider,
                settings=data.data.settings,
                secrets=data.data.secrets,
                rate_per_second=data.data.rate_per_second,
            )
        return Answer(envelope(ctx, _out(ctx, changed), message="Channel updated"))

    return act(database, ctx, request, action, given=data)


@post(
    "/api/message-channels/{channel:str}/test",
    opt={**_SCOPE, KEEPS_NOTHING: True},
    guards=[admin],
    status_code=200,
    sync_to_thread=True,
)
def test_channel(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    delivery: NamedDependency[Delivery],
    channel: FromPath[str],
    data: JSONBody[TestBody],
) -> Envelope[TestOut]:
    """Send one test message by the channel as it is set up, and say what the provider answered."""
    allow_query(request, ())
    wanted = read_channel(channel)
    with under("/data"):
        address = clean_address(wanted, data.data.to)
    with database.transaction(ctx.organization_id) as conn:
        account, _ = service.open_account(conn, secret_box, organization_id=ctx.organization_id, channel=wanted)
        name = get_organization(conn).name
    letter = Letter(
        mail_id=f"<test-{secrets.token_hex(12)}@{delivery.domain}>",
        address=address,
        recipient="",
        subject=f"Test of {name}",
        body=f"This is a test of the {wanted} channel of {name}. It works.\n",
        written_at=datetime.now(UTC),
    )
    outcome = delivery.test(account, letter)
    message = "The test was accepted" if outcome.is_sent else "The test was not accepted"
    return envelope(ctx, test_out(outcome), message=message)


def read_channel(text: str) -> Channel:
    """The channel that an address names.

    Raises:
        Invalid: there is none of that name.
    """
    if text not in set(Channel):
        raise invalid_parameter("channel", f"must be one of {', '.join(Channel)}")
    return Channel(text)


def _out(ctx: Context, settings: ChannelSettings) -> ChannelOut:
    providers = [one.value for one in PROVIDERS[settings.channel]]
    return channel_out(settings, organization_id=ctx.organization_id, providers=providers)


CHANNEL_ROUTES: Final = (list_channels, change_channel, test_channel)
