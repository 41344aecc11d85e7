"""The pages of identity: coming in, the person's own page, the settings of the organization."""

from typing import Any, Final

from tranche.kernel.context import Role
from tranche.kernel.identity.pages import entering, joining, profile, users
from tranche.kernel.web.pages.ports import Area, MenuEntry

PAGES: Final[tuple[Any, ...]] = (*entering.ROUTES, *joining.ROUTES, *profile.ROUTES, *users.ROUTES)


def _setting(label: str, path: str, icon: str, position: int) -> MenuEntry:
    return MenuEntry(label=label, path=path, icon=icon, position=position, role=Role.ADMIN, area=Area.SETTINGS)


MENU: Final[tuple[MenuEntry, ...]] = (
    MenuEntry(label="Home", path="/", icon="home", position=10),
    MenuEntry(label="Settings", path="/settings", icon="settings", position=99, role=Role.ADMIN),
    _setting("Users", users.PATH, "users", 30),
)
