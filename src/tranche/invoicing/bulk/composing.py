"""From invoices to the words of a message."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tranche.invoicing.bulk.domain import SendWish
from tranche.invoicing.domain import InvoiceHead, compact_iban
from tranche.invoicing.printing.figures import Figures
from tranche.kernel.db.pool import Connection
from tranche.messaging import service as messaging
from tranche.messaging.domain import Template, fill, fill_line


class Composer:
    """Writes the messages of one wish; what it has looked up once it knows."""

    def __init__(self, conn: Connection, wish: SendWish) -> None:
        self._conn = conn
        self._wish = wish
        self._templates: dict[str, Template] = {}

    def write(self, heads: Sequence[InvoiceHead], *, customer: str) -> tuple[str, str]:
        """Subject and body in the first invoice's language; the wish's own subject may hold placeholders too.

        Raises:
            TemplateNotFound
        """
        template = self._template(heads[0].language)
        values = list_values(heads, customer=customer)
        subject = template.subject if self._wish.subject is None else self._wish.subject
        return fill_line(subject, values), fill(template.body, values)

    def _template(self, language: str) -> Template:
        if language not in self._templates:
            self._templates[language] = messaging.get_template(
                self._conn, name=self._wish.template, channel=self._wish.channel, language=language
            )
        return self._templates[language]


def list_values(heads: Sequence[InvoiceHead], *, customer: str) -> Mapping[str, str]:
    """What the placeholders stand for; several invoices are added up by currency."""
    first = heads[0]
    figures = Figures(first.language, currency=first.currency, digits=first.digits)
    numbers = [head.number for head in heads]
    return {
        "customer_name": customer,
        "invoice_number": ", ".join(numbers),
        "invoice_numbers": ", ".join(numbers),
        "invoice_count": str(len(numbers)),
        "total": " + ".join(_totals(heads)),
        "due_date": figures.day(min(head.due_date for head in heads)),
        "invoice_date": figures.day(first.invoice_date),
        "seller_name": first.seller_name,
        "payment_terms": first.payment_terms,
        "iban": compact_iban(first.iban) or first.iban or "",
    }


def _totals(heads: Sequence[InvoiceHead]) -> list[str]:
    sums: dict[tuple[str, int], Decimal] = {}
    for head in heads:
        key = (head.currency, head.digits)
        sums[key] = sums.get(key, Decimal(0)) + head.total
    language = heads[0].language
    return [Figures(language, currency=code, digits=digits).money(total) for (code, digits), total in sums.items()]
