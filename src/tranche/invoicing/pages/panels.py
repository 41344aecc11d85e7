"""What the page of a run says beside its counts: the way to its invoices, undo, what to do about each reason."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.invoicing import service
from tranche.invoicing.service import RUN_KIND, UNDO_KIND
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import UNDOES, Operation
from tranche.kernel.operations.panels import OperationPanel, Undo
from tranche.kernel.text import plural

ADVICE: Final = {
    "order_not_found": "The order was deleted after it had been chosen. Nothing is to be done.",
    "order_cancelled": "Open the order again if it is to be invoiced, then retry.",
    "order_is_return": "A return is settled by a credit note on the invoice that it belongs to.",
    "no_lines": "Add lines to the order, then retry.",
    "bad_quantity": "Put the quantities of the order right, then retry.",
    "bad_price": "Put the prices of the order right, then retry.",
    "amount_too_large": "Check quantities and prices for a slip, or split the order, then retry.",
    "insufficient_stock": "Receive stock or transfer some to the branch, then retry.",
    "no_branch": "Choose a default branch in the settings, then retry.",
    "customer_not_found": "The customer was deleted after it had been chosen. Nothing is to be done.",
}


def load_invoices(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The invoices that a run has made, once it has ended."""
    del ctx
    if not operation.status.is_terminal:
        return None
    run = service.look_at_run(conn, operation)
    sums = service.sum_run(conn, operation_id=operation.id)
    live = sum(each.orders for each in sums)
    if not run.issued:
        return None
    undo = Undo(
        title="Void the invoices of this run?",
        text=f"{plural(live, 'invoice')} will be void: they keep their numbers, their orders may be invoiced again, "
        "and stock goes back. What was voided or credited since stays as it is.",
        button="Void them",
        word="void",
    )
    return {"live": live, "run": run, "sums": sums, "undo": undo if live else None}


PANELS: Final = (
    OperationPanel(
        kinds=frozenset({RUN_KIND}),
        template="invoicing/run_panel.html",
        load=load_invoices,
        item="/orders/{}",
        advice=ADVICE,
    ),
    OperationPanel(
        kinds=frozenset({UNDO_KIND}),
        template="invoicing/void_panel.html",
        load=lambda _conn, _ctx, operation: {"run": operation.payload[UNDOES]},
        item="/invoices/{}",
    ),
)
