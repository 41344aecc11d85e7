"""The operations of items and stock: their imports, and the undo of an import of items."""

from collections.abc import Sequence
from dataclasses import replace

from tranche.imports.domain import Limits
from tranche.imports.tasks import FilePaths, make_handler
from tranche.imports.undo import make_undo_handler
from tranche.inventory.opening.target import StockTarget
from tranche.inventory.queries.tracking import mark_stocked_items
from tranche.inventory.service import UNDO_KIND, undo
from tranche.inventory.target import ItemTarget
from tranche.inventory.undo import ItemUndoer, MarkUsed
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Handler
from tranche.kernel.operations.service import Operations


def make_handlers(files: FilePaths, *, limits: Limits, users: Sequence[MarkUsed]) -> list[Handler]:
    """The kinds of operation that this module adds; `users` know which items are in use."""
    return [
        replace(make_handler(ItemTarget(), files, limits=limits), undo=_undo_import),
        make_handler(StockTarget(), files, limits=limits),
        make_undo_handler(UNDO_KIND, ItemUndoer([*users, mark_stocked_items])),
    ]


def _undo_import(conn: Connection, ctx: Context, operations: Operations, operation: Operation) -> Operation:
    """See service.undo."""
    return undo(conn, ctx, operations, import_id=operation.payload["importId"])
