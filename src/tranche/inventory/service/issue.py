"""Stock goes out to its consumers."""

from tranche.inventory.queries import consumption
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


def make_consumers(conn: Connection) -> None:
    """Make the TEMP table of `issue`, empty.

    `stock_consumers(position bigint PRIMARY KEY, consumer_id bigint, label text, customer_id bigint)`: for whom the
    allocations of a position are, and who is billed, so that a lot can be traced to them.
    """
    consumption.create_consumers(conn)


def issue(conn: Connection, ctx: Context, *, consumer_kind: str) -> int:
    """Take what `judge_demand` allocated out of its lots; returns how many movements that makes.

    In the transaction of `judge_demand`, whose locks keep the lots as they were judged.

    Raises:
        ValueError: a position has allocations and no consumer.
    """
    if unclaimed := consumption.count_unclaimed(conn):
        raise ValueError(f"{unclaimed} allocations have no row in stock_consumers")
    return consumption.insert_issues(conn, consumer_kind=consumer_kind, user_id=ctx.user_id)
