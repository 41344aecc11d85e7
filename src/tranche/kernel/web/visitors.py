"""Who sits at a browser: the session's cookie, what the shell shows of its owner, and no request from elsewhere."""

from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.types import Scope

from tranche.kernel.context import Context
from tranche.kernel.errors import Forbidden

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]

SESSION_COOKIE: Final = "__Host-tranche"

_LONGEST_TOKEN: Final = 512
_OURS: Final = frozenset({"same-origin", "none"})
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_RIGHT_TO_LEFT: Final = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An organization or a branch that one can switch to."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The owner of a session, at work in one organization."""

    context: Context
    session_id: int
    email: str
    organization: str
    language: str
    zone: str
    currency: str
    organizations: tuple[Choice, ...] = field(default=())
    branches: tuple[Choice, ...] = field(default=())

    @property
    def direction(self) -> str:
        """Which way the organization's language is written."""
        return "rtl" if self.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"

    @property
    def branch(self) -> str:
        """The name of the branch at work in."""
        return next((branch.name for branch in self.branches if branch.id == self.context.branch_id), "")


class VisitorFinder(Protocol):
    """Whose session is this token's? None: nobody's, or it has ended. Blocking; may raise Unavailable."""

    def __call__(self, token: str, /) -> Visitor | None: ...


class CrossSite(Forbidden):
    """A page of somebody else sent the browser here."""

    code = "cross_site"


def session_token(connection: AnyConnection) -> str | None:
    """What the browser shows as its session, if anything."""
    token = connection.cookies.get(SESSION_COOKIE, "")
    return token if token and len(token) <= _LONGEST_TOKEN and token.isascii() else None


def session_cookie(token: str, *, seconds: int) -> Cookie:
    """The cookie of a session; `seconds` 0 takes it away."""
    return Cookie(
        key=SESSION_COOKIE, value=token, path="/", secure=True, httponly=True, samesite="lax", max_age=seconds
    )


def find_visitor(scope: Scope) -> Visitor | None:
    """The visitor that the gate found for this request."""
    visitor = scope["state"].get("visitor")
    return visitor if isinstance(visitor, Visitor) else None


def refuse_cross_site(connection: AnyConnection) -> None:
    """A request that changes something and carries a cookie must come from a page of ours.

    `Sec-Fetch-Site` says so where the browser sends it, which it does over https and to this machine; else `Origin`
    must name this host.

    Raises:
        CrossSite: it does not.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site.lower() not in _OURS:
            raise CrossSite("This request came from another site, so nothing was done.")
        return
    origin = connection.headers.get("origin", "")
    host = connection.headers.get("host", "")
    if not host or urlsplit(origin).netloc.lower() != host.lower():
        raise CrossSite(
            "This request did not come from a page of Tranche, so nothing was done. Send the header Origin."
        )


def keeps_cookies(connection: AnyConnection) -> bool:
    """Whether the browser will keep a secure cookie: over https, or on this very machine.

    Browsers tell by `Sec-Fetch-Site` that they trust the way here, whatever a proxy has made of the scheme.
    """
    host = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    return "sec-fetch-site" in connection.headers or connection.url.scheme == "https" or host in _LOCAL
