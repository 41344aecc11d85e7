"""Imports of items as what an undo takes back."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tranche.catalog import service as catalog
from tranche.inventory.queries import undoing
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status

MarkUsed: TypeAlias = Callable[[Connection], None]


class ItemUndoer:
    """See imports.undo.Undoer. Only items that the import made, and that nobody has changed or used, go."""

    unit = "items"

    def __init__(self, users: Sequence[MarkUsed]) -> None:
        """`users` fill `used_by` in the TEMP table `held_items` of `catalog.service.hold`, each for its own tables."""
        self._users = users

    def collect(self, conn: Connection, operation: Operation) -> None:
        """What the import made or changed."""
        undoing.create_wanted(conn, import_id=_import(operation))

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Items that were there before, were changed since or are used are kept."""
        catalog.hold(conn)
        for mark_used in self._users:
            mark_used(conn)
        undoing.judge(conn, import_id=_import(operation))

    def remove(self, conn: Connection, operation: Operation) -> None:
        """The others go."""
        del operation
        undoing.create_going(conn)
        catalog.remove(conn)

    def reopen(self, conn: Connection, operation: Operation) -> None:
        """Always."""

    def finished(self, conn: Connection, operation: Operation, status: Status) -> None:
        """The operation says it all."""


def _import(operation: Operation) -> int:
    return int(operation.payload["importId"])
