"""From invoices to the words of a message."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tranche.invoicing.bulk.domain import SendWish
from tranche.invoicing.domain import InvoiceDocument
from tranche.invoicing.printing.figures import Figures
from tranche.invoicing.printing.payment import compact_iban
from tranche.kernel.db.pool import Connection
from tranche.messaging import service as messaging
from tranche.messaging.domain import Template, fill, fill_line


def compose(
    conn: Connection, *, documents: Sequence[InvoiceDocument], customer: str, wish: SendWish
) -> tuple[str, str]:
    """Subject and body in the first invoice's language.

    Raises:
        TemplateNotFound
    """
    template = messaging.get_template(conn, name=wish.template, channel=wish.channel, language=documents[0].language)
    return fill_template(template, documents=documents, customer=customer, subject=wish.subject)


def fill_template(
    template: Template, *, documents: Sequence[InvoiceDocument], customer: str, subject: str | None = None
) -> tuple[str, str]:
    """The template's words for these invoices; `subject` stands in for its own, and may hold placeholders too."""
    values = list_values(documents, customer=customer)
    return fill_line(template.subject if subject is None else subject, values), fill(template.body, values)


def list_values(documents: Sequence[InvoiceDocument], *, customer: str) -> Mapping[str, str]:
    """What the placeholders stand for; several invoices are added up by currency."""
    first = documents[0]
    figures = Figures(first.language, currency=first.currency, digits=first.digits)
    numbers = [document.number for document in documents]
    return {
        "customer_name": customer,
        "invoice_number": ", ".join(numbers),
        "invoice_numbers": ", ".join(numbers),
        "invoice_count": str(len(numbers)),
        "total": " + ".join(_totals(documents)),
        "due_date": figures.day(min(document.due_date for document in documents)),
        "invoice_date": figures.day(first.invoice_date),
        "seller_name": first.seller.name,
        "payment_terms": first.payment_terms,
        "iban": compact_iban(first.bank.iban) or first.bank.iban or "",
    }


def _totals(documents: Sequence[InvoiceDocument]) -> list[str]:
    sums: dict[tuple[str, int], Decimal] = {}
    for document in documents:
        key = (document.currency, document.digits)
        sums[key] = sums.get(key, Decimal(0)) + document.total
    language = documents[0].language
    return [Figures(language, currency=code, digits=digits).money(total) for (code, digits), total in sums.items()]
