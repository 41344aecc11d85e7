"""The pages of identity: coming in, the person's own page, the settings of the organization."""

from typing import Any, Final

from tranche.kernel.context import Role
from tranche.kernel.identity.pages import api_keys, audit, entering, joining, organization, profile, users, webhooks
from tranche.kernel.web.pages.ports import Area, MenuEntry

PAGES: Final[tuple[Any, ...]] = (
    *entering.ROUTES,
    *joining.ROUTES,
    *profile.ROUTES,
    *organization.ROUTES,
    *users.ROUTES,
    *api_keys.ROUTES,
    *webhooks.ROUTES,
    *audit.ROUTES,
)


def _setting(label: str, path: str, icon: str, position: int) -> MenuEntry:
    return MenuEntry(label=label, path=path, icon=icon, position=position, role=Role.ADMIN, area=Area.SETTINGS)


MENU: Final[tuple[MenuEntry, ...]] = (
    MenuEntry(label="Home", path="/", icon="home", position=10),
    MenuEntry(label="Settings", path="/settings", icon="settings", position=99, role=Role.ADMIN),
    _setting("Organization", organization.PATH, "organization", 10),
    _setting("Branches", organization.BRANCHES_PATH, "branch", 20),
    _setting("Users", users.PATH, "users", 30),
    _setting("API keys", api_keys.PATH, "key", 40),
    _setting("Webhooks", webhooks.PATH, "webhook", 50),
    _setting("Audit log", audit.PATH, "audit", 80),
)
