"""What a run of invoices is made from: settings, wishes, the terms that are frozen, selections, previews."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tranche.invoicing.domain.document import BankAccount, Party
from tranche.kernel.operations.domain import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an organization prints on its invoices and how it numbers them."""

    series: str = "INV"
    number_format: str = "{series}-{year}-{number}"
    number_digits: int = 6
    due_days: int = 30
    tax_rate: Decimal = Decimal(0)
    payment_terms: str = ""
    notes: str = ""
    seller: Party
    bank: BankAccount = field(default_factory=BankAccount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the starter of a run may choose; None takes the organization's settings."""

    invoice_date: date | None = None
    due_date: date | None = None
    due_days: int | None = None
    language: str | None = None
    payment_terms: str | None = None
    notes: str | None = None
    branch_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is frozen when a run begins, so that its preview and all its chunks judge and issue alike.

    `prefix` is everything of a number before its counter.
    """

    invoice_date: date
    due_date: date
    series: str
    prefix: str
    number_digits: int
    tax_rate: Decimal
    imprint_id: int
    branch_id: int | None

    def dump(self) -> dict[str, Any]:
        """As an operation's payload keeps it."""
        return {
            "invoiceDate": self.invoice_date.isoformat(),
            "dueDate": self.due_date.isoformat(),
            "series": self.series,
            "prefix": self.prefix,
            "numberDigits": self.number_digits,
            "taxRate": str(self.tax_rate),
            "imprintId": self.imprint_id,
            "branchId": self.branch_id,
        }

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> "Terms":
        """The reverse of `dump`."""
        return cls(
            invoice_date=date.fromisoformat(payload["invoiceDate"]),
            due_date=date.fromisoformat(payload["dueDate"]),
            series=payload["series"],
            prefix=payload["prefix"],
            number_digits=payload["numberDigits"],
            tax_rate=Decimal(payload["taxRate"]),
            imprint_id=payload["imprintId"],
            branch_id=payload["branchId"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """On whose behalf an invoice is issued, and by which run."""

    user_id: int | None
    operation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An operation that issues invoices; `issued` counts them, also those that were voided or credited since.

    Its own counters say what was done to the end. `is_live`: one invoice at least is neither void nor credited.
    """

    operation: Operation
    issued: int
    is_live: bool

    @property
    def unfinished(self) -> int:
        """How many invoices are not printed or not sent, though that was asked for; what is in doubt apart."""
        return self.issued - self.operation.succeeded - self.operation.unknown

    @property
    def shortfall(self) -> str:
        """What the unfinished ones are."""
        return "not sent" if self.operation.payload.get("send") else "not printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders a selection holds; `search` is the beginning of the order number."""

    batch_id: int | None = None
    customer_id: int | None = None
    status: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """How many orders of one currency, and what they come to."""

    currency: str
    orders: int
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Orders as they matched a filter at one moment."""

    id: int
    filter: OrderFilter
    order_count: int
    sums: tuple[CurrencySum, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Orders of a preview that share a verdict; `code` is None for those that are ready."""

    status: str
    code: str | None
    message: str | None
    orders: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One order of a preview; `total` with tax where the order was judged so far, `message` says what is in the way."""

    order_id: int
    number: str
    customer: str
    currency: str
    total: Decimal | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a run would do now: the judge step alone; `candidates` are the first orders of the group asked for.

    `without_email` and `without_phone` count the customers of ready orders who have none to be written to.
    """

    total: int
    ready: int
    skipped: int
    failed: int
    without_email: int
    without_phone: int
    sums: tuple[CurrencySum, ...]
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...] = ()


def number_prefix(number_format: str, *, series: str, year: int) -> str:
    """Everything of a number before its counter, which always stands last."""
    return number_format.replace("{series}", series).replace("{year}", f"{year:04}").removesuffix("{number}")
