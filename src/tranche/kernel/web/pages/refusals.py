"""Refusals as pages: who sits at a browser gets words and a way on, in the shell; htmx gets a piece of a page."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from litestar import MediaType, Response
from litestar.types import ASGIApp, Receive, Scope, Send

from tranche.kernel.web.auth import PAGE
from tranche.kernel.web.errors import Problem
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pages.render import is_htmx, shell_of
from tranche.kernel.web.requests import AnyRequest

E = TypeVar("E", bound=Exception)

SIGN_IN: Final = "/sign-in"

_HEADINGS: Final = {
    HTTPStatus.BAD_REQUEST: "That cannot be taken as it is",
    HTTPStatus.FORBIDDEN: "This is not open to you",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "There is nothing here",
    HTTPStatus.CONFLICT: "That is not possible now",
    HTTPStatus.GONE: "This is no longer there",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too large",
    HTTPStatus.TOO_MANY_REQUESTS: "One moment, please",
    HTTPStatus.SERVICE_UNAVAILABLE: "Tranche is catching its breath",
}
_OURS: Final = "Something went wrong on our side"
_MACHINES: Final = ("/api/", "/functions/", "/schema", "/static/")


def for_browsers(answer: Callable[[AnyRequest, E], JsonResponse[Problem]]) -> Callable[[AnyRequest, E], Response[Any]]:
    """The same refusal, in the form that fits who asks."""

    def refuse(request: AnyRequest, error: E) -> Response[Any]:
        plain = answer(request, error)
        if not _wants_page(request):
            return plain
        return _as_page(request, plain) if _is_routed(request) else _Unrouted(plain)

    return refuse


class _Unrouted(Response[None]):
    """At an address that leads nowhere the gate was not passed: who is signed in is found now, for the shell."""

    def __init__(self, plain: JsonResponse[Problem]) -> None:
        super().__init__(None, media_type=MediaType.HTML, status_code=plain.status_code)
        self._plain = plain

    def to_asgi_response(self, app: object, request: AnyRequest, **_: Any) -> ASGIApp:  # type: ignore[override] # noqa: ANN401
        """Draws the page when it is sent."""
        del app

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await request.app.state.gate.recognise(request)
            page = _as_page(request, self._plain)
            await page.to_asgi_response(app=None, request=request)(scope, receive, send)

        return answer


def _wants_page(request: AnyRequest) -> bool:
    """A route that is a page says so; an address that leads nowhere is judged by what the browser asks for."""
    if _is_routed(request):
        return bool(request.scope["route_handler"].opt.get(PAGE))
    path = request.scope["path"]
    return "text/html" in request.headers.get("accept", "") and not path.startswith(_MACHINES)


def _is_routed(request: AnyRequest) -> bool:
    return request.scope.get("route_handler") is not None and bool(request.scope.get("path_template"))


def _as_page(request: AnyRequest, plain: JsonResponse[Problem]) -> Response[Any]:
    status, problem = HTTPStatus(plain.status_code or 500), plain.content
    if status is HTTPStatus.UNAUTHORIZED:
        return _to_sign_in(request)
    data = {"status": int(status), "heading": _HEADINGS.get(status, _OURS), "message": problem.message}
    template = "shell/error_piece.html" if is_htmx(request) else "shell/error.html"
    headers = {name: value for name, value in plain.headers.items() if name.lower() in {"retry-after", "allow"}}
    return Response(
        shell_of(request).render(request, template, data),
        status_code=status,
        media_type=MediaType.HTML,
        headers={**headers, "Vary": "HX-Request"},
    )


def _to_sign_in(request: AnyRequest) -> Response[Any]:
    """Afterwards they come back to the page that they wanted to read; what was sent has to be sent again."""
    way = SIGN_IN
    if request.method == "GET" and not is_htmx(request) and request.url.path != "/":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        way = f"{SIGN_IN}?{urlencode({'next': wanted})}"
    if is_htmx(request):
        return Response("", status_code=HTTPStatus.OK, headers={"HX-Redirect": way}, media_type=MediaType.HTML)
    return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": way}, media_type=MediaType.HTML)
