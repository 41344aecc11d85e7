"""The gate: who may call which route. Every route is shut unless it says `opt={"open": True}`.

A route that reads needs a viewer and any other an operator, unless it names its own guard:
`guards=[admin]`, or `guards=[viewer]` on a POST that changes nothing. `opt={"scope": "orders"}` is the
scope that a key with scopes must hold.

A caller shows an API key, or the cookie of a session. Pages (`opt={"page": True}`) are for sessions only.
"""

import contextlib
from dataclasses import replace
from typing import Final, Protocol

from litestar.enums import RequestEncodingType
from litestar.handlers.base import BaseRouteHandler
from litestar.params import BodyKwarg
from litestar.types import Scope

from tranche.kernel.context import Context, Role
from tranche.kernel.errors import Forbidden, NotFound, TooMany, Unauthorized, Unavailable, Unsupported
from tranche.kernel.web.callers import Callers
from tranche.kernel.web.rate_limit import RateLimiter
from tranche.kernel.web.requests import BIGGEST_INTEGER, invalid_parameter, request_id
from tranche.kernel.web.threads import Lane
from tranche.kernel.web.visitors import AnyConnection, VisitorFinder, refuse_cross_site, session_token

BRANCH_HEADER: Final = "x-branch-id"
OPEN: Final = "open"
PAGE: Final = "page"
SCOPE: Final = "scope"
ANY_SCOPE: Final = "any"  # as the scope of a route: a key of whatever scope may call it

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # methods that change nothing
_LONGEST_TOKEN: Final = 512
_MOST_BRANCHES: Final = 100_000


class Authenticator(Protocol):
    """Who presents this bearer token? None: nobody we know. Blocking; may raise Unavailable."""

    def __call__(self, token: str, /) -> Context | None: ...


class BranchFinder(Protocol):
    """The branch of this organization that a header names. Blocking.

    Raises:
        Invalid, Forbidden: it is no number, or that of none of its branches.
        Unavailable
    """

    def __call__(self, organization_id: int, text: str, /) -> int: ...


class Requires:
    """A guard: the caller's role must cover this one."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Refuse a lesser role.

        Raises:
            Forbidden: names the role that is needed.
        """
        del handler
        context = connection.scope["state"].get("context")
        if not isinstance(context, Context) or not context.role.covers(self.role):
            raise Forbidden(f"This needs the role {self.role}; ask an admin of your organization.", code="role")


