"""The person's own page: name, mails, password, open sessions."""

from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, TooMany, TrancheError
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import Wish
from tranche.kernel.identity.pages.entering import entry_of, visitor_of
from tranche.kernel.identity.passwords import SHORTEST
from tranche.kernel.identity.service import Entrance
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest


class NameForm(Body, frozen=True):
    """How one is called, and which mails one wants."""

    name: str = ""
    operation_mails: Wish = Wish.AUTO


class PasswordForm(Body, frozen=True):
    """The present password and the new one."""

    old_password: str = ""
    new_password: str = ""


@page("/profile")
def profile_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    entrance: NamedDependency[Entrance],
) -> Html:
    """Name, mails, password, sessions."""
    return _show(request, ctx, database, entrance)


@form("/profile", role=Role.VIEWER)
def change_profile(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    entrance: NamedDependency[Entrance],
    data: URLEncodedBody[NameForm],
) -> Html:
    """Change name and mails in this organization."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.rename_self(conn, ctx, name=data.name)
            service.set_operation_mails(conn, ctx, wish=data.operation_mails)
    except Invalid as error:
        return _show(request, ctx, database, entrance, error=error)
    return redirect("/profile", say="Saved.")


@form("/profile/password", role=Role.VIEWER)
def change_password(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    entrance: NamedDependency[Entrance],
    data: URLEncodedBody[PasswordForm],
) -> Html:
    """Set a new password; every other session ends."""
    visitor = visitor_of(request)
    try:
        entrance.change_password(
            ctx,
            email=visitor.email,
            old=data.old_password,
            new=data.new_password,
            session_id=visitor.session_id,
            address=entry_of(request).address,
        )
    except (Invalid, TooMany) as error:
        return _show(request, ctx, database, entrance, error=error)
    return redirect("/profile", say="Your password is changed. All other sessions have ended.")


@form("/profile/sessions/end", role=Role.VIEWER)
def end_sessions(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """End every session but this one."""
    visitor = visitor_of(request)
    with database.transaction(ctx.organization_id) as conn:
        service.end_other_sessions(conn, ctx, email=visitor.email, session_id=visitor.session_id)
    return redirect("/profile", say="All other sessions have ended.")


ROUTES: Final[tuple[Any, ...]] = (profile_page, change_profile, change_password, end_sessions)


def _show(
    request: AnyRequest, ctx: Context, database: Database, entrance: Entrance, *, error: TrancheError | None = None
) -> Html:
    visitor = visitor_of(request)
    with database.transaction(ctx.organization_id) as conn:
        mails = service.get_operation_mails(conn, ctx)
        sessions = service.list_sessions(conn, ctx, idle_seconds=entrance.lifetimes.idle)
    shown = {
        "mails": mails,
        "sessions": sessions,
        "session_id": visitor.session_id,
        "faults": faults_of(error) if error else {},
        "shortest": SHORTEST,
    }
    return render(request, "identity/profile.html", shown, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)
