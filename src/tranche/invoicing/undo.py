"""The invoices of a run as what an undo takes back."""

from tranche.invoicing.domain import InvoiceStatus
from tranche.invoicing.queries import closing
from tranche.invoicing.service import close_held
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import UNDOES, Operation, Status


class InvoiceUndoer:
    """See imports.undo.Undoer. A voided invoice keeps its number; its order may be invoiced again."""

    unit = "invoices"

    def collect(self, conn: Connection, operation: Operation) -> None:
        """The run's invoices."""
        closing.want_run(conn, operation_id=int(operation.payload[UNDOES]))

    def judge(self, conn: Connection, operation: Operation) -> None:
        """What was voided or credited since is kept as it is."""
        del operation
        closing.close_chunk(conn)
        closing.lock(conn)
        closing.keep_closed(conn)

    def remove(self, conn: Connection, operation: Operation) -> None:
        """The others are voided."""
        close_held(
            conn,
            operation.starter,
            status=InvoiceStatus.VOID,
            reason=f"The run {operation.payload[UNDOES]} was undone.",
            user_id=operation.created_by,
        )

    def reopen(self, conn: Connection, operation: Operation) -> None:
        """Nothing speaks against trying again."""

    def finished(self, conn: Connection, operation: Operation, status: Status) -> None:
        """The ledger says everything already."""
