"""Whether and where customers can be reached by a channel, judged for many at once."""

from collections.abc import Mapping, Sequence

from tranche.invoicing.domain import InvoiceStatus
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Invalid
from tranche.messaging import service as messaging
from tranche.messaging.domain import Channel, clean_address


class Refusal(Exception):
    """A message cannot be written; code and sentence say why, `customer_id` whose address is in the way."""

    def __init__(self, code: str, message: str, *, customer_id: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.customer_id = customer_id


def reach_all(conn: Connection, rows: Sequence[Row], channel: Channel) -> Mapping[int, str | Refusal]:
    """For each row of `members.list_recipients`, by its id: the clean address, or why there is none to write to."""
    found = {row["id"]: _address(row, channel) for row in rows}
    addresses = sorted({one for one in found.values() if isinstance(one, str)})
    suppressed = messaging.list_suppressed(conn, channel=channel, addresses=addresses)
    return {
        key: Refusal("suppressed", f"Nothing is sent to {one}: {suppressed[one]}")
        if isinstance(one, str) and one in suppressed
        else one
        for key, one in found.items()
    }


def _address(row: Row, channel: Channel) -> str | Refusal:
    if row["status"] != InvoiceStatus.ISSUED:
        return Refusal("not_live", f"The invoice {row['number']} is {row['status']}, so it is not sent.")
    text = row["email"] if channel is Channel.EMAIL else row["phone"]
    what = "e-mail address" if channel is Channel.EMAIL else "phone number"
    if not (text or "").strip():
        return Refusal("no_recipient", f"The customer {row['name']} has no {what}.", customer_id=row["customer_id"])
    try:
        return clean_address(channel, text)
    except Invalid as error:
        words = f"The customer {row['name']} has no usable {what}: {error.message}"
        return Refusal("bad_address", words, customer_id=row["customer_id"])
