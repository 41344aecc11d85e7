"""The pages of orders and of their uploads."""

from typing import Any, Final

from tranche.kernel.web.pages.ports import MenuEntry
from tranche.orders.pages import browsing, correcting, review, uploading, uploads
from tranche.orders.pages.panel import ORDER_PANELS
from tranche.orders.pages.places import UPLOADS

__all__ = ["ORDER_MENU", "ORDER_PAGES", "ORDER_PANELS"]

ORDER_PAGES: Final[tuple[Any, ...]] = (
    *browsing.ROUTES,
    *uploads.ROUTES,
    *uploading.ROUTES,
    *review.ROUTES,
    *correcting.ROUTES,
)
ORDER_MENU: Final = (
    MenuEntry(label="Orders", path=browsing.PATH, icon="orders", position=20),
    MenuEntry(label="Uploads", path=UPLOADS, icon="upload", position=30),
)
