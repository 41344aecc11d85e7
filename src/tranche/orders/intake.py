"""Orders as the endpoints of imports see them."""

from tranche.imports.domain import Field, OnDuplicate
from tranche.imports.intakes import Accepted
from tranche.imports.targets import Import
from tranche.imports.undo import NothingToUndo
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.schemas import batch_out


class OrderIntake:
    """See imports.intakes.Intake."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of an order line."""
        return ORDER_FIELDS

    def check(self, *, on_duplicate: OnDuplicate) -> None:
        """Orders that are there are an error, skipped or updated."""

    def accept(self, conn: Connection, ctx: Context, *, work: Import, allow_duplicate: bool) -> Accepted:
        """Make the batch."""
        return Accepted(links={"batchId": service.accept(conn, ctx, work=work, allow_duplicate=allow_duplicate)})

    def answer(self, conn: Connection, ctx: Context, *, work: Import, operation: Operation) -> tuple[object, str]:
        """The batch, as an upload answers it."""
        del ctx, operation
        batch = service.get_batch(conn, batch_id=work.options["batchId"])
        return batch_out(batch), f"/api/orders/batches/{batch.id}"

    def undo(self, conn: Connection, ctx: Context, operations: Operations, *, work: Import) -> Operation:
        """Undo the batch."""
        batch_id = work.options.get("batchId")
        if batch_id is None:
            raise NothingToUndo("A dry run has brought nothing in.")
        return service.undo_batch(conn, ctx, operations, batch_id=batch_id)
