"""The document that is printed, sent and archived, frozen when it was issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class InvoiceKind(StrEnum):
    """A credit note takes the next number of the same sequence; its amounts are positive, its kind says the sign."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceStatus(StrEnum):
    """An invoice is live while it is issued; a void or credited one keeps its number and frees its order."""

    ISSUED = "issued"
    VOID = "void"
    CREDITED = "credited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A seller or a buyer as frozen on an invoice; `code` is the seller's own name for the buyer."""

    name: str
    address: str | None = None
    tax_id: str | None = None
    registration: str | None = None
    email: str | None = None
    phone: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where the buyer pays to."""

    bank: str | None = None
    iban: str | None = None
    bic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line; `net` is quantity times price and `tax` net times rate (per cent), each rounded half up."""

    line_number: int
    item_id: int | None
    item_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What the line costs with tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSum:
    """All lines of one rate."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceHead:
    """What one says of an invoice in a message; see InvoiceDocument."""

    id: int
    number: str
    language: str
    currency: str
    digits: int
    invoice_date: date
    due_date: date
    payment_terms: str
    seller_name: str
    iban: str | None
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """Everything that a printed invoice shows, frozen when it was issued; dates are days of the seller's zone.

    `digits` is how many digits the currency has behind the point. `credited_number` is, on a credit note, the number
    of the invoice that it takes back; `credited_by` is, on an invoice, the number of the note that took it back.
    """

    organization_id: int
    id: int
    kind: InvoiceKind
    status: InvoiceStatus
    number: str
    language: str
    currency: str
    digits: int
    invoice_date: date
    due_date: date
    payment_terms: str
    seller: Party
    buyer: Party
    bank: BankAccount
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxSum, ...]
    net: Decimal
    tax: Decimal
    total: Decimal
    order_number: str | None
    credited_number: str | None
    credited_by: str | None
    notes: str
    issued_at: datetime
    voided_at: datetime | None
    void_reason: str | None

    @property
    def head(self) -> InvoiceHead:
        """What one says of it in a message."""
        return InvoiceHead(
            id=self.id,
            number=self.number,
            language=self.language,
            currency=self.currency,
            digits=self.digits,
            invoice_date=self.invoice_date,
            due_date=self.due_date,
            payment_terms=self.payment_terms,
            seller_name=self.seller.name,
            iban=self.bank.iban,
            total=self.total,
        )


def sum_taxes(lines: Sequence[InvoiceLine]) -> tuple[TaxSum, ...]:
    """The lines by rate, the lowest rate first."""
    found: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in lines:
        net, tax = found.get(line.tax_rate, (Decimal(0), Decimal(0)))
        found[line.tax_rate] = (net + line.net, tax + line.tax)
    return tuple(TaxSum(rate=rate, net=net, tax=tax) for rate, (net, tax) in sorted(found.items()))