class Gate:
    """The application's first guard: finds the caller, then asks whether the route is for them."""

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        branch_finder: BranchFinder,
        visitor_finder: VisitorFinder,
        limiter: RateLimiter,
    ) -> None:
        """The three ports run in the gate's own threads."""
        self._branch_finder = branch_finder
        self._visitor_finder = visitor_finder
        self._limiter = limiter
        self._lane = Lane("gate", size=8)
        self._callers = Callers(authenticator, self._lane)
        self._branches: dict[tuple[int, str], int] = {}

    def close(self) -> None:
        """Let the gate's threads go."""
        self._lane.close()

    async def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Set the request's Context, or refuse.

        Raises:
            Unauthorized: no token and no session, or one that nobody holds.
            Forbidden: the role, the scopes or the branch do not allow it, or the request comes from another site.
            TooMany: a rate limit is reached.
            Invalid: the address cannot be read.
            Unsupported: the body is of another kind than the route reads.
        """
        _refuse_odd_address(connection.scope)
        if handler.opt.get(PAGE) and connection.scope.get("method") not in READING:
            refuse_cross_site(connection)
        if not handler.opt.get(OPEN):
            context = await self._identify(connection, handler)
            _allow_scope(context, handler)
            connection.scope["state"]["context"] = context
            if not _names_role(handler):
                needed = Role.VIEWER if connection.scope.get("method") in READING else Role.OPERATOR
                await Requires(needed)(connection, handler)
        _expect_media(connection, handler)

    def note_answer(self, scope: Scope) -> None:
        """An admin who changed something may have changed who may call: nobody is known from before."""
        handler = scope.get("route_handler")
        if (
            scope.get("method") not in READING
            and isinstance(handler, BaseRouteHandler)
            and needed_role(handler) is Role.ADMIN
        ):
            self._callers.forget()

    async def recognise(self, connection: AnyConnection) -> None:
        """Find who sits at the browser where no route was found; nobody is known while the database is away."""
        if token := session_token(connection):
            with contextlib.suppress(Unavailable):
                connection.scope["state"]["visitor"] = await self._lane.run(self._visitor_finder, token)

    async def _identify(self, connection: AnyConnection, handler: BaseRouteHandler) -> Context:
        context = await self._find(connection, is_page=bool(handler.opt.get(PAGE)))
        allowance = self._limiter.take(context)
        connection.scope["state"]["allowance"] = allowance
        if not allowance.allowed:
            raise TooMany(
                f"More than {allowance.limit} requests in a minute; go on in {allowance.reset} s.",
                code="rate_limit",
                retry_after=allowance.reset,
            )
        branch_id = context.branch_id if handler.opt.get(PAGE) else await self._branch(connection, context)
        return replace(context, branch_id=branch_id, request_id=request_id(connection.scope))

    async def _find(self, connection: AnyConnection, *, is_page: bool) -> Context:
        if is_page or ("authorization" not in connection.headers and session_token(connection)):
            return await self._find_visitor(connection, is_page=is_page)
        context = await self._callers.find(_token(connection))
        if context is None:
            raise Unauthorized("This API key is not known, has expired or was revoked.", code="unknown_key")
        return context

    async def _find_visitor(self, connection: AnyConnection, *, is_page: bool) -> Context:
        """On a page the session's branch is at work; the API asks for its header, whoever calls."""
        token = session_token(connection)
        visitor = await self._lane.run(self._visitor_finder, token) if token else None
        if visitor is None:
            raise Unauthorized("You are not signed in, or have been away for too long. Sign in.", code="no_session")
        if connection.scope.get("method") not in READING:
            refuse_cross_site(connection)
        connection.scope["state"]["visitor"] = visitor
        return visitor.context if is_page else replace(visitor.context, branch_id=None)

    async def _branch(self, connection: AnyConnection, context: Context) -> int | None:
        text = connection.headers.get(BRANCH_HEADER)
        if text is None:
            return context.branch_id
        return await self._find_branch(context.organization_id, text)

    async def _find_branch(self, organization_id: int, text: str) -> int:
        """A branch is never removed: what was found once is known from then on."""
        known = self._branches.get((organization_id, text))
        if known is not None:
            return known
        found = await self._lane.run(self._branch_finder, organization_id, text)
        if len(self._branches) >= _MOST_BRANCHES:
            self._branches.clear()
        self._branches[organization_id, text] = found
        return found


viewer: Final = Requires(Role.VIEWER)
admin: Final = Requires(Role.ADMIN)


def requires(role: Role) -> Requires:
    """The guard for a role."""
    return Requires(role)


def needed_role(handler: BaseRouteHandler) -> Role | None:
    """The role that a route names itself, the highest of several; None where the method decides."""
    named = [guard.role for guard in handler.resolve_guards() if isinstance(guard, Requires)]
    return next((role for role in named if all(role.covers(other) for other in named)), None)


def _token(connection: AnyConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN or not token.isascii():
        raise Unauthorized("Send your API key in the header `Authorization: Bearer <api-key>`.")
    return token


def _allow_scope(context: Context, handler: BaseRouteHandler) -> None:
    needed = handler.opt.get(SCOPE)
    if context.scopes and needed != ANY_SCOPE and needed not in context.scopes:
        raise Forbidden(
            f"This API key was made for {', '.join(sorted(context.scopes))} only; "
            f"this takes one {f'for {needed}' if needed else 'without scopes'}.",
            code="scope",
        )


def _names_role(handler: BaseRouteHandler) -> bool:
    return needed_role(handler) is not None


def _refuse_odd_address(scope: Scope) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise invalid_parameter("address", "must not hold the character NUL")
    if any(isinstance(value, int) and abs(value) > BIGGEST_INTEGER for value in scope["path_params"].values()):
        raise NotFound("There is nothing at this address.")


def _has_body(connection: AnyConnection) -> bool:
    """Whoever sends one says how long it is, or that it comes in pieces."""
    return connection.headers.get("content-length", "0") != "0" or "transfer-encoding" in connection.headers


def _expect_media(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """A body must be what the route reads: browsers send other kinds across sites without asking."""
    field = handler.parsed_data_field
    if field is None or not isinstance(field.kwarg_definition, BodyKwarg):
        return
    wanted = str(getattr(field.kwarg_definition.media_type, "value", field.kwarg_definition.media_type))
    given = connection.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if not kind and not _has_body(connection):
        return
    if connection.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unsupported("Send the body without Content-Encoding.")
    if kind != wanted:
        raise Unsupported(f"Send the body as {wanted}, not as {kind or 'something without a Content-Type'}.")
    if wanted == RequestEncodingType.MULTI_PART and "boundary=" not in given.lower():
        raise invalid_parameter("content-type", "lacks the boundary of the form")
