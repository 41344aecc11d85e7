"""The wire contract of invoices."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tranche.inventory.domain import Consumed
from tranche.invoicing.domain import BankAccount, Invoice, InvoiceDocument, InvoiceLine, Party, Step
from tranche.kernel.web.json import Body, Out, utc_or_none


class InvoiceOut(Out, frozen=True):
    """One invoice or credit note. A credit note's amounts are positive; its `kind` says the sign."""

    id: int
    kind: str
    status: str
    number: str
    invoice_date: date
    due_date: date
    currency: str
    customer_id: int
    customer_code: str | None
    customer_name: str
    order_id: int | None
    order_number: str | None
    line_count: int
    net: Decimal
    tax: Decimal
    total: Decimal
    operation_id: int | None
    credits_id: int | None
    created_by: int | None
    issued_at: datetime
    closed_at: datetime | None
    close_reason: str | None


class PartyOut(Out, frozen=True):
    """Who sells or buys."""

    name: str
    address: str | None
    tax_id: str | None
    registration: str | None
    email: str | None
    phone: str | None
    code: str | None


class BankOut(Out, frozen=True):
    """Where to pay to."""

    bank: str | None
    iban: str | None
    bic: str | None


class LineOut(Out, frozen=True):
    """One line; rates are per cent."""

    line_number: int
    item_id: int | None
    item_code: str | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal


class TaxOut(Out, frozen=True):
    """All lines of one rate."""

    rate: Decimal
    net: Decimal
    tax: Decimal


class AllocationOut(Out, frozen=True):
    """What the invoice took out of a lot; `batchNumber` is null for stock that is kept as one quantity."""

    lot_id: int
    batch_number: str | None
    item_id: int
    branch_id: int
    quantity: Decimal
    expires_on: date | None
    is_returned: bool


class StepOut(Out, frozen=True):
    """What a printing (`pdf`) or sending (`send`) made of the invoice; `error` says why it failed or is in doubt."""

    operation_id: int
    stage: str
    status: str
    code: str | None
    error: str | None
    updated_at: datetime


class InvoiceDetailOut(Out, frozen=True):
    """Everything that the printed invoice shows, where its goods came from, and the last `steps`, newest first."""

    invoice: InvoiceOut
    language: str
    payment_terms: str
    notes: str
    seller: PartyOut
    buyer: PartyOut
    bank: BankOut
    lines: list[LineOut]
    taxes: list[TaxOut]
    credited_number: str | None
    credited_by: str | None
    allocations: list[AllocationOut]
    steps: list[StepOut]


class Reason(Body, frozen=True):
    """Why an invoice is voided or credited."""

    reason: str


class ReasonBody(Body, frozen=True):
    """POST /api/invoices/{id}/void and /credit-note."""

    data: Reason


def invoice_out(invoice: Invoice) -> InvoiceOut:
    """One row of a list."""
    return InvoiceOut(
        id=invoice.id,
        kind=invoice.kind.value,
        status=invoice.status.value,
        number=invoice.number,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        customer_id=invoice.customer_id,
        customer_code=invoice.buyer_code,
        customer_name=invoice.buyer_name,
        order_id=invoice.order_id,
        order_number=invoice.order_number,
        line_count=invoice.line_count,
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        operation_id=invoice.operation_id,
        credits_id=invoice.credits_id,
        created_by=invoice.created_by,
        issued_at=invoice.issued_at.astimezone(UTC),
        closed_at=utc_or_none(invoice.closed_at),
        close_reason=invoice.close_reason,
    )


def detail_out(
    invoice: Invoice, document: InvoiceDocument, *, taken: list[Consumed], steps: list[Step]
) -> InvoiceDetailOut:
    """One invoice, whole."""
    return InvoiceDetailOut(
        invoice=invoice_out(invoice),
        language=document.language,
        payment_terms=document.payment_terms,
        notes=document.notes,
        seller=party_out(document.seller),
        buyer=party_out(document.buyer),
        bank=bank_out(document.bank),
        lines=[_line_out(line) for line in document.lines],
        taxes=[TaxOut(rate=tax.rate, net=tax.net, tax=tax.tax) for tax in document.taxes],
        credited_number=document.credited_number,
        credited_by=document.credited_by,
        allocations=[
            AllocationOut(
                lot_id=each.lot_id,
                batch_number=each.number,
                item_id=each.item_id,
                branch_id=each.branch_id,
                quantity=each.quantity,
                expires_on=each.expires_on,
                is_returned=each.is_returned,
            )
            for each in taken
        ],
        steps=[_step_out(step) for step in steps],
    )


def _step_out(step: Step) -> StepOut:
    return StepOut(
        operation_id=step.operation_id,
        stage=step.stage,
        status=step.status.value,
        code=step.error_code,
        error=step.error,
        updated_at=step.updated_at.astimezone(UTC),
    )


def party_out(party: Party) -> PartyOut:
    """A seller or a buyer."""
    return PartyOut(
        name=party.name,
        address=party.address,
        tax_id=party.tax_id,
        registration=party.registration,
        email=party.email,
        phone=party.phone,
        code=party.code,
    )


def bank_out(bank: BankAccount) -> BankOut:
    """An account."""
    return BankOut(bank=bank.bank, iban=bank.iban, bic=bank.bic)


def _line_out(line: InvoiceLine) -> LineOut:
    return LineOut(
        line_number=line.line_number,
        item_id=line.item_id,
        item_code=line.item_code,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_rate=line.tax_rate,
        net=line.net,
        tax=line.tax,
        total=line.total,
    )
