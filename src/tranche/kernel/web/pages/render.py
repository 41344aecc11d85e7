"""What a page's function answers: a page, a piece of one, or the way to another page."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from litestar import MediaType, Response
from litestar.datastructures import Cookie

from tranche.kernel.errors import TrancheError
from tranche.kernel.web.pages.flash import Tone, Word, flash_cookie, forget_flash
from tranche.kernel.web.pages.shell import Shell
from tranche.kernel.web.requests import AnyRequest

Html: TypeAlias = Response[str]

HTMX: Final = "hx-request"


def render(
    request: AnyRequest, template: str, data: Mapping[str, Any] | None = None, *, status: int = HTTPStatus.OK
) -> Html:
    """A whole page: `render(request, "orders/list.html", {"orders": orders})`.

    `orders/list.html` stands in `src/tranche/orders/templates/list.html`. The shell's own names (`visitor`, `ctx`,
    `path`, `query`, `zone`, `menu`) are there too; `data` wins over them.
    """
    word = forget_flash(request)
    return Response(
        shell_of(request).render(request, template, data or {}),
        status_code=status,
        media_type=MediaType.HTML,
        cookies=[word] if word else [],
        headers={"Vary": "HX-Request"},
    )


def fragment(
    request: AnyRequest, template: str, block: str, data: Mapping[str, Any], *, status: int = HTTPStatus.OK
) -> Html:
    """One block of a page, for an element that htmx fills."""
    return Response(
        shell_of(request).render_block(request, template, block, data),
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Vary": "HX-Request"},
    )


def redirect(path: str, *, say: str = "", tone: Tone = Tone.GOOD, cookies: tuple[Cookie, ...] = ()) -> Html:
    """Go to another page of ours, which says `say` once; the browser asks for it anew, so a reload sends nothing twice.

    Raises:
        ValueError: the path leads out of the house.
    """
    if not is_own_path(path):
        raise ValueError(path)
    words = (flash_cookie(Word(say, tone)),) if say else ()
    return Response(
        "",
        status_code=HTTPStatus.SEE_OTHER,
        headers={"Location": path},
        cookies=[*cookies, *words],
        media_type="text/html",
    )


def is_own_path(path: str) -> bool:
    """Whether it is a page of this house: after two slashes, of either kind, browsers expect another host."""
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isascii() and path.isprintable()


def faults_of(error: TrancheError) -> dict[str, str]:
    """A refusal by field, for `forms`: the pointer "/name" is the field `name`; "" is the form as a whole."""
    faults: dict[str, str] = {}
    for fault in error.errors:
        name = f"{fault.pointer}/".removeprefix("/data/").strip("/")
        faults.setdefault(name, fault.detail[:1].upper() + fault.detail[1:].rstrip(".") + ".")
    return faults or {"": error.message}


def base_url(request: AnyRequest) -> str:
    """Where this house stands, for links that leave it: the setting, else the address that the browser has used."""
    given = request.app.state.public_url
    return str(given).rstrip("/") if given else f"{request.url.scheme}://{request.headers.get('host', '')}"


def is_htmx(request: AnyRequest) -> bool:
    """Whether htmx asks, for a piece of a page."""
    return HTMX in request.headers


def shell_of(request: AnyRequest) -> Shell:
    """The shell of this application."""
    shell = request.app.state.shell
    if not isinstance(shell, Shell):
        raise TypeError("the application has no shell")
    return shell
