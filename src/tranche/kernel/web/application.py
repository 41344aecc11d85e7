"""The application: routes, gate, errors and headers put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import structlog
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import HTTPResponseStartEvent, Message, Scope

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.faults import describe
from tranche.kernel.garbage import uncollected
from tranche.kernel.settings import Settings
from tranche.kernel.web.auth import Authenticator, BranchFinder, Gate
from tranche.kernel.web.document import ApiArea
from tranche.kernel.web.errors import fail, refuse, refuse_http
from tranche.kernel.web.exports import Exports
from tranche.kernel.web.heads import list_methods
from tranche.kernel.web.health import Readiness, Ready, livez, readyz
from tranche.kernel.web.json import Body, BodyPlugin, DecimalSchema, JsonResponse
from tranche.kernel.web.openapi import document_errors, openapi_config
from tranche.kernel.web.pages import home
from tranche.kernel.web.pages.refusals import for_browsers
from tranche.kernel.web.pages.shell import Shell
from tranche.kernel.web.rate_limit import Allowance, RateLimiter
from tranche.kernel.web.requests import provide_context, request_id
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.threads import Lane, start_threads
from tranche.kernel.web.visitors import AnyConnection, VisitorFinder

UPLOAD: Final = "upload"

_FORM_ROOM: Final = 100_000
_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

_log = structlog.get_logger(__name__)


class Fittings:
    """What an application works with, behind its routes. Routes take long to put together, fittings do not."""

    def __init__(
        self,
        *,
        database: Database,
        authenticator: Authenticator,
        branch_finder: BranchFinder,
        visitor_finder: VisitorFinder,
        shell: Shell,
        hub: Hub,
        settings: Settings,
        ready: Ready,
        exports: Exports | None = None,
        offers: Mapping[str, object] | None = None,
        areas: Sequence[ApiArea] = (),
    ) -> None:
        """Handlers take by name `ctx`, `database`, `hub`, `exports` (else over `database`) and what `offers` names."""
        self.settings = settings
        self.hub = hub
        self.shell = shell
        self.ready = ready
        self.areas = tuple(areas)
        self.exports = exports or Exports(database)
        self.values = {"database": database, "hub": hub, "exports": self.exports, **(offers or {})}
        self.health = Lane("health", size=2)
        self.gate = Gate(
            authenticator=authenticator,
            branch_finder=branch_finder,
            visitor_finder=visitor_finder,
            limiter=RateLimiter(
                per_caller=settings.rate_per_minute, per_organization=settings.rate_per_minute_organization
            ),
        )

    @property
    def state(self) -> dict[str, object]:
        """What templates and refusals reach through the application's state."""
        return {"shell": self.shell, "gate": self.gate, "public_url": self.settings.public_url, "areas": self.areas}


