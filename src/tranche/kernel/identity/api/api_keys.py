"""API keys. Answers that hold a secret are never stored: their replay is refused."""

import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import service
from tranche.kernel.identity.schemas import ApiKeyBody, ApiKeyOut, IssuedKeyOut, issued_key_out, key_out
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/api-keys", opt=_SCOPE, guards=[admin], sync_to_thread=True, operation_class=takes(*usual("page", "limit")))
def list_api_keys(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ApiKeyOut]]:
    """The keys by id, the revoked ones too, without their secrets."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        keys, total = service.list_keys(conn, limit=page.limit, offset=page.offset)
    out = [key_out(key) for key in keys]
    return envelope(ctx, out, message="API keys fetched", links=page_links(page, total=total))


@post("/api/api-keys", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def create_api_key(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[ApiKeyBody],
) -> JsonResponse[Envelope[IssuedKeyOut]]:
    """Make a key; this answer is the only one that holds its secret."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            issued = service.issue_key(
                conn,
                ctx,
                entropy=secrets.token_bytes,
                now=datetime.now(UTC),
                name=wanted.name.strip(),
                role=wanted.role,
                user_id=wanted.user_id,
                branch_id=wanted.branch_id,
                scopes=wanted.scopes,
                expires_at=wanted.expires_at,
            )
        message = "API key created; its secret is shown this once"
        return Answer(envelope(ctx, issued_key_out(issued), message=message), status=HTTPStatus.CREATED, secret=True)

    return act(database, ctx, request, action, given=data)


@delete("/api/api-keys/{key_id:int}", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def revoke_api_key(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], key_id: FromPath[int]
) -> JsonResponse[Envelope[ApiKeyOut]]:
    """End a key for good; it stays in the list with the time of its end."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        key = service.revoke_key(conn, ctx, key_id=key_id)
        return Answer(envelope(ctx, key_out(key), message="API key revoked"))

    return act(database, ctx, request, action)


@post("/api/api-keys/{key_id:int}/rotate", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def rotate_api_key(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], key_id: FromPath[int]
) -> JsonResponse[Envelope[IssuedKeyOut]]:
    """Give a key a new secret; the old one ends at once."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        issued = service.rotate_key(conn, ctx, entropy=secrets.token_bytes, now=datetime.now(UTC), key_id=key_id)
        message = "API key rotated; its new secret is shown this once"
        return Answer(envelope(ctx, issued_key_out(issued), message=message), secret=True)

    return act(database, ctx, request, action)
