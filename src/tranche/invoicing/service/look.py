"""Looking at invoices."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tranche.inventory import service as stock
from tranche.inventory.domain import Consumed
from tranche.invoicing.domain import (
    BankAccount,
    CurrencySum,
    Invoice,
    InvoiceDocument,
    InvoiceFilter,
    InvoiceHead,
    InvoiceKind,
    InvoiceLine,
    InvoiceNotFound,
    InvoiceStatus,
    Party,
    Step,
    sum_taxes,
)
from tranche.invoicing.queries import invoices
from tranche.invoicing.queries.invoices import INVOICES, invoice_of
from tranche.invoicing.service.issuing import CONSUMER
from tranche.kernel.db.listing import Choice, Prefix, count, fetch_page, fetch_slice
from tranche.kernel.db.pool import Connection, Row
from tranche.orders.domain import OrderInvoice

_MOST_LINES: Final = 10_000
_MOST_STEPS: Final = 10
_MOST_OF_ORDER: Final = 10


def choose(wanted: InvoiceFilter, *, sort: str = "") -> Choice:
    """What is asked of the list `INVOICES`."""
    filters = asdict(wanted)
    return Choice({**filters, "search": Prefix(wanted.search) if wanted.search else None}, sort)


def list_invoices(
    conn: Connection, *, wanted: InvoiceFilter, sort: str = "newest", limit: int, offset: int
) -> tuple[list[Invoice], int]:
    """A numbered page of invoices and credit notes, `newest` or `oldest` first, and how many match."""
    choice = choose(wanted, sort={"newest": "-id", "oldest": "id"}[sort])
    rows = fetch_page(conn, INVOICES, choice, limit=limit, offset=offset)
    return [invoice_of(row) for row in rows], count(conn, INVOICES, choice)


def find_order_invoices(conn: Connection, /, *, order_id: int) -> list[OrderInvoice]:
    """The last invoices and credit notes of an order, the newest first."""
    rows = fetch_slice(conn, INVOICES, choose(InvoiceFilter(order_id=order_id)), limit=_MOST_OF_ORDER).rows
    found = [invoice_of(row) for row in rows]
    return [OrderInvoice(id=one.id, number=one.number, kind=one.kind, status=one.status) for one in found]


def list_first(conn: Connection, *, beginning: str, limit: int) -> list[Invoice]:
    """The first invoices by number whose numbers begin so."""
    choice = choose(InvoiceFilter(search=beginning), sort="number")
    return [invoice_of(row) for row in fetch_slice(conn, INVOICES, choice, limit=limit).rows]


def sum_run(conn: Connection, *, operation_id: int) -> tuple[CurrencySum, ...]:
    """The live invoices of a run, by currency."""
    return tuple(CurrencySum(**row) for row in invoices.sum_run(conn, operation_id=operation_id))


def get_invoice(conn: Connection, *, invoice_id: int) -> Invoice:
    """One invoice without its lines.

    Raises:
        InvoiceNotFound
    """
    invoice = invoices.find_invoice(conn, invoice_id=invoice_id)
    if invoice is None:
        raise InvoiceNotFound.of(invoice_id)
    return invoice


def get_invoice_document(conn: Connection, invoice_id: int) -> InvoiceDocument:
    """Everything that the printed invoice shows, with at most 10,000 lines.

    Raises:
        InvoiceNotFound
    """
    found = list_invoice_documents(conn, invoice_ids=[invoice_id])
    if not found:
        raise InvoiceNotFound.of(invoice_id)
    return found[invoice_id]


def list_invoice_documents(conn: Connection, *, invoice_ids: Sequence[int]) -> dict[int, InvoiceDocument]:
    """The documents of these invoices, by id; see get_invoice_document."""
    rows = invoices.list_documents(conn, invoice_ids=invoice_ids)
    lines = invoices.list_lines(conn, invoice_ids=invoice_ids, limit=_MOST_LINES)
    return {row["id"]: _document(row, tuple(lines.get(row["id"], ()))) for row in rows}


def _document(row: Row, lines: tuple[InvoiceLine, ...]) -> InvoiceDocument:
    imprint = row["imprint"]
    return InvoiceDocument(
        organization_id=row["organization_id"],
        id=row["id"],
        kind=InvoiceKind(row["kind"]),
        status=InvoiceStatus(row["status"]),
        number=row["number"],
        language=imprint["language"],
        currency=row["currency"],
        digits=row["digits"],
        invoice_date=row["invoice_date"],
        due_date=row["due_date"],
        payment_terms=imprint["paymentTerms"],
        seller=Party(**imprint["seller"]),
        buyer=_buyer(row),
        bank=BankAccount(**imprint["bank"]),
        lines=lines,
        taxes=sum_taxes(lines),
        net=row["net"],
        tax=row["tax"],
        total=row["total"],
        order_number=row["order_number"],
        credited_number=row["credited_number"],
        credited_by=row["credited_by"],
        notes="\n".join(note for note in (row["notes"], imprint["notes"]) if note),
        issued_at=row["issued_at"],
        voided_at=row["closed_at"] if row["status"] == InvoiceStatus.VOID else None,
        void_reason=row["close_reason"] if row["status"] == InvoiceStatus.VOID else None,
    )


def list_heads(conn: Connection, *, invoice_ids: Sequence[int]) -> dict[int, InvoiceHead]:
    """What messages say of these invoices, by id."""
    return {row["id"]: InvoiceHead(**row) for row in invoices.list_heads(conn, invoice_ids=invoice_ids)}


def list_taken(conn: Connection, *, invoice_id: int) -> list[Consumed]:
    """What an invoice took out of which lots, and whether it was put back."""
    return stock.list_consumed(conn, consumer_kind=CONSUMER, consumer_id=invoice_id)


def list_steps(conn: Connection, *, invoice_id: int) -> list[Step]:
    """What the last printings and sendings made of an invoice, the newest first."""
    return invoices.list_steps(conn, invoice_id=invoice_id, limit=_MOST_STEPS)


def _buyer(row: Row) -> Party:
    return Party(
        name=row["buyer_name"],
        address=row["buyer_address"],
        email=row["buyer_email"],
        phone=row["buyer_phone"],
        code=row["buyer_code"],
    )
