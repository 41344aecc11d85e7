"""What one consumer took, for showing."""

from tranche.inventory.domain import Consumed
from tranche.inventory.queries import consumption
from tranche.kernel.db.pool import Connection


def list_consumed(conn: Connection, *, consumer_kind: str, consumer_id: int) -> list[Consumed]:
    """In the order in which it was taken; `is_returned` says what was put back. `number` is None for plain stock."""
    return consumption.list_consumed(conn, consumer_kind=consumer_kind, consumer_id=consumer_id)
