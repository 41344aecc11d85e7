"""How a request names orders and says what it wishes, in document 2's casing."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from tranche.invoicing.bulk.domain import Afterwards, SendWish
from tranche.invoicing.domain import CurrencySum, Finding, OrderFilter, Preflight, Selection, Wishes
from tranche.invoicing.service import Choice
from tranche.kernel.web.json import Body, Out
from tranche.messaging.domain import Channel


class FilterBody(Body, frozen=True, rename="lower"):
    """Orders as GET /api/orders narrows them; an empty filter means all of them."""

    status: Literal["open", "invoiced", "cancelled"] | None = None
    batch_id: int | None = None
    customer_id: int | None = None
    search: str | None = None


class ChoiceBody(Body, frozen=True, rename="lower"):
    """One of `order_ids`, `selection_id`, `filter`; and what the invoices shall say, where the settings do not fit."""

    order_ids: list[int] | None = None
    selection_id: int | None = None
    filter: FilterBody | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    due_days: int | None = None
    language: str | None = None
    payment_terms: str | None = None
    notes: str | None = None
    branch_id: int | None = None


class Priority(StrEnum):
    """Where the first slice of a job stands in the queue; after it all jobs take turns."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def urgency(self) -> int:
        """As the engine counts it."""
        return {Priority.LOW: -5, Priority.NORMAL: 0, Priority.HIGH: 5}[self]


class RunBody(ChoiceBody, frozen=True, rename="lower"):
    """POST /functions/v1/batch-invoice-orders; the options behind `priority` are those of document 3."""

    priority: Priority = Priority.NORMAL
    generate_pdf: bool = False
    send_immediately: bool = False
    communication_method: Channel = Channel.EMAIL


class SelectionBody(Body, frozen=True, rename="lower"):
    """POST /api/order-selections."""

    filter: FilterBody


class SumOut(Out, frozen=True, rename="lower"):
    """What the orders of one currency come to."""

    currency: str
    orders: int
    total: Decimal


class SelectionOut(Out, frozen=True, rename="lower"):
    """Orders as they matched at one moment; kept for a day."""

    id: int
    order_count: int
    sums: list[SumOut]
    filter: dict[str, object]


class FindingOut(Out, frozen=True, rename="lower"):
    """Orders that share a verdict; `status` is ready, skipped or failed."""

    status: str
    code: str | None
    message: str | None
    orders: int
    examples: list[str]


class PreflightOut(Out, frozen=True, rename="lower"):
    """What a run would do now; the last two count customers of ready orders."""

    total_items: int
    ready: int
    skipped: int
    failed: int
    sums: list[SumOut]
    findings: list[FindingOut]
    customers_without_email: int
    customers_without_phone: int


def choice_of(body: ChoiceBody) -> Choice:
    """Which orders the body names."""
    wanted = order_filter(body.filter) if body.filter else None
    return Choice(order_ids=body.order_ids, selection_id=body.selection_id, filter=wanted)


def wishes_of(body: ChoiceBody) -> Wishes:
    """What the body wishes."""
    return Wishes(
        invoice_date=body.invoice_date,
        due_date=body.due_date,
        due_days=body.due_days,
        language=body.language,
        payment_terms=body.payment_terms,
        notes=body.notes,
        branch_id=body.branch_id,
    )


def afterwards_of(body: RunBody) -> Afterwards:
    """What is to follow the invoices; messages carry the PDF where there is one."""
    send = SendWish(channel=body.communication_method, include_pdf=body.generate_pdf)
    return Afterwards(pdf=body.generate_pdf, send=send if body.send_immediately else None)


def order_filter(body: FilterBody) -> OrderFilter:
    """The filter that the body means."""
    return OrderFilter(
        batch_id=body.batch_id, customer_id=body.customer_id, status=body.status, search=body.search or None
    )


def selection_out(selection: Selection) -> SelectionOut:
    """One selection."""
    wanted = selection.filter
    given = {
        "status": wanted.status,
        "batch_id": wanted.batch_id,
        "customer_id": wanted.customer_id,
        "search": wanted.search,
    }
    return SelectionOut(
        id=selection.id,
        order_count=selection.order_count,
        sums=[_sum_out(each) for each in selection.sums],
        filter={name: value for name, value in given.items() if value is not None},
    )


def preflight_out(seen: Preflight) -> PreflightOut:
    """One preview."""
    return PreflightOut(
        total_items=seen.total,
        ready=seen.ready,
        skipped=seen.skipped,
        failed=seen.failed,
        sums=[_sum_out(each) for each in seen.sums],
        findings=[_finding_out(found) for found in seen.findings],
        customers_without_email=seen.without_email,
        customers_without_phone=seen.without_phone,
    )


def _sum_out(total: CurrencySum) -> SumOut:
    return SumOut(currency=total.currency, orders=total.orders, total=total.total)


def _finding_out(found: Finding) -> FindingOut:
    return FindingOut(
        status="ready" if found.status == "succeeded" else found.status,
        code=found.code,
        message=found.message,
        orders=found.orders,
        examples=list(found.examples),
    )
