"""Pages behind links that work once: the set-up of an installation, an invitation, a new password."""

from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, TooMany, TrancheError, Unauthorized
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import Setup
from tranche.kernel.identity.pages.entering import entry_of, opened
from tranche.kernel.identity.passwords import SHORTEST
from tranche.kernel.identity.service import Entrance
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import ANYBODY, form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.visitors import keeps_cookies
from tranche.kernel.zones import zones


class SetupForm(Body, frozen=True):
    """The organization and its first administrator."""

    organization: str = ""
    zone: str = "UTC"
    currency: str = "USD"
    language: str = "en"
    name: str = ""
    email: str = ""
    password: str = ""


class JoinForm(Body, frozen=True):
    """A new password, or the present one; nothing for a link that signs in by itself."""

    password: str = ""


@page("/set-up/{token:str}", role=ANYBODY)
def set_up_page(request: AnyRequest, database: NamedDependency[Database], token: FromPath[str]) -> Html:
    """Asks for the organization and its first administrator."""
    service.look_at_setup(database, token)
    return _show_setup(request, SetupForm())


@form("/set-up/{token:str}", role=ANYBODY)
def set_up(
    request: AnyRequest,
    database: NamedDependency[Database],
    entrance: NamedDependency[Entrance],
    token: FromPath[str],
    data: URLEncodedBody[SetupForm],
) -> Html:
    """Make them, sign in, show the empty house."""
    if not keeps_cookies(request):
        return _show_setup(request, data, status=HTTPStatus.BAD_REQUEST)
    wanted = Setup(
        organization=data.organization,
        zone=data.zone,
        currency=data.currency.strip().upper(),
        language=data.language,
        name=data.name,
        email=data.email,
        password=data.password,
    )
    try:
        session = service.set_up(database, entrance, token=token, wanted=wanted, entry=entry_of(request))
    except Invalid as error:
        return _show_setup(request, data, error=error, status=HTTPStatus.BAD_REQUEST)
    return redirect("/", say="Tranche is set up. Welcome.", cookies=(opened(entrance, session),))


@page("/join/{token:str}", role=ANYBODY)
def join_page(request: AnyRequest, database: NamedDependency[Database], token: FromPath[str]) -> Html:
    """Says whom the link is for, and asks for a password where one is needed."""
    return _show_join(request, database, token)


@form("/join/{token:str}", role=ANYBODY)
def join(
    request: AnyRequest,
    database: NamedDependency[Database],
    entrance: NamedDependency[Entrance],
    token: FromPath[str],
    data: URLEncodedBody[JoinForm],
) -> Html:
    """Use the link and sign in."""
    if not keeps_cookies(request):
        return _show_join(request, database, token, status=HTTPStatus.BAD_REQUEST)
    try:
        session = service.accept(database, entrance, token=token, password=data.password, entry=entry_of(request))
    except (Invalid, Unauthorized, TooMany) as error:
        return _show_join(request, database, token, error=error, status=HTTPStatus.BAD_REQUEST)
    return redirect("/", say="Welcome.", cookies=(opened(entrance, session),))


ROUTES: Final[tuple[Any, ...]] = (set_up_page, set_up, join_page, join)


def _show_setup(
    request: AnyRequest, data: SetupForm, *, error: TrancheError | None = None, status: int = HTTPStatus.OK
) -> Html:
    shown = {
        "data": data,
        "faults": faults_of(error) if error else {},
        "zones": sorted(zones()),
        "shortest": SHORTEST,
        "keeps_cookies": keeps_cookies(request),
    }
    return render(request, "identity/set_up.html", shown, status=status)


def _show_join(
    request: AnyRequest,
    database: Database,
    token: str,
    *,
    error: TrancheError | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    opened_link = service.look_at_link(database, token)
    shown = {
        "link": opened_link.link,
        "asks_password": opened_link.asks_password,
        "faults": faults_of(error) if error else {},
        "shortest": SHORTEST,
        "keeps_cookies": keeps_cookies(request),
    }
    return render(request, "identity/join.html", shown, status=status)
