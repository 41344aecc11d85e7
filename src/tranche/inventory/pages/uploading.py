"""Items and opening stock from spreadsheets in the browser: the first steps; the report is the operation's page."""

from typing import Any, Final

from tranche.imports import service as imports
from tranche.imports.pages import Uploading, make_upload_pages
from tranche.inventory import service
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.opening import service as opening
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.inventory.pages.shared import require_branch
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations


def _report(_: int, operation_id: int) -> str:
    return f"/operations/{operation_id}"


def _try_items(conn: Connection, ctx: Context, operations: Operations, wanted: imports.Sent) -> Operation:
    return service.bring_in(conn, ctx, operations, wanted=wanted)[1]


def _try_stock(conn: Connection, ctx: Context, operations: Operations, wanted: imports.Sent) -> Operation:
    return opening.bring_in_stock(conn, ctx, operations, wanted=wanted)[1]


ITEMS: Final = Uploading(
    target=service.TARGET,
    fields=ITEM_FIELDS,
    many="items",
    row="one row for each item",
    unused="is kept with the item",
    new="/stock/items/upload",
    one="/stock/items/imports",
    back=("/stock/items", "Items"),
    duplicates=(("error", "Refuse them"), ("skip", "Skip them"), ("update", "Update them")),
    try_out=_try_items,
    report=_report,
)
STOCK: Final = Uploading(
    target=opening.TARGET,
    fields=STOCK_FIELDS,
    many="opening stock",
    row="one row for what the branch has of a lot, or of an item without lots",
    unused="is left in the file",
    new="/stock/upload",
    one="/stock/imports",
    back=("/stock", "Lots"),
    duplicates=(("error", "Refuse it"), ("skip", "Skip it")),
    try_out=_try_stock,
    report=_report,
    has_branch=True,
    either=(("itemSku", "name"), "Item SKU or Name"),
    require=require_branch,
)
UPLOADINGS: Final = {one.target: one for one in (ITEMS, STOCK)}
PAGES: Final[tuple[Any, ...]] = tuple(route for one in UPLOADINGS.values() for route in make_upload_pages(one))
