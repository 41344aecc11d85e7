"""The shell around every page: templates, menu, and how a page becomes bytes."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from litestar.datastructures import Cookie

from tranche import __version__
from tranche.kernel.context import Role
from tranche.kernel.web.assets import Assets
from tranche.kernel.web.pages import charts
from tranche.kernel.web.pages.filters import FILTERS
from tranche.kernel.web.pages.flash import read_flash
from tranche.kernel.web.pages.listing import address
from tranche.kernel.web.pages.ports import Area, HomeCard, MenuEntry, Searcher
from tranche.kernel.web.requests import AnyRequest, request_id
from tranche.kernel.web.visitors import find_visitor

THEME_COOKIE: Final = "theme"
THEMES: Final = ("light", "dark", "auto")

_PACKAGE: Final = Path(__file__).parents[3]


class Shell:
    """Renders templates with what every page needs around it."""

    def __init__(
        self,
        assets: Assets,
        *,
        menu: Sequence[MenuEntry] = (),
        cards: Sequence[HomeCard] = (),
        searchers: Sequence[Searcher] = (),
    ) -> None:
        """Entries and cards may come in any order; they stand by their positions."""
        self.assets = assets
        self.menu = sorted(menu, key=lambda entry: entry.position)
        self.cards = sorted(cards, key=lambda card: card.position)
        self.searchers = tuple(searchers)
        self.environment = _environment(assets)

    def render(self, request: AnyRequest, template: str, data: Mapping[str, Any]) -> str:
        """A whole page for this request's visitor."""
        return self.environment.get_template(template).render({**self._around(request), **data})

    def render_block(self, request: AnyRequest, template: str, block: str, data: Mapping[str, Any]) -> str:
        """One block of a page alone: what htmx puts into a page that is there already."""
        found: Template = self.environment.get_template(template)
        context = found.new_context({**self._around(request), **data})
        return self.environment.concat(found.blocks[block](context))

    def render_plain(self, template: str, data: Mapping[str, Any]) -> str:
        """A piece that is the same for everybody, such as the bell of an organization."""
        return self.environment.get_template(template).render(data)

    def entries(self, role: Role, area: Area = Area.MAIN) -> list[MenuEntry]:
        """The entries that a role may see, in order."""
        return [entry for entry in self.menu if entry.area is area and role.covers(entry.role)]

    def _around(self, request: AnyRequest) -> dict[str, Any]:
        visitor = find_visitor(request.scope)
        theme = request.cookies.get(THEME_COOKIE, "auto")
        path = request.scope["path"]
        entries = [] if visitor is None else self.entries(visitor.context.role)
        settings = [] if visitor is None else self.entries(visitor.context.role, Area.SETTINGS)
        return {
            "visitor": visitor,
            "ctx": visitor.context if visitor else None,
            "zone": visitor.zone if visitor else "UTC",
            "menu": entries,
            "settings_menu": settings,
            "here": _longest(path, [*entries, *settings]),
            "path": path,
            "query": request.query_params,
            "theme": theme if theme in THEMES else "auto",
            "flash": read_flash(request),
            "request_id": request_id(request.scope),
        }


def theme_cookie(theme: str) -> Cookie:
    """Remembers light or dark; scripts read it before the page is drawn, so it is not hidden from them."""
    return Cookie(key=THEME_COOKIE, value=theme, path="/", samesite="lax", max_age=31_536_000)


def _longest(path: str, entries: Sequence[MenuEntry]) -> str:
    """The address of the entry that the page belongs to."""
    fitting = [one.path for one in entries if path == one.path or (one.path != "/" and path.startswith(f"{one.path}/"))]
    return max(fitting, key=len, default="")


def _environment(assets: Assets) -> Environment:
    environment = Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(asset=assets.url, version=__version__, charts=charts, address=address)
    environment.globals["ui"] = environment.get_template("shell/ui.html").module
    environment.globals["forms"] = environment.get_template("shell/forms.html").module
    return environment


def _load(name: str) -> tuple[str, str, Any] | None:
    """`orders/list.html` stands in `tranche/orders/templates/list.html`, the kernel's own one floor deeper."""
    module, _, rest = name.partition("/")
    homes = [_PACKAGE / "kernel/web" if module == "shell" else _PACKAGE / module, _PACKAGE / "kernel" / module]
    for home in homes:
        path = home / "templates" / (name if module == "shell" else rest)
        if path.is_file():
            return path.read_text(encoding="utf-8"), str(path), partial(_is_unchanged, path, path.stat().st_mtime)
    return None


def _is_unchanged(path: Path, written: float) -> bool:
    return path.stat().st_mtime == written
