"""Document 3 on the wire: snake_case, no envelope around its rows."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tranche.invoicing.bulk.domain import MOST_ITEMS, BatchItem, BatchOperation, LineWish, MadeFile, SendWish
from tranche.invoicing.domain import invalid_field
from tranche.kernel.db.pool import Row
from tranche.kernel.web.json import Body, Out
from tranche.kernel.web.pagination import Page
from tranche.messaging.domain import Channel


class ItemBody(Body, frozen=True, rename="lower"):
    """One line that every customer gets."""

    inventory_item_id: int
    quantity: Decimal
    unit_price: Decimal


class InvoiceOptions(Body, frozen=True, rename="lower"):
    """Document 3's options; what is left out takes the organization's settings."""

    items: tuple[ItemBody, ...]
    language: str | None = None
    due_days: int | None = None
    generate_pdf: bool = False
    send_immediately: bool = False
    communication_method: Channel = Channel.EMAIL


class InvoicesBody(Body, frozen=True, rename="lower"):
    """POST /api/batch-operations/invoices."""

    customer_ids: tuple[int, ...]
    options: InvoiceOptions


class PdfOptions(Body, frozen=True, rename="lower"):
    """How invoices are printed; without language each in its own."""

    language: str | None = None
    create_combined_pdf: bool = False


class PdfsBody(Body, frozen=True, rename="lower"):
    """POST /api/batch-operations/pdfs."""

    invoice_ids: tuple[int, ...]
    options: PdfOptions = PdfOptions()


class MessageOptions(Body, frozen=True, rename="lower"):
    """How invoices are sent; without subject the template's own. `group_by_customer` sends one message for several."""

    subject: str | None = None
    include_pdf: bool = True
    template: str = "invoice"
    group_by_customer: bool = False


class MessagesBody(Body, frozen=True, rename="lower"):
    """POST /api/batch-operations/communications."""

    invoice_ids: tuple[int, ...]
    method: Channel
    options: MessageOptions = MessageOptions()


class ResendBody(Body, frozen=True, rename="lower"):
    """POST /api/batch-operations/{id}/resend; by default what bounced and what failed."""

    states: tuple[str, ...] = ("bounced", "failed")


class BatchOut(Out, frozen=True, rename="lower"):
    """A row of batch_operations."""

    id: int
    type: str
    status: str
    progress: int
    processed_count: int
    total_count: int
    metadata: dict[str, Any] | None
    summary: dict[str, Any]
    error_message: str | None
    created_by: int | None
    started_at: datetime | None
    completed_at: datetime | None


class ItemOut(Out, frozen=True, rename="lower"):
    """A row of batch_operation_items."""

    id: int
    batch_operation_id: int
    reference_type: str
    reference_id: int | None
    customer_id: int | None
    status: str
    error_message: str | None
    data: dict[str, Any]
    processed_at: datetime | None


class PagesOut(Out, frozen=True, rename="lower"):
    """Where in the list a page stands."""

    page: int
    per_page: int
    total: int
    total_pages: int


class BatchesOut(Out, frozen=True, rename="lower"):
    """A page of operations."""

    data: list[BatchOut]
    pagination: PagesOut


class ItemsOut(Out, frozen=True, rename="lower"):
    """A page of items; `next` is the `after` of the following page."""

    data: list[ItemOut]
    next: int | None


class StatisticsOut(Out, frozen=True, rename="lower"):
    """Figures over all operations: the rate in per cent, times in seconds of work; null where nothing was done."""

    total: int
    by_type: dict[str, int]
    by_status: dict[str, int]
    success_rate: Decimal | None
    average_duration_seconds: Decimal | None
    items_per_second: Decimal | None
    total_items: int
    successful_items: int
    failed_items: int


class FileOut(Out, frozen=True, rename="lower"):
    """A file to fetch at `url`."""

    name: str
    kind: str
    media_type: str
    size: int
    pages: int | None
    sha256: str
    url: str
    created_at: datetime


class FilesOut(Out, frozen=True, rename="lower"):
    """All files of an operation."""

    data: list[FileOut]


def lines_of(options: InvoiceOptions) -> list[LineWish]:
    """The lines, checked.

    Raises:
        Invalid: names the line and the field.
    """
    if not 1 <= len(options.items) <= MOST_ITEMS:
        raise invalid_field("/options/items", f"must hold 1 to {MOST_ITEMS} lines")
    for number, item in enumerate(options.items):
        for name, value, fits in (
            ("quantity", item.quantity, item.quantity > 0),
            ("unit_price", item.unit_price, item.unit_price >= 0),
        ):
            if not fits:
                least = "above 0" if name == "quantity" else "0 or more"
                raise invalid_field(f"/options/items/{number}/{name}", f"must be {least}, not {value}")
    return [
        LineWish(item_id=item.inventory_item_id, quantity=item.quantity, unit_price=item.unit_price)
        for item in options.items
    ]


def send_wish(options: InvoiceOptions) -> SendWish | None:
    """How the new invoices are sent, None where they are not."""
    if not options.send_immediately:
        return None
    return SendWish(channel=options.communication_method, include_pdf=options.generate_pdf)


def batch_out(batch: BatchOperation) -> BatchOut:
    return BatchOut(
        id=batch.id,
        type=batch.type,
        status=batch.status,
        progress=batch.progress,
        processed_count=batch.processed_count,
        total_count=batch.total_count,
        metadata=batch.metadata,
        summary=batch.summary,
        error_message=batch.error_message,
        created_by=batch.created_by,
        started_at=batch.started_at,
        completed_at=batch.completed_at,
    )


def batches_out(batches: Sequence[BatchOperation], *, page: Page, total: int) -> BatchesOut:
    pages = PagesOut(page=page.number, per_page=page.limit, total=total, total_pages=-(-total // page.limit))
    return BatchesOut(data=[batch_out(batch) for batch in batches], pagination=pages)


def items_out(items: Sequence[BatchItem], *, limit: int) -> ItemsOut:
    page = items[:limit]
    return ItemsOut(data=[item_out(item) for item in page], next=page[-1].id if len(items) > limit else None)


def item_out(item: BatchItem) -> ItemOut:
    return ItemOut(
        id=item.id,
        batch_operation_id=item.batch_operation_id,
        reference_type=item.reference_type,
        reference_id=item.reference_id,
        customer_id=item.customer_id,
        status=item.status,
        error_message=item.error_message,
        data=item.data,
        processed_at=item.processed_at,
    )


def statistics_out(row: Row) -> StatisticsOut:
    return StatisticsOut(**row)


def files_out(files: Sequence[MadeFile], *, operation_id: int) -> FilesOut:
    found = [
        FileOut(
            name=file.name,
            kind=file.kind,
            media_type=file.media_type,
            size=file.size,
            pages=file.pages,
            sha256=file.sha256.hex(),
            url=f"/api/batch-operations/{operation_id}/files/{file.name}",
            created_at=file.created_at,
        )
        for file in files
    ]
    return FilesOut(data=found)
