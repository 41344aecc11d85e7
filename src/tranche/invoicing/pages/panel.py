"""What the page of a run says beside its counts: what was issued, and where to go on."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.invoicing import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.panels import OperationPanel


def load_run(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The live invoices of a run, once it has ended and issued any."""
    del ctx
    if not operation.status.is_terminal or not operation.succeeded:
        return None
    sums = service.sum_run(conn, operation_id=operation.id)
    return {"sums": sums, "live": sum(each.orders for each in sums), "run": operation.id}


RUN_PANELS: Final = (
    OperationPanel(kinds=frozenset({service.RUN_KIND}), template="invoicing/run_panel.html", load=load_run),
)
