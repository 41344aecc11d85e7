"""Where providers tell what became of messages: open to everybody, believed by signature alone."""

from typing import Final

from litestar import MediaType, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import NotFound
from tranche.kernel.secrets import SecretBox
from tranche.kernel.web.auth import OPEN
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service
from tranche.messaging.domain import Channel
from tranche.messaging.schemas import ReceivedOut

_ADDRESS: Final = "/api/message-callbacks/{organization_id:int}/{channel:str}"


@post(_ADDRESS, opt={OPEN: True}, status_code=200)
async def receive_callback(
    *,
    request: AnyRequest,
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    public_url: NamedDependency[str],
    organization_id: FromPath[int],
    channel: FromPath[str],
) -> ReceivedOut:
    """Take in what a provider tells; told twice it changes nothing."""
    body = await request.body()
    wanted, headers = _channel(channel), {name.lower(): text for name, text in request.headers.items()}
    url = public_url.rstrip("/") + request.scope["path"] if public_url else str(request.url)

    def take() -> int:
        with database.transaction(organization_id) as conn:
            return service.receive(
                conn,
                secret_box,
                organization_id=organization_id,
                channel=wanted,
                url=url,
                body=body,
                headers=headers,
            )

    return ReceivedOut(applied=await sync_to_thread(take))


@get(_ADDRESS, opt={OPEN: True}, media_type=MediaType.TEXT, sync_to_thread=True)
def answer_challenge(
    *,
    request: AnyRequest,
    database: NamedDependency[Database],
    secret_box: NamedDependency[SecretBox],
    organization_id: FromPath[int],
    channel: FromPath[str],
) -> str:
    """Meta asks once whether the address is ours."""
    wanted, given = _channel(channel), dict(request.query_params)
    with database.transaction(organization_id) as conn:
        return service.answer_challenge(conn, secret_box, organization_id=organization_id, channel=wanted, given=given)


def _channel(text: str) -> Channel:
    if text not in set(Channel):
        raise NotFound("There is nothing at this address.")
    return Channel(text)


CALLBACK_ROUTES: Final = (receive_callback, answer_challenge)
