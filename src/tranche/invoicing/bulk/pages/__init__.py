"""The pages of document 3: sending and printing invoices, what became of a sending, and the design of invoices."""

from typing import Any, Final

from tranche.invoicing.bulk.pages.design import DESIGN_PAGES
from tranche.invoicing.bulk.pages.panels import PANELS
from tranche.invoicing.bulk.pages.print import PRINT_PAGES
from tranche.invoicing.bulk.pages.send import SEND_PAGES
from tranche.invoicing.bulk.pages.sendings import SENDING_PAGES
from tranche.kernel.context import Role
from tranche.kernel.web.pages.ports import Area, MenuEntry

__all__ = ["MENU", "PAGES", "PANELS"]

PAGES: Final[tuple[Any, ...]] = (*SEND_PAGES, *SENDING_PAGES, *PRINT_PAGES, *DESIGN_PAGES)
MENU: Final = (
    MenuEntry(
        label="Invoice design",
        path="/settings/invoice-design",
        icon="invoice",
        position=65,
        role=Role.ADMIN,
        area=Area.SETTINGS,
    ),
)
