"""The pages of the bill-stop analysis, and the settings of its source."""

from typing import Any, Final

from tranche.billing_stops.pages.analysis import ANALYSIS_PAGES
from tranche.billing_stops.pages.analysis import PATH as ANALYSIS
from tranche.billing_stops.pages.source import PATH as SOURCE
from tranche.billing_stops.pages.source import SOURCE_PAGES
from tranche.kernel.context import Role
from tranche.kernel.web.pages.ports import Area, MenuEntry

__all__ = ["MENU", "PAGES"]

PAGES: Final[tuple[Any, ...]] = (*ANALYSIS_PAGES, *SOURCE_PAGES)
MENU: Final = (
    MenuEntry(label="Bill stop", path=ANALYSIS, icon="bill-stop", position=80),
    MenuEntry(
        label="Bill-stop source", path=SOURCE, icon="bill-stop", position=62, role=Role.ADMIN, area=Area.SETTINGS
    ),
)
