"""Items as the endpoints of imports see them."""

from tranche.imports.domain import Field, OnDuplicate
from tranche.imports.intakes import Accepted
from tranche.imports.targets import Import
from tranche.inventory import service
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.schemas.imports import item_import_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.envelope import Envelope, envelope


class ItemIntake:
    """See imports.intakes.Intake."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of an item."""
        return ITEM_FIELDS

    def refuse(self, on_duplicate: OnDuplicate) -> None:
        """Every choice is one."""

    def accept(self, conn: Connection, ctx: Context, *, work: Import, allow_duplicate: bool) -> Accepted:
        """Items have no batch, and a file of them may come twice: its items are recognised one by one."""
        del conn, ctx, work, allow_duplicate
        return Accepted(links={})

    def answer(self, conn: Connection, ctx: Context, *, work: Import, operation: Operation) -> tuple[object, str]:
        """As an upload answers."""
        del conn
        body: Envelope[object] = envelope(ctx, item_import_out(work, operation), message="Import started")
        return body, f"/api/operations/{operation.id}"

    def undo(self, conn: Connection, ctx: Context, operations: Operations, *, work: Import) -> Operation:
        """Undo the import."""
        return service.undo(conn, ctx, operations, import_id=work.id)