class _Frame:
    """Where an application looks for its present fittings."""

    def __init__(self, fittings: Fittings) -> None:
        self.fittings = fittings

    async def guard(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        await self.fittings.gate(connection, handler)

    async def find_missing(self) -> Readiness:
        return await self.fittings.health.run(self.fittings.ready)

    def offer(self, name: str) -> Provide:
        return Provide(lambda: self.fittings.values[name], sync_to_thread=False)


def make_app(fittings: Fittings, *, routes: Sequence[Any]) -> Litestar:
    """Put the web application together; call it before an event loop runs.

    A route with `opt={"upload": True}` takes bodies up to `settings.max_upload_bytes`, the others
    `settings.max_body_bytes`.
    """
    start_threads()
    frame, settings = _Frame(fittings), fittings.settings
    # All by one router: where three routes share an address, Litestar would wrap the first of them three times.
    ours = [livez, readyz(frame.find_missing), fittings.shell.assets.route(), *home.ROUTES]
    router = Router("/", route_handlers=[*ours, *routes])
    with uncollected():
        return Litestar(
            [router],
            guards=[frame.guard],
            dependencies={
                "ctx": Provide(provide_context, sync_to_thread=False),
                **{name: frame.offer(name) for name in fittings.values},
            },
            plugins=[BodyPlugin(), DecimalSchema(), _RouteRules(upload_bytes=settings.max_upload_bytes + _FORM_ROOM)],
            exception_handlers={
                TrancheError: for_browsers(refuse),
                HTTPException: for_browsers(refuse_http),
                Exception: for_browsers(fail),
            },
            state=State({**fittings.state, "frame": frame}),
            response_class=JsonResponse,
            request_max_body_size=settings.max_body_bytes,
            before_send=[_finish_headers],
            lifespan=[partial(_live, frame=frame)],
            openapi_config=openapi_config(),
            logging_config=None,
            debug=False,
            pdb_on_exception=False,
        )


def refit(app: Litestar, fittings: Fittings) -> None:
    """Give an application that is not running other fittings; its routes and the sizes of bodies stay."""
    start_threads()
    app.state["frame"].fittings = fittings
    for name, value in fittings.state.items():
        app.state[name] = value


class _RouteRules(ReceiveRoutePlugin):
    """What holds for every route, whoever wrote it."""

    def __init__(self, *, upload_bytes: int) -> None:
        self._upload_bytes = upload_bytes

    def receive_route(self, route: BaseRoute) -> None:
        """Set the upload limit and the documented errors; refuse a body that would pass through floats."""
        if not isinstance(route, HTTPRoute):
            return
        for handler in route.route_handlers:
            if handler.opt.get(UPLOAD):
                handler.request_max_body_size = self._upload_bytes
            _expect_body(handler)
            document_errors(handler)


def _expect_body(handler: HTTPRouteHandler) -> None:
    field = handler.parsed_data_field
    if field is not None and not field.is_subclass_of(Body):
        raise TypeError(f"{handler}: `data` must be a subclass of kernel.web.json.Body")


@contextlib.asynccontextmanager
async def _live(app: Litestar, *, frame: _Frame) -> AsyncIterator[None]:
    """Run the hub as long as the application runs."""
    del app
    fittings = frame.fittings
    task = asyncio.create_task(_keep(fittings.hub))
    try:
        yield
    finally:
        fittings.hub.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        for lane in (fittings.gate, fittings.health, fittings.exports):
            lane.close()


async def _keep(hub: Hub) -> None:
    """A fault in the hub must not silence every stream for good."""
    while True:
        try:
            await hub.run()
        except Exception as error:  # noqa: BLE001  # logged, and started again
            _log.error("hub failed", **describe(error))
            await asyncio.sleep(1)


async def _finish_headers(message: Message, scope: Scope) -> None:
    """Every response of every kind passes here once, when it starts."""
    if message["type"] != "http.response.start":
        return
    scope["litestar_app"].state["gate"].note_answer(scope)
    if scope.get("method") == HttpMethod.OPTIONS:
        _tell_methods(message, scope)
    present = {name.lower() for name, _ in message["headers"]}
    wanted = {**_HEADERS, "x-request-id": request_id(scope)}
    allowance = scope["state"].get("allowance")
    if isinstance(allowance, Allowance):
        wanted.update(allowance.headers)
    extra = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]
    message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
    _log_response(scope, status=message["status"])


def _tell_methods(message: HTTPResponseStartEvent, scope: Scope) -> None:
    """All methods of an address: where several routes share one, the framework tells those of the first alone."""
    routes = (route for route in scope["litestar_app"].routes if isinstance(route, HTTPRoute))
    found = next((route for route in routes if route.path_format == scope.get("path_template")), None)
    if found is not None:
        others = [pair for pair in message["headers"] if pair[0].lower() != b"allow"]
        message["headers"] = [*others, (b"allow", list_methods(found.methods).encode())]


def _log_response(scope: Scope, *, status: int) -> None:
    """The route's template instead of its address: ids and searches stay out of the log."""
    _log.info(
        "response",
        request_id=request_id(scope),
        method=scope.get("method"),
        route=scope.get("path_template"),
        status=int(status),
    )
