"""Opening stock as the endpoints of imports see it."""

from tranche.imports.domain import Field, OnDuplicate
from tranche.imports.intakes import Accepted
from tranche.imports.targets import Import
from tranche.imports.undo import NothingToUndo
from tranche.inventory.domain import NotUndoable
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.inventory.opening.service import check_duplicates
from tranche.inventory.opening.target import BRANCH, USER, group_of
from tranche.inventory.queries.history import list_group
from tranche.inventory.schemas.imports import item_import_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.envelope import Envelope, envelope


class StockIntake:
    """See imports.intakes.Intake."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of opening stock."""
        return STOCK_FIELDS

    def check(self, *, on_duplicate: OnDuplicate) -> None:
        """As for the upload."""
        check_duplicates(on_duplicate, pointer="/onDuplicate")

    def accept(self, conn: Connection, ctx: Context, *, work: Import, allow_duplicate: bool) -> Accepted:
        """Into the branch of the dry run. What was in stock before is refused row by row: a file may come twice."""
        del conn, allow_duplicate
        return Accepted(links={BRANCH: work.options[BRANCH], USER: ctx.user_id})

    def answer(self, conn: Connection, ctx: Context, *, work: Import, operation: Operation) -> tuple[object, str]:
        """As an upload answers."""
        del conn
        body: Envelope[object] = envelope(ctx, item_import_out(work, operation), message="Import started")
        return body, f"/api/operations/{operation.id}"

    def undo(self, conn: Connection, ctx: Context, operations: Operations, *, work: Import) -> Operation:
        """Not as an import: all its movements are one operation on the stock, which is undone as such.

        Raises:
            NothingToUndo, NotUndoable: that one says by which movement.
        """
        del ctx, operations
        rows = list_group(conn, group_id=group_of(work.id))
        if not rows:
            raise NothingToUndo(f"Import {work.id} has moved no stock, so there is nothing to undo.")
        raise NotUndoable(
            f"The stock of import {work.id} is taken back as one operation: POST /api/batch/operations/"
            f"{rows[-1]['id']}/undo, or tranche lots undo {rows[-1]['id']}."
        )
