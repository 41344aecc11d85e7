"""What the page of a run of the bill-stop batch says beside its counts: the way to the data, and what to do."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.panels import OperationPanel


def load_run(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """How the run ended: the new data, or the old ones that have stayed."""
    del conn, ctx
    return {"is_new": operation.status is Status.COMPLETED} if operation.status.is_terminal else None


PANELS: Final = (
    OperationPanel(kinds=frozenset({BILL_STOP.operation}), template="billing_stops/run_panel.html", load=load_run),
)
