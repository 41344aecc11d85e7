"""The stage that sends: one message for each position, by the organization's channel, with the printed files."""

from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.composing import compose
from tranche.invoicing.bulk.domain import SEND, SendWish
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.domain import InvoiceDocument
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.errors import Conflict, Invalid, NotFound
from tranche.kernel.notify.domain import Outcome as Answer
from tranche.kernel.operations.domain import MOST_ATTEMPTS, ItemStatus, Operation, Status
from tranche.kernel.operations.handlers import Following, Outcome, OutsideItem
from tranche.messaging import service as messaging
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import Attachment, CannotSend, Channel, Draft, clean_address

_LEASE: Final = 90.0
_RETRY_AFTER: Final = (2.0, 10.0, 30.0)


class _Refusal(Exception):
    """The message cannot be written; the item fails with this sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SendPhase:
    """Outside, not repeatable: a message whose outcome was lost becomes unknown and is not sent again by itself."""

    name = SEND
    unit = "messages"
    parallel = True
    lease_seconds = _LEASE
    batch = 100
    repeatable = False
    following: Following = None

    def __init__(self, database: Database, delivery: Delivery) -> None:
        self._db = database
        self._delivery = delivery

    def perform(self, operation: Operation, item: OutsideItem) -> Outcome:
        """Write the message down, then hand it over."""
        try:
            message, answer = self._delivery.send_draft(
                operation.organization_id,
                lambda conn: _draft(conn, operation, item),
                may_repeat=item.attempts < MOST_ATTEMPTS,
            )
        except CannotSend as error:
            return Outcome(status=ItemStatus.UNKNOWN, error_code="unknown_outcome", error=error.message)
        except _Refusal as error:
            return Outcome(status=ItemStatus.FAILED, error_code=error.code, error=error.message)
        except (Invalid, NotFound, Conflict) as error:
            return Outcome(status=ItemStatus.FAILED, error_code=error.error_code, error=error.message)
        if answer is None:
            return _accepted(message.id, message.provider_id)
        return _outcome(answer, message_id=message.id, attempts=item.attempts)


def settle(conn: Connection, operation: Operation, status: Status) -> None:
    """At the end of the operation nothing may stand as being sent."""
    del status
    messaging.settle_sending(conn, operation_id=operation.id)


def reach(conn: Connection, row: Row, channel: Channel) -> str:
    """The customer's address for a channel, clean.

    Raises:
        _Refusal: there is none, it is none, or nothing may be sent to it.
    """
    text = row["email"] if channel is Channel.EMAIL else row["phone"]
    what = "e-mail address" if channel is Channel.EMAIL else "phone number"
    if not (text or "").strip():
        raise _Refusal("no_recipient", f"The customer {row['name']} has no {what}.")
    try:
        address = clean_address(channel, text)
    except Invalid as error:
        raise _Refusal("bad_address", f"The customer {row['name']} has no usable {what}: {error.message}") from error
    if suppression := messaging.find_suppression(conn, channel=channel, address=address):
        raise _Refusal("suppressed", f"Nothing is sent to {address}: {suppression.reason}")
    return address


def why_unreachable(conn: Connection, row: Row, channel: Channel) -> tuple[str, str] | None:
    """Code and sentence of what keeps a message from a customer, None where nothing does."""
    try:
        reach(conn, row, channel)
    except _Refusal as error:
        return error.code, error.message
    return None


def _draft(conn: Connection, operation: Operation, item: OutsideItem) -> Draft:
    wish = SendWish.load(operation.payload["send"])
    ids = members.list_members(conn, operation_id=operation.id, position=item.position)
    recipient = members.find_recipient(conn, invoice_id=ids[0]) if ids else None
    if recipient is None:
        raise _Refusal("no_invoice", "There is no invoice to send.")
    address = reach(conn, recipient, wish.channel)
    documents = [invoicing.get_invoice_document(conn, invoice_id) for invoice_id in ids]
    subject, body = compose(conn, documents=documents, customer=recipient["name"], wish=wish)
    return Draft(
        key=f"operation:{operation.uuid}:{item.position}",
        channel=wish.channel,
        address=address,
        recipient=" ".join(recipient["name"].split()),
        subject=subject,
        body=body,
        attachments=_attachments(conn, operation, item, documents) if wish.include_pdf else (),
        customer_id=recipient["customer_id"],
        operation_id=operation.id,
        position=item.position,
        created_by=operation.created_by,
    )


def _attachments(
    conn: Connection, operation: Operation, item: OutsideItem, documents: list[InvoiceDocument]
) -> tuple[Attachment, ...]:
    printed = members.list_printed(
        conn, operation_id=operation.id, after=(item.position - 1, 2**62), limit=len(documents)
    )
    found = tuple(
        Attachment(sha256=one.sha256, name=f"{one.number.replace('/', '-')}.pdf")
        for one in printed
        if one.position == item.position and one.sha256 is not None
    )
    if len(found) != len(documents):
        raise _Refusal("no_pdf", "The invoice has not been printed, so it is not sent.")
    return found


def _accepted(message_id: int, provider_id: str | None) -> Outcome:
    return Outcome(status=ItemStatus.SUCCEEDED, result={"messageId": message_id, "providerId": provider_id})


def _outcome(answer: Answer, *, message_id: int, attempts: int) -> Outcome:
    if answer.is_sent:
        return _accepted(message_id, answer.provider_id)
    error, result = answer.error or "The message was not sent.", {"messageId": message_id}
    if answer.is_unknown:
        return Outcome(status=ItemStatus.UNKNOWN, error_code=answer.error_code, error=error, result=result)
    pause = None
    if not answer.is_permanent:
        pause = max(answer.retry_after or 0.0, _RETRY_AFTER[min(attempts, len(_RETRY_AFTER)) - 1])
    return Outcome(
        status=ItemStatus.FAILED, error_code=answer.error_code, error=error, result=result, retry_after=pause
    )
