"""What a module adds to the shell: entries of the menu, cards of the home page, answers to the search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection


class Area(StrEnum):
    """Where an entry of the menu stands: the sidebar, or the settings' own list."""

    MAIN = "main"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """A page that one goes to; it is shown to who has `role`, and marked while the address begins with `path`.

    `icon` names a symbol of `assets/icons.svg`. Entries stand by `position`: see docs/pages.md for who has which.
    """

    label: str
    path: str
    icon: str
    position: int
    role: Role = Role.VIEWER
    area: Area = Area.MAIN


class Load(Protocol):
    """What a card shows, or None when there is nothing to show now."""

    def __call__(self, conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCard:
    """A card of the home page: `template` is rendered with what `load` answers. `is_wide` takes the whole width."""

    name: str
    template: str
    load: Load
    position: int
    role: Role = Role.VIEWER
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a search found: what kind of thing, its name, a few words more, and its page."""

    kind: str
    label: str
    path: str
    detail: str = ""


class Searcher(Protocol):
    """Finds things by number or name; at most `limit`, fast (an index), and only what `ctx` may see."""

    def __call__(self, conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]: ...
