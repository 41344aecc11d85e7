"""The users of an organization."""

from http import HTTPStatus
from typing import Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import service
from tranche.kernel.identity.schemas import UserBody, UserChangesBody, UserOut, given, user_out
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/users", opt=_SCOPE, sync_to_thread=True, operation_class=takes(*usual("page", "limit")))
def list_users(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[UserOut]]:
    """The users by id, the inactive ones too."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        users, total = service.list_users(conn, limit=page.limit, offset=page.offset)
    out = [user_out(user) for user in users]
    return envelope(ctx, out, message="Users fetched", links=page_links(page, total=total))


@post("/api/users", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def create_user(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[UserBody],
) -> JsonResponse[Envelope[UserOut]]:
    """Make a user."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            user = service.create_user(conn, ctx, email=wanted.email, name=wanted.name, role=wanted.role)
        return Answer(envelope(ctx, user_out(user), message="User created"), status=HTTPStatus.CREATED)

    return act(database, ctx, request, action, given=data)


@put("/api/users/{user_id:int}", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def update_user(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    user_id: FromPath[int],
    data: JSONBody[UserChangesBody],
) -> JsonResponse[Envelope[UserOut]]:
    """Change what is given; `isActive: false` shuts the user and all their keys out."""
    allow_query(request, ())
    changes = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            user = service.update_user(
                conn,
                ctx,
                user_id=user_id,
                name=given(changes.name),
                role=given(changes.role),
                is_active=given(changes.is_active),
            )
        return Answer(envelope(ctx, user_out(user), message="User updated"))

    return act(database, ctx, request, action, given=data)
