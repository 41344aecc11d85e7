"""The pages of messages: the outbox, suppressed addresses, channels and templates."""

from typing import Any, Final

from tranche.kernel.context import Role
from tranche.kernel.web.pages.ports import Area, MenuEntry
from tranche.messaging.pages.channels import CHANNEL_PAGES
from tranche.messaging.pages.message import MESSAGE_PAGES
from tranche.messaging.pages.outbox import OUTBOX_PAGES
from tranche.messaging.pages.templates import make_template_pages

__all__ = ["MENU", "PAGES", "make_template_pages"]

PAGES: Final[tuple[Any, ...]] = (*OUTBOX_PAGES, *MESSAGE_PAGES, *CHANNEL_PAGES)
MENU: Final = (
    MenuEntry(label="Messages", path="/messages", icon="mail", position=60),
    MenuEntry(
        label="Channels", path="/settings/channels", icon="mail", position=60, role=Role.ADMIN, area=Area.SETTINGS
    ),
    MenuEntry(
        label="Message templates",
        path="/settings/templates",
        icon="template",
        position=61,
        role=Role.ADMIN,
        area=Area.SETTINGS,
    ),
)
