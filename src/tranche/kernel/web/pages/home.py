"""The pages that belong to the shell itself: home, search, light or dark, and the stream of the bell."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from markupsafe import Markup

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import PAGE
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.ports import Area, Hit
from tranche.kernel.web.pages.render import Html, fragment, is_own_path, redirect, render, shell_of
from tranche.kernel.web.pages.routes import ANYBODY, form, page
from tranche.kernel.web.pages.shell import THEMES, Shell, theme_cookie
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.stream import ORGANIZATION, Hub

_MOST_HITS: Final = 8
_LONGEST_TEXT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    html: Markup
    is_wide: bool


@page("/")
def home_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """What needs a hand, what is running, what came in last."""
    shell = shell_of(request)
    with database.transaction(ctx.organization_id) as conn:
        loaded = [(card, card.load(conn, ctx)) for card in shell.cards if ctx.role.covers(card.role)]
    cards = [
        _Card(html=Markup(shell.render(request, card.template, data)), is_wide=card.is_wide)  # noqa: S704  # a rendered template
        for card, data in loaded
        if data is not None
    ]
    return render(request, "shell/home.html", {"cards": cards})


@page("/search")
def search_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """What begins with the text; a single hit is gone to at once."""
    text = _read_text(request)
    hits = _search(shell_of(request), database, ctx, text=text)
    if len(hits) == 1:
        return redirect(hits[0].path)
    return render(request, "shell/search.html", {"text": text, "hits": hits})


@page("/search/hits")
def search_hits(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The same below the field, while somebody types."""
    text = _read_text(request)
    hits = _search(shell_of(request), database, ctx, text=text)
    return fragment(request, "shell/search.html", "hits", {"text": text, "hits": hits})


class ThemeForm(Body, frozen=True):
    """Light, dark, or as the device has it; `back` is the page to return to."""

    theme: str
    back: str = "/"


@form("/preferences/theme", role=ANYBODY)
def choose_theme(data: URLEncodedBody[ThemeForm]) -> Html:
    """Remember light or dark in this browser."""
    theme = data.theme if data.theme in THEMES else "auto"
    return redirect(data.back if is_own_path(data.back) else "/", cookies=(theme_cookie(theme),))


@get("/events", opt={PAGE: True}, include_in_schema=False)
async def follow_organization(
    request: AnyRequest, ctx: NamedDependency[Context], hub: NamedDependency[Hub]
) -> EventStream:
    """The bell of the organization as server-sent events."""
    return EventStream(hub, ctx, request, operation_id=ORGANIZATION)


ROUTES: Final[tuple[Any, ...]] = (home_page, search_page, search_hits, choose_theme, follow_organization)


def _read_text(request: AnyRequest) -> str:
    return request.query_params.get("q", "").strip()[:_LONGEST_TEXT]


def _search(shell: Shell, database: Database, ctx: Context, *, text: str) -> list[Hit]:
    if not text or "\0" in text:
        return []
    with database.transaction(ctx.organization_id) as conn:
        found = _ask(shell, conn, ctx, text=text)
    return [*found, *_pages(shell, ctx, text=text)][:_MOST_HITS]


def _ask(shell: Shell, conn: Connection, ctx: Context, *, text: str) -> list[Hit]:
    hits: list[Hit] = []
    for searcher in shell.searchers:
        hits += searcher(conn, ctx, text=text, limit=_MOST_HITS)
    return hits


def _pages(shell: Shell, ctx: Context, *, text: str) -> list[Hit]:
    entries = [*shell.entries(ctx.role), *shell.entries(ctx.role, Area.SETTINGS)]
    wanted = text.casefold()
    return [
        Hit(kind="Page", label=one.label, path=one.path) for one in entries if one.label.casefold().startswith(wanted)
    ]
