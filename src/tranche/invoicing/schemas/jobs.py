"""Document 2's job, in its own words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from tranche.invoicing.domain import Invoice, Metrics, Run
from tranche.kernel.operations.domain import Item, Operation, Status
from tranche.kernel.web.json import Body, Out, utc_or_none

JOB_TYPE: Final = "bulk_invoice_generation"
_WORDS: Final = {
    Status.PAUSED: "processing",
    Status.CANCELLING: "processing",
    Status.COMPLETED_WITH_ERRORS: "completed",
}
JOB_STATUSES: Final = ("pending", "processing", "completed", "failed", "cancelled")


class StartedOut(Out, frozen=True, rename="lower"):
    """The answer of batch-invoice-orders; additively where to watch it."""

    job_id: UUID
    status: str
    total_items: int
    message: str
    operation_id: int


class OneBody(Body, frozen=True, rename="lower"):
    """POST /functions/v1/create-invoice-from-order; `user_id` only from an admin."""

    order_id: int
    user_id: int | None = None


class OneOut(Out, frozen=True, rename="lower"):
    """The invoice that was created."""

    success: bool
    message: str
    invoice_id: int
    invoice_number: str
    order_id: int | None
    status: str
    currency: str
    total: Decimal


class WokenOut(Out, frozen=True, rename="lower"):
    """The answer of process-batch-jobs."""

    success: bool
    message: str
    woken: int


class JobErrorOut(Out, frozen=True, rename="lower"):
    """Why one order got no invoice."""

    order_id: int | None
    order_number: str
    code: str
    error: str


class JobOut(Out, frozen=True, rename="lower"):
    """A row of batch_job_queue.

    Where one job is asked for it has `errors`, and its payload has `order_ids`: at most 1,000; all errors are paged.
    `successful_items` are done to the end. `issued_items` have an invoice, whatever its printing and sending came to;
    `unfinished_items` of these are not printed or not sent as was asked for, those in doubt apart.
    """

    id: UUID
    organization_id: int
    job_type: str
    status: str
    total_items: int
    processed_items: int
    successful_items: int
    failed_items: int
    skipped_items: int
    cancelled_items: int
    issued_items: int
    unfinished_items: int
    priority: int
    is_paused: bool
    payload: dict[str, Any]
    error: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    operation_id: int
    errors: list[JobErrorOut] | UnsetType = UNSET


class DayOut(Out, frozen=True, rename="lower"):
    """One day of the organization's zone."""

    day: str
    jobs: int
    total_items: int
    successful_items: int
    failed_items: int
    skipped_items: int
    issued_items: int


class PatternOut(Out, frozen=True, rename="lower"):
    """A common reason for failure, with one of its sentences."""

    code: str
    message: str
    count: int


class MetricsOut(Out, frozen=True, rename="lower"):
    """Document 2's key metrics: rates in per cent, times in seconds; null where nothing was done."""

    days: int
    jobs: int
    total_items: int
    successful_items: int
    failed_items: int
    skipped_items: int
    issued_items: int
    success_rate: Decimal | None
    average_processing_seconds: Decimal | None
    invoices_per_second: Decimal | None
    queue_depth: int
    processing: int
    error_patterns: list[PatternOut]
    history: list[DayOut]


def statuses_of(word: str) -> list[Status]:
    """Our states that document 2 calls by this word."""
    return [status for status in Status if _WORDS.get(status, status.value) == word]


def started_out(operation: Operation) -> StartedOut:
    """A job that has just been queued."""
    return StartedOut(
        job_id=operation.uuid,
        status=_WORDS.get(operation.status, operation.status.value),
        total_items=operation.total,
        message="Batch job started",
        operation_id=operation.id,
    )


def job_out(run: Run, *, errors: Sequence[Item] | None = None, order_ids: Sequence[int] | None = None) -> JobOut:
    """One job, with what only a whole one has."""
    operation = run.operation
    orders = {} if order_ids is None else {"order_ids": list(order_ids)}
    return JobOut(
        id=operation.uuid,
        organization_id=operation.organization_id,
        job_type=JOB_TYPE,
        status=_WORDS.get(operation.status, operation.status.value),
        total_items=operation.total,
        processed_items=operation.succeeded + operation.failed + operation.skipped + operation.unknown,
        successful_items=operation.succeeded,
        failed_items=operation.failed + operation.unknown,
        skipped_items=operation.skipped,
        cancelled_items=operation.cancelled,
        issued_items=run.issued,
        unfinished_items=run.unfinished,
        priority=operation.priority,
        is_paused=operation.status is Status.PAUSED,
        payload={**operation.payload, **orders, "user_id": operation.created_by},
        error=operation.error,
        created_at=operation.created_at.astimezone(UTC),
        started_at=utc_or_none(operation.started_at),
        completed_at=utc_or_none(operation.finished_at),
        operation_id=operation.id,
        errors=UNSET if errors is None else [error_out(item) for item in errors],
    )


def error_out(item: Item) -> JobErrorOut:
    """One failed order."""
    return JobErrorOut(
        order_id=item.reference, order_number=item.label, code=item.error_code or "failed", error=item.error or ""
    )


def one_out(invoice: Invoice) -> OneOut:
    """An invoice that has just been created."""
    return OneOut(
        success=True,
        message="Invoice created",
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        order_id=invoice.order_id,
        status=invoice.status.value,
        currency=invoice.currency,
        total=invoice.total,
    )


def metrics_out(metrics: Metrics) -> MetricsOut:
    """The key metrics."""
    return MetricsOut(
        days=metrics.days,
        jobs=metrics.jobs,
        total_items=metrics.total,
        successful_items=metrics.succeeded,
        failed_items=metrics.failed,
        skipped_items=metrics.skipped,
        issued_items=metrics.invoices,
        success_rate=metrics.success_rate,
        average_processing_seconds=metrics.average_seconds,
        invoices_per_second=metrics.per_second,
        queue_depth=metrics.pending,
        processing=metrics.processing,
        error_patterns=[
            PatternOut(code=each.code, message=each.message, count=each.count) for each in metrics.patterns
        ],
        history=[
            DayOut(
                day=day.day.isoformat(),
                jobs=day.jobs,
                total_items=day.total,
                successful_items=day.succeeded,
                failed_items=day.failed,
                skipped_items=day.skipped,
                issued_items=day.issued,
            )
            for day in metrics.history
        ],
    )
