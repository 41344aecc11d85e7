"""The pages of stock: lots, items, the sheet that moves, what comes in and is counted, recall, what expires."""

from typing import Any, Final

from tranche.inventory.pages import changing, expiring, items, lots, sheet, states, uploading
from tranche.kernel.web.pages.ports import MenuEntry

PAGES: Final[tuple[Any, ...]] = (
    *lots.PAGES,
    *items.PAGES,
    *sheet.PAGES,
    *changing.PAGES,
    *states.PAGES,
    *expiring.PAGES,
    *uploading.PAGES,
)
MENU: Final = (MenuEntry(label="Stock", path="/stock", icon="stock", position=70),)
CARDS: Final = (expiring.CARD,)
