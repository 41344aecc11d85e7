"""Signing in and out, and going to another organization or branch."""

from http import HTTPStatus
from typing import Any, Final

from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Forbidden, TooMany, TrancheError, Unauthorized
from tranche.kernel.identity import service
from tranche.kernel.identity.service import Entrance, Entry
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, faults_of, is_own_path, redirect, render
from tranche.kernel.web.pages.routes import ANYBODY, form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.visitors import Visitor, find_visitor, keeps_cookies, session_cookie, session_token


class SignInForm(Body, frozen=True):
    """The address, the password, and the page that was asked for."""

    email: str = ""
    password: str = ""
    next: str = "/"


class OrganizationForm(Body, frozen=True):
    """The organization to go to."""

    organization_id: int


class BranchForm(Body, frozen=True):
    """The branch to work in, and the page to return to."""

    branch_id: int
    back: str = "/"


@page("/sign-in", role=ANYBODY)
def sign_in_page(request: AnyRequest) -> Html:
    """Asks for address and password."""
    return _show(request, SignInForm(next=request.query_params.get("next", "/")))


@form("/sign-in", role=ANYBODY)
def sign_in(request: AnyRequest, entrance: NamedDependency[Entrance], data: URLEncodedBody[SignInForm]) -> Html:
    """Open a session and go on to where one wanted to go."""
    if not keeps_cookies(request):
        return _show(request, data, status=HTTPStatus.BAD_REQUEST)
    try:
        token = entrance.sign_in(email=data.email, password=data.password, entry=entry_of(request))
    except (Unauthorized, Forbidden, TooMany) as error:
        status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooMany) else HTTPStatus.BAD_REQUEST
        return _show(request, data, error=error, status=status)
    return redirect(data.next if is_own_path(data.next) else "/", cookies=(opened(entrance, token),))


@form("/sign-out", role=Role.VIEWER)
def sign_out(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """End the session."""
    with database.transaction(ctx.organization_id) as conn:
        service.sign_out(conn, ctx, session_id=visitor_of(request).session_id)
    return redirect("/sign-in", say="You are signed out.", cookies=(session_cookie("", seconds=0),))


@form("/switch/organization", role=Role.VIEWER)
def switch_organization(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    entrance: NamedDependency[Entrance],
    data: URLEncodedBody[OrganizationForm],
) -> Html:
    """Go to another organization of the same person; the session gets a new token."""
    visitor = visitor_of(request)
    token = entrance.switch(
        ctx,
        email=visitor.email,
        organization_id=data.organization_id,
        session_id=visitor.session_id,
        entry=entry_of(request),
    )
    return redirect("/", cookies=(opened(entrance, token),))


@form("/switch/branch", role=Role.VIEWER)
def switch_branch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[BranchForm],
) -> Html:
    """Work in another branch: forms of pages begin with it."""
    with database.transaction(ctx.organization_id) as conn:
        service.choose_branch(conn, session_id=visitor_of(request).session_id, branch_id=data.branch_id)
    return redirect(data.back if is_own_path(data.back) else "/")


ROUTES: Final[tuple[Any, ...]] = (sign_in_page, sign_in, sign_out, switch_organization, switch_branch)


def entry_of(request: AnyRequest) -> Entry:
    """The browser that asks to come in."""
    return Entry(
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        old_token=session_token(request),
    )


def opened(entrance: Entrance, token: str) -> Cookie:
    """The cookie of a new session."""
    return session_cookie(token, seconds=int(entrance.lifetimes.whole))


def visitor_of(request: AnyRequest) -> Visitor:
    """The visitor of a page that is shut to others.

    Raises:
        Unauthorized: there is none.
    """
    visitor = find_visitor(request.scope)
    if visitor is None:
        raise Unauthorized("You are not signed in.", code="no_session")
    return visitor


def _show(
    request: AnyRequest, data: SignInForm, *, error: TrancheError | None = None, status: int = HTTPStatus.OK
) -> Html:
    shown = {
        "email": data.email,
        "next": data.next if is_own_path(data.next) else "/",
        "faults": faults_of(error) if error else {},
        "keeps_cookies": keeps_cookies(request),
        "host": request.headers.get("host", ""),
    }
    return render(request, "identity/sign_in.html", shown, status=status)
