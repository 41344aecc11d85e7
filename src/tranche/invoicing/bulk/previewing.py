"""What a sending would do, before it is done: whom it reaches, whom not and why, and what three of them get."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.composing import Composer
from tranche.invoicing.bulk.domain import MOST_LISTED, SendWish, check_wish
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.bulk.reaching import Refusal, reach_all
from tranche.invoicing.bulk.service import require_known
from tranche.invoicing.domain import invalid_field
from tranche.kernel.db.pool import Connection, Row
from tranche.messaging import service as messaging
from tranche.messaging.domain import Channel, Provider

SAMPLES: Final = 3
_MOST_SHOWN: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One invoice's customer; `code` and `reason` say what keeps a message from them."""

    invoice_id: int
    number: str
    customer_id: int
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
    """The whole of it; `is_real` is False where the messages would only be written into the outbox folder.

    `already_sent` of the reachable invoices went out by this channel before, the last one at `last_sent_at`.
    """

    total: int
    reachable: int
    already_sent: int
    last_sent_at: datetime | None
    unreachable: tuple[Reach, ...]
    samples: tuple[Sample, ...]
    provider: str
    is_real: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintAhead:
    """What a printing comes to; `first` and `last` are numbers of invoices."""

    invoices: int
    customers: int
    first_id: int
    first: str
    last: str


def look_at_print(conn: Connection, *, invoice_ids: Sequence[int]) -> PrintAhead:
    """What these invoices are together.

    Raises:
        Invalid: too many invoices, none, or one that the organization does not have.
    """
    _check_count(invoice_ids)
    require_known(conn, invoice_ids)
    return PrintAhead(**members.survey(conn, invoice_ids=invoice_ids))


def look_ahead(conn: Connection, *, invoice_ids: Sequence[int], wish: SendWish) -> LookAhead:
    """Judge every recipient as the sending would, and write the first messages without keeping them.

    Raises:
        Invalid: too many invoices, none, one that the organization does not have, or a subject that cannot be filled.
        TemplateNotFound
    """
    _check_count(invoice_ids)
    check_wish(wish)
    require_known(conn, invoice_ids)
    rows = members.list_recipients(conn, invoice_ids=invoice_ids)
    reach = reach_all(conn, rows, wish.channel)
    found = [_reach(row, reach[row["id"]], wish.channel) for row in rows]
    unreachable = [one for one in found if one.code]
    provider = messaging.get_channel(conn, channel=wish.channel).provider
    reachable = [one for one in found if not one.code]
    sent = _sent_before(conn, [one.invoice_id for one in reachable], wish.channel)
    return LookAhead(
        total=len(found),
        reachable=len(reachable),
        already_sent=len(sent),
        last_sent_at=max(sent.values(), default=None),
        unreachable=tuple(unreachable[:_MOST_SHOWN]),
        samples=tuple(_samples(conn, reachable[:SAMPLES], wish)),
        provider=provider.value,
        is_real=provider is not Provider.FOLDER,
    )


def _sent_before(conn: Connection, invoice_ids: Sequence[int], channel: Channel) -> dict[int, datetime]:
    """Which of the invoices went out by the channel, each with the last time."""
    rows = members.list_places(conn, invoice_ids=invoice_ids)
    sent = messaging.list_sent(conn, channel=channel, places=[(row["operation_id"], row["position"]) for row in rows])
    found: dict[int, datetime] = {}
    for row in rows:
        at = sent.get((row["operation_id"], row["position"]))
        if at is not None:
            found[row["invoice_id"]] = max(at, found.get(row["invoice_id"], at))
    return found


def _check_count(invoice_ids: Sequence[int]) -> None:
    if not 1 <= len(invoice_ids) <= MOST_LISTED:
        raise invalid_field("/invoice_ids", f"must hold 1 to {MOST_LISTED:,} ids")


def _reach(row: Row, reach: str | Refusal, channel: Channel) -> Reach:
    return Reach(
        invoice_id=row["id"],
        number=row["number"],
        customer_id=row["customer_id"],
        customer=row["name"],
        address=row["email"] if channel is Channel.EMAIL else row["phone"],
        code=reach.code if isinstance(reach, Refusal) else None,
        reason=reach.message if isinstance(reach, Refusal) else None,
    )


def _samples(conn: Connection, chosen: Sequence[Reach], wish: SendWish) -> Iterator[Sample]:
    heads = invoicing.list_heads(conn, invoice_ids=[one.invoice_id for one in chosen])
    composer = Composer(conn, wish)
    for one in chosen:
        subject, body = composer.write([heads[one.invoice_id]], customer=one.customer)
        yield Sample(invoice_id=one.invoice_id, number=one.number, customer=one.customer, subject=subject, body=body)
