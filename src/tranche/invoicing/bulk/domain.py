"""What document 3's operations are asked for, and what they carry; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tranche.invoicing.domain import invalid_field
from tranche.kernel.errors import Conflict, NotFound
from tranche.kernel.operations.domain import Operation
from tranche.kernel.text import is_line
from tranche.messaging.domain import LONGEST_SUBJECT, Channel, State, find_places

INVOICES_KIND: Final = "customer_invoices"
PDFS_KIND: Final = "invoice_pdfs"
MESSAGES_KIND: Final = "invoice_messages"  # with the PDF
NOTICES_KIND: Final = "invoice_notices"  # words alone
TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "invoices": (INVOICES_KIND,),
    "pdfs": (PDFS_KIND,),
    "communications": (MESSAGES_KIND, NOTICES_KIND),
}
STATUSES: Final = ("pending", "processing", "completed", "completed_with_errors", "failed", "cancelled")
INVOICE, PDF, SEND, BUNDLE = "invoice", "pdf", "send", "bundle"
CUSTOMER: Final = "customerId"  # in the result of an item: whose address is in the way
# What became of messages that may be sent again to another address.
RESENDABLE: Final = (State.BOUNCED, State.FAILED)
MOST_LISTED: Final = 10_000
MOST_ITEMS: Final = 200

# What a template of an invoice may hold.
PLACES: Final = (
    "customer_name",
    "invoice_number",
    "invoice_numbers",
    "invoice_count",
    "total",
    "due_date",
    "invoice_date",
    "seller_name",
    "payment_terms",
    "iban",
)


class BatchNotFound(NotFound):
    """No such operation of document 3 in this organization."""

    code = "batch_operation_not_found"
    noun = "batch operation"


class FileNotFound(NotFound):
    """The operation made no file of that name."""

    code = "file_not_found"
    noun = "file"


class NothingToSend(Conflict):
    """There is nothing that could be sent again."""

    code = "nothing_to_send"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWish:
    """One line that every customer gets; `quantity` is for each customer."""

    item_id: int
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWish:
    """How invoices are sent; a subject or template of None takes the template `invoice` in the invoice's language."""

    channel: Channel
    subject: str | None = None
    template: str = "invoice"
    include_pdf: bool = True
    by_customer: bool = False

    def dump(self) -> dict[str, Any]:
        """As a payload keeps it."""
        return {
            "channel": self.channel.value,
            "subject": self.subject,
            "template": self.template,
            "includePdf": self.include_pdf,
        }

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> "SendWish":
        """The reverse of `dump`."""
        return cls(
            channel=Channel(payload["channel"]),
            subject=payload["subject"],
            template=payload["template"],
            include_pdf=payload["includePdf"],
        )


def check_wish(wish: SendWish) -> None:
    """Refuse a subject that could not be filled or sent.

    Raises:
        Invalid
    """
    subject = wish.subject or ""
    strange = [place for place in find_places(subject) if place not in PLACES]
    if strange:
        raise invalid_field(
            "/options/subject", f"has no placeholder {{{{{strange[0]}}}}}; there are: {', '.join(PLACES)}"
        )
    if not is_line(subject):
        raise invalid_field("/options/subject", "must be one line")
    if len(subject) > LONGEST_SUBJECT:
        raise invalid_field("/options/subject", f"must have at most {LONGEST_SUBJECT} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """What follows the issue of invoices in the same operation: files with a zip of all, messages."""

    pdf: bool = False
    send: SendWish | None = None

    def dump(self) -> dict[str, Any]:
        """As a payload keeps it."""
        send = self.send.dump() if self.send else None
        return {"pdf": self.pdf, "send": send, "bundle": self.pdf, "combined": False}


def has_stage(operation: Operation, stage: str) -> bool:
    """Whether an operation has a stage, by what its payload asks for; those before printing it always has."""
    return stage not in {PDF, SEND, BUNDLE} or bool(operation.payload.get(stage))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOperation:
    """A row of document 3's batch_operations."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file that an operation made."""

    name: str
    kind: str
    media_type: str
    sha256: bytes
    size: int
    pages: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFile:
    """A printed invoice as an operation has it; without hash it could not be printed."""

    position: int
    invoice_id: int
    number: str
    customer: str
    sha256: bytes | None
    pages: int
    status: str
    error: str | None
