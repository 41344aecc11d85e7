"""Runs of invoices: started, looked at beforehand, taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tranche.invoicing.domain import Candidate, CurrencySum, Finding, Preflight, Wishes
from tranche.invoicing.queries import gathering
from tranche.invoicing.service.gathering import Choice, gather
from tranche.invoicing.service.issuing import judge_to_look
from tranche.invoicing.service.terms import choose_branch, freeze_terms, get_settings
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, lengthen_statement_time
from tranche.kernel.operations.domain import UNDOES, Operation
from tranche.kernel.operations.items import try_items
from tranche.kernel.operations.service import Operations

RUN_KIND: Final = "order_invoices"
DRAW_STAGE: Final = "draw"
RUN_STAGE: Final = "invoice"
UNDO_KIND: Final = "invoice_undo"
SMALL_RUN: Final = 1_000
_EXAMPLES: Final = 5
_STATES: Final = ("succeeded", "skipped", "failed")
_SECONDS: Final = 60
READY: Final = "ready"


def start_run(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    choice: Choice,
    wishes: Wishes,
    urgency: int,
    now: datetime,
    afterwards: Mapping[str, Any] | None = None,
) -> Operation:
    """Begin to invoice the chosen orders, in the order given; which orders and by which terms is frozen here.

    `afterwards` tells stages behind the issue what to do; the payload keeps it.

    Raises:
        Invalid: the choice or a wish cannot be taken.
        SelectionNotFound
    """
    lengthen_statement_time(conn, seconds=_SECONDS)
    count = gather(conn, choice=choice)
    terms = freeze_terms(conn, ctx, wishes=wishes, now=now)
    operation = operations.start(
        conn,
        ctx,
        kind=RUN_KIND,
        label=f"Invoices for {count:,} orders" if count > 1 else "Invoice for 1 order",
        payload={**terms.dump(), **(afterwards or {})},
        wanted=count,
        gradual=True,
        phase=DRAW_STAGE if gathering.draws_stock(conn) else RUN_STAGE,
        urgency=urgency,
        is_small=count <= SMALL_RUN,
    )
    audit.record(conn, ctx, action="invoice.create_many", subject_id=operation.id, detail={"orders": count})
    return operation


def preflight(
    conn: Connection, ctx: Context, *, choice: Choice, wishes: Wishes, group: str = READY, shown: int = 0
) -> Preflight:
    """What a run over the choice would do now: its judge step alone. Changes nothing and locks no order.

    Of one `group`, READY or the code of a verdict, the first `shown` orders are named.

    Raises:
        Invalid: the choice cannot be taken.
        SelectionNotFound
    """
    lengthen_statement_time(conn, seconds=_SECONDS)
    total = gather(conn, choice=choice)
    branch_id = choose_branch(conn, ctx, wished=wishes.branch_id)
    try_items(conn)
    judge_to_look(conn, tax_rate=get_settings(conn).tax_rate, branch_id=branch_id)
    rows = gathering.list_findings(conn, examples=_EXAMPLES)
    findings = [Finding(**{**row, "examples": tuple(row["examples"])}) for row in rows]
    members = gathering.list_candidates(conn, code=None if group == READY else group, limit=shown) if shown else []
    tally = {status: sum(found.orders for found in findings if found.status == status) for status in _STATES}
    return Preflight(
        total=total,
        ready=tally["succeeded"],
        skipped=tally["skipped"],
        failed=tally["failed"],
        **gathering.count_unreachable(conn),
        sums=tuple(CurrencySum(**row) for row in gathering.list_ready_sums(conn)),
        findings=tuple(findings),
        candidates=tuple(Candidate(**row) for row in members),
    )


def start_undo(conn: Connection, ctx: Context, operations: Operations, operation: Operation) -> Operation:
    """Begin to void every live invoice of an ended run; what was voided or credited since is kept."""
    undo = operations.start(conn, ctx, kind=UNDO_KIND, label=f"Void: {operation.label}", payload={UNDOES: operation.id})
    audit.record(conn, ctx, action="invoice.void_many", subject_id=operation.id, detail={"undoId": undo.id})
    return undo
