"""The messages of an operation's positions, written for many at once."""

from collections.abc import Sequence
from itertools import groupby

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.composing import Composer
from tranche.invoicing.bulk.domain import SendWish
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.bulk.reaching import Refusal, reach_all
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.notify.domain import without_control
from tranche.kernel.operations.domain import Operation
from tranche.messaging.domain import Attachment, Draft, TemplateNotFound


def write_drafts(
    conn: Connection, operation: Operation, positions: Sequence[int]
) -> tuple[list[Draft], dict[int, Refusal]]:
    """The messages in the order of their positions, and by position why there is none."""
    desk, drafts, refusals = _Desk(conn, operation, positions), [], {}
    for position in positions:
        try:
            drafts.append(desk.write(position))
        except Refusal as error:
            refusals[position] = error
        except TemplateNotFound as error:
            refusals[position] = Refusal(error.error_code, error.message)
    return drafts, refusals


class _Desk:
    """Everything that the messages need, looked up at once."""

    def __init__(self, conn: Connection, operation: Operation, positions: Sequence[int]) -> None:
        self._operation = operation
        self._wish = SendWish.load(operation.payload["send"])
        rows = members.list_parcels(conn, operation_id=operation.id, positions=positions)
        self._parcels = {key: list(found) for key, found in groupby(rows, key=lambda row: int(row["position"]))}
        ids = [row["invoice_id"] for row in rows]
        people = members.list_recipients(conn, invoice_ids=ids)
        self._people = {row["id"]: row for row in people}
        self._reach = reach_all(conn, people, self._wish.channel)
        self._heads = invoicing.list_heads(conn, invoice_ids=ids)
        self._composer = Composer(conn, self._wish)

    def write(self, position: int) -> Draft:
        """The message of a position.

        Raises:
            Refusal, TemplateNotFound
        """
        parcel = self._parcels.get(position, [])
        person = self._people.get(parcel[0]["invoice_id"]) if parcel else None
        if person is None:
            raise Refusal("no_invoice", "There is no invoice to send.")
        address = self._find_address(parcel)
        heads = [self._heads[row["invoice_id"]] for row in parcel]
        subject, body = self._composer.write(heads, customer=person["name"])
        return Draft(
            key=f"operation:{self._operation.uuid}:{position}",
            channel=self._wish.channel,
            address=address,
            recipient=without_control(person["name"]),
            subject=subject,
            body=body,
            attachments=self._attach(parcel) if self._wish.include_pdf else (),
            customer_id=person["customer_id"],
            operation_id=self._operation.id,
            position=position,
            created_by=self._operation.created_by,
        )

    def _find_address(self, parcel: Sequence[Row]) -> str:
        """Where all of it goes to; one invoice that may not be sent holds its parcel back."""
        address = ""
        for row in parcel:
            reach = self._reach[row["invoice_id"]]
            if isinstance(reach, Refusal):
                raise reach
            address = reach
        return address

    def _attach(self, parcel: Sequence[Row]) -> tuple[Attachment, ...]:
        if any(row["sha256"] is None for row in parcel):
            raise Refusal("no_pdf", "The invoice has not been printed, so it is not sent.")
        return tuple(
            Attachment(
                sha256=bytes(row["sha256"]), name=f"{self._heads[row['invoice_id']].number.replace('/', '-')}.pdf"
            )
            for row in parcel
        )
