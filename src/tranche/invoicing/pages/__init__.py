"""The pages of invoices: choose orders, look, create; the list, one invoice, the key metrics, the settings."""

from typing import Any, Final

from tranche.invoicing.pages.choosing import CHOOSING
from tranche.invoicing.pages.dashboard import DASHBOARD
from tranche.invoicing.pages.looking import LOOKING
from tranche.invoicing.pages.panels import PANELS
from tranche.invoicing.pages.searching import find_invoices
from tranche.invoicing.pages.settings import SETTINGS
from tranche.kernel.context import Role
from tranche.kernel.web.pages.ports import Area, MenuEntry, Searcher

__all__ = ["MENU", "PAGES", "PANELS", "SEARCHERS"]

PAGES: Final[tuple[Any, ...]] = (*CHOOSING, *DASHBOARD, *LOOKING, *SETTINGS)
MENU: Final = (
    MenuEntry(label="Invoices", path="/invoices", icon="invoice", position=50),
    MenuEntry(
        label="Invoices", path="/settings/invoices", icon="number", position=60, role=Role.ADMIN, area=Area.SETTINGS
    ),
)
SEARCHERS: Final[tuple[Searcher, ...]] = (find_invoices,)
