"""What the routes of stock read from query and headers, as the OpenAPI description says it."""

from typing import Final

from tranche.inventory.domain import SOON_DAYS, SortBy
from tranche.inventory.schemas.operations import KINDS
from tranche.kernel.web.openapi import choice, text, usual, whole
from tranche.kernel.web.pagination import MOST_PER_PAGE

MOST_DAYS: Final = 36_500

SIZE: Final = whole("size", "Another name of limit.", most=MOST_PER_PAGE)
PAGES: Final = (*usual("page", "limit"), SIZE)
LIST: Final = (
    *PAGES,
    whole("itemId", "Batches of this item."),
    text("batchNumber", "The batch of exactly this number."),
    text("search", "A part of batchNumber or batchName, among the newest 100,000."),
    choice("isActive", "Active ones, or the others.", choices=("true", "false")),
    choice("sortBy", "createdAt unless said.", choices=list(SortBy)),
    choice("sortOrder", "desc unless said.", choices=("asc", "desc")),
)
HISTORY: Final = (
    *PAGES,
    whole("itemId", "Movements of this item."),
    whole("batchId", "Movements out of or into this batch."),
    choice("operationType", "Movements of this type.", choices=list(KINDS)),
)
INCLUDE: Final = choice("include", "Adds the batches of each item.", choices=("batches",))
DAYS: Final = whole("days", f"How many days at most are left; {SOON_DAYS} unless said.", least=0, most=MOST_DAYS)
