"""Stock comes back from its consumers."""

from tranche.inventory.queries import consumption
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


def make_returns(conn: Connection) -> None:
    """Make the TEMP table of `put_back`, empty: `stock_returns(consumer_id bigint PRIMARY KEY)`."""
    consumption.create_returns(conn)


def put_back(conn: Connection, ctx: Context, *, consumer_kind: str, reason: str) -> int:
    """Put what the consumers in `stock_returns` took back into the same lots and branches; returns how many movements.

    Each is put back once: a second call finds nothing to do. A lot that is held, inactive or expired by now gets its
    stock back all the same and keeps its state.
    """
    consumption.lock_taken(conn, consumer_kind=consumer_kind)
    return consumption.insert_returns(conn, consumer_kind=consumer_kind, notes=reason, user_id=ctx.user_id)
