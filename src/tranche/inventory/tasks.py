"""The operations of items and stock: their imports, and the undo of an import of items."""

from collections.abc import Sequence

from tranche.imports.domain import Limits
from tranche.imports.tasks import FilePaths, make_handler
from tranche.imports.undo import make_undo_handler
from tranche.inventory.opening.target import StockTarget
from tranche.inventory.queries.tracking import mark_stocked_items
from tranche.inventory.service import UNDO_KIND
from tranche.inventory.target import ItemTarget
from tranche.inventory.undo import ItemUndoer, MarkUsed
from tranche.kernel.operations.handlers import Handler


def make_handlers(files: FilePaths, *, limits: Limits, users: Sequence[MarkUsed]) -> list[Handler]:
    """The kinds of operation that this module adds; `users` know which items are in use."""
    return [
        make_handler(ItemTarget(), files, limits=limits),
        make_handler(StockTarget(), files, limits=limits),
        make_undo_handler(UNDO_KIND, ItemUndoer([*users, mark_stocked_items])),
    ]
