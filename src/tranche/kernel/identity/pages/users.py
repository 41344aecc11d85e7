"""Settings, users: who works here, with which role, and the links by which they come in."""

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Forbidden, Invalid, TrancheError
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import User
from tranche.kernel.identity.service import Purpose
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.render import Html, base_url, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/settings/users"

_COLUMNS: Final = (
    Column(label="Name"),
    Column(label="E-mail"),
    Column(label="Role"),
    Column(label="Signs in"),
    Column(label="What to do", is_hidden_label=True),
)


class NewUserForm(Body, frozen=True):
    """A user to add."""

    name: str = ""
    email: str = ""
    role: Role = Role.OPERATOR


class RoleForm(Body, frozen=True):
    """Another role."""

    role: Role


@page(PATH, role=Role.ADMIN)
def users_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The users, the inactive ones too."""
    return _show(request, ctx, database)


@form(PATH, role=Role.ADMIN)
def add_user(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[NewUserForm],
) -> Html:
    """Add a user and show the link by which they come in, this once."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            user = service.create_user(conn, ctx, email=data.email, name=data.name, role=data.role)
            token = service.invite(conn, ctx, user_id=user.id, entropy=secrets.token_bytes, base_url=base_url(request))
    except (Invalid, Conflict, Forbidden) as error:
        return _show(request, ctx, database, data=data, error=error)
    return _show(request, ctx, database, link=(user, token))


@form(PATH + "/{user_id:int}/link", role=Role.ADMIN)
def make_link(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], user_id: FromPath[int]
) -> Html:
    """A new link: an invitation for who has not come in yet, else one for a new password."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            user = service.find_user(conn, user_id=user_id)
            purpose = Purpose.RESET if service.has_joined(conn, user_id=user_id) else Purpose.INVITATION
            token = service.make_link(conn, ctx, user_id=user_id, purpose=purpose, entropy=secrets.token_bytes)
    except Conflict as error:
        return _show(request, ctx, database, error=error)
    return _show(request, ctx, database, link=(user, token))


@form(PATH + "/{user_id:int}/role", role=Role.ADMIN)
def change_role(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    user_id: FromPath[int],
    data: URLEncodedBody[RoleForm],
) -> Html:
    """Give another role; it holds from the next request on."""
    return _change(
        database,
        ctx,
        lambda conn: service.update_user(conn, ctx, user_id=user_id, role=data.role),
        "The role is changed.",
    )


@form(PATH + "/{user_id:int}/off", role=Role.ADMIN)
def shut_out(ctx: NamedDependency[Context], database: NamedDependency[Database], user_id: FromPath[int]) -> Html:
    """Shut a user out: sessions and keys end at once."""
    return _change(
        database,
        ctx,
        lambda conn: service.update_user(conn, ctx, user_id=user_id, is_active=False),
        "The user is shut out.",
    )


@form(PATH + "/{user_id:int}/on", role=Role.ADMIN)
def let_in(ctx: NamedDependency[Context], database: NamedDependency[Database], user_id: FromPath[int]) -> Html:
    """Let a user in again."""
    return _change(
        database, ctx, lambda conn: service.update_user(conn, ctx, user_id=user_id, is_active=True), "The user is back."
    )


ROUTES: Final[tuple[Any, ...]] = (users_page, add_user, make_link, change_role, shut_out, let_in)


def _change(database: Database, ctx: Context, act: Callable[[Connection], User], said: str) -> Html:
    try:
        with database.transaction(ctx.organization_id) as conn:
            act(conn)
    except (Conflict, Forbidden) as error:
        return redirect(PATH, say=error.message, tone=Tone.BAD)
    return redirect(PATH, say=said)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    data: NewUserForm | None = None,
    link: tuple[User, str] | None = None,
    error: TrancheError | None = None,
) -> Html:
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_users(conn, limit=window.limit, offset=window.offset)
        joined = service.list_joined(conn, user_ids=[user.id for user in found])
    shown = {
        "users": found,
        "joined": joined,
        "listing": Listing(
            path=PATH,
            columns=_COLUMNS,
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "data": data or NewUserForm(),
        "roles": list(Role),
        "faults": faults_of(error) if error else {},
        "link": None if link is None else (link[0], f"{base_url(request)}/join/{link[1]}"),
        "asks": data is not None or "new" in request.query_params,
    }
    return render(request, "identity/users.html", shown, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)
