"""Judging orders and issuing their invoices: the two steps that a run, a preview and a single invoice share."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from tranche.inventory import service as stock
from tranche.invoicing.domain import Maker, OrderRefused, Terms, Wishes
from tranche.invoicing.queries import gathering, issuing, judging
from tranche.invoicing.service.terms import freeze_terms
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.items import find_verdict, try_items
from tranche.orders.domain import OrderNotFound

CONSUMER: Final = "invoice"


def judge_to_issue(conn: Connection, *, terms: Terms) -> None:
    """Lock the orders of the engine's `chunk`, and mark in `verdicts` which of them get no invoice, and why."""
    judging.lock_batches(conn)
    judging.create_locked_drafts(conn)
    _judge(conn, tax_rate=terms.tax_rate, branch_id=terms.branch_id)


def judge_to_look(conn: Connection, *, tax_rate: Decimal, branch_id: int | None) -> None:
    """The same judgement without locking orders: what would become of them now."""
    judging.create_drafts(conn)
    _judge(conn, tax_rate=tax_rate, branch_id=branch_id)


def issue(conn: Connection, ctx: Context, *, terms: Terms, maker: Maker) -> None:
    """Issue the invoices of what was judged as succeeded; `result` in the verdicts says which one each has become."""
    prepare(conn)
    issue_prepared(conn, ctx, terms=terms, maker=maker)


def prepare(conn: Connection) -> None:
    """The part of `issue` for which nobody waits: the invoices' ids, the verdicts' results, the orders' state."""
    issuing.create_issued(conn)
    issuing.note_results(conn)
    issuing.mark_orders(conn)


def issue_prepared(conn: Connection, ctx: Context, *, terms: Terms, maker: Maker) -> None:
    """The counter, raised once, and what needs the numbers; until the commit the series is ours alone."""
    count = issuing.count_issued(conn)
    if not count:
        return
    stood_at = issuing.take_numbers(conn, series=terms.series, year=terms.invoice_date.year, count=count)
    issuing.keep_to_indexes(conn)
    issuing.insert_invoices(conn, terms=terms, maker=maker, stood_at=stood_at)
    issuing.insert_lines(conn)
    issuing.plan_freely(conn)
    if judging.has_allocations(conn):
        stock.make_consumers(conn)
        issuing.fill_consumers(conn)
        stock.issue(conn, ctx, consumer_kind=CONSUMER)


def issue_one(
    conn: Connection, ctx: Context, *, order_id: int, wishes: Wishes, user_id: int | None, now: datetime
) -> int:
    """Issue the invoice of one order in the caller's transaction; returns its id.

    Raises:
        Invalid: a wish cannot be granted.
        OrderNotFound
        OrderRefused: the order has an invoice already, or cannot have one.
    """
    terms = freeze_terms(conn, ctx, wishes=wishes, now=now)
    gathering.want_listed(conn, order_ids=[order_id])
    try_items(conn)
    judge_to_issue(conn, terms=terms)
    issue(conn, ctx, terms=terms, maker=Maker(user_id=user_id))
    verdict = find_verdict(conn, position=1)
    if verdict.error_code == "order_not_found":
        raise OrderNotFound.of(order_id)
    if verdict.error_code is not None:
        raise OrderRefused(f"Order {order_id}: {verdict.error}", code=verdict.error_code)
    invoice_id = int((verdict.result or {})["invoiceId"])
    audit.record(conn, ctx, action="invoice.create", subject_id=invoice_id, detail={"orderId": order_id})
    return invoice_id


def _judge(conn: Connection, *, tax_rate: Decimal, branch_id: int | None) -> None:
    judging.create_draft_lines(conn, tax_rate=tax_rate)
    judging.judge(conn)
    judge_stock(conn, branch_id=branch_id)


def judge_stock(conn: Connection, *, branch_id: int | None) -> None:
    """Ask the stock for the drafts that are judged as succeeded so far; mark in `verdicts` what it cannot give."""
    if not judging.has_tracked_lines(conn):
        return
    if branch_id is None:
        judging.fail_without_branch(conn)
        return
    stock.make_demand(conn)
    judging.fill_demand(conn, branch_id=branch_id)
    stock.judge_demand(conn)
    judging.fail_short(conn)
