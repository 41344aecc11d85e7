"""What the routes of stock read from query and headers, as the OpenAPI description says it."""

from typing import Final

from litestar.openapi.spec import OpenAPIType, Parameter, Schema

from tranche.inventory.domain import SOON_DAYS, SortBy
from tranche.inventory.schemas.operations import KINDS
from tranche.kernel.web.auth import BRANCH_HEADER
from tranche.kernel.web.openapi import choice, text, whole
from tranche.kernel.web.pagination import LAST_PAGE, MOST_PER_PAGE

LONGEST_SEARCH: Final = 300
MOST_DAYS: Final = 36_500

BRANCH: Final = Parameter(
    name=BRANCH_HEADER,
    param_in="header",
    description="The branch in which stock is looked at or changed; without it the branch of the API key counts.",
    schema=Schema(type=OpenAPIType.INTEGER, minimum=1),
    required=False,
)
PAGES: Final = (
    whole("page", "Counted from 1.", most=LAST_PAGE),
    whole("limit", "How many on a page.", most=MOST_PER_PAGE),
    whole("size", "Another name of limit.", most=MOST_PER_PAGE),
)
LIST: Final = (
    *PAGES,
    whole("itemId", "Batches of this item."),
    text("batchNumber", "The batch of exactly this number.", longest=LONGEST_SEARCH),
    text("search", "A part of batchNumber or batchName, among the newest 100,000.", longest=LONGEST_SEARCH),
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
ITEM_LIST: Final = (
    *PAGES,
    text("search", "A code, or the beginning of a name.", longest=LONGEST_SEARCH),
    INCLUDE,
)
DAYS: Final = whole("days", f"How many days at most are left; {SOON_DAYS} unless said.", least=0, most=MOST_DAYS)
