"""What a sending would do, before it is done: whom it reaches, whom not and why, and what three of them get."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.composing import compose
from tranche.invoicing.bulk.domain import MOST_LISTED, SendWish
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.bulk.sending import why_unreachable
from tranche.invoicing.domain import invalid_field
from tranche.kernel.db.pool import Connection
from tranche.messaging import service as messaging
from tranche.messaging.domain import Channel, Provider

SAMPLES: Final = 3
_MOST_SHOWN: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One invoice's customer; `code` and `reason` say what keeps a message from them."""

    invoice_id: int
    number: str
    customer: str
    address: str | None
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one recipient would get."""

    invoice_id: int
    number: str
    customer: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAhead:
    """The whole of it; `is_real` is False where the messages would only be written into the outbox folder."""

    total: int
    reachable: int
    unreachable: tuple[Reach, ...]
    samples: tuple[Sample, ...]
    provider: str
    is_real: bool


def look_ahead(conn: Connection, *, invoice_ids: Sequence[int], wish: SendWish) -> LookAhead:
    """Judge every recipient as the sending would, and write the first messages without keeping them.

    Raises:
        Invalid: too many invoices, or none.
        TemplateNotFound
    """
    if not 1 <= len(invoice_ids) <= MOST_LISTED:
        raise invalid_field("/invoice_ids", f"must hold 1 to {MOST_LISTED:,} ids")
    rows = members.list_recipients(conn, invoice_ids=invoice_ids)
    found = []
    for row in rows:
        why = why_unreachable(conn, row, wish.channel)
        address = row["email"] if wish.channel is Channel.EMAIL else row["phone"]
        found.append(
            Reach(
                invoice_id=row["id"],
                number=row["number"],
                customer=row["name"],
                address=address,
                code=why[0] if why else None,
                reason=why[1] if why else None,
            )
        )
    unreachable = [one for one in found if one.code]
    provider = messaging.get_channel(conn, channel=wish.channel).provider
    reachable = [one for one in found if not one.code]
    return LookAhead(
        total=len(found),
        reachable=len(reachable),
        unreachable=tuple(unreachable[:_MOST_SHOWN]),
        samples=tuple(_sample(conn, one, wish) for one in reachable[:SAMPLES]),
        provider=provider.value,
        is_real=provider is not Provider.FOLDER,
    )


def _sample(conn: Connection, one: Reach, wish: SendWish) -> Sample:
    document = invoicing.get_invoice_document(conn, one.invoice_id)
    subject, body = compose(conn, documents=[document], customer=one.customer, wish=wish)
    return Sample(invoice_id=one.invoice_id, number=one.number, customer=one.customer, subject=subject, body=body)
