"""A worker whom one order kills: `python -m tests.chaos.lethal ORDER` dies with the chunk that holds it."""

import os
import sys
from unittest.mock import patch

from tranche.cli import main
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts
from tranche.orders import tasks
from tranche.orders.target import OrderTarget

HOW = 9


class LethalTarget(OrderTarget):
    """Dies at the worst moment: everything of the chunk is written, nothing is committed."""

    def __init__(self, number: str) -> None:
        self._number = number

    def commit(self, conn: Connection, work: Import, *, low: int, high: int) -> Counts:
        """As ever, unless the order is among them."""
        counts = super().commit(conn, work, low=low, high=high)
        if conn.execute("SELECT FROM pg_temp.formed WHERE number = %(number)s", {"number": self._number}).rowcount:
            os._exit(HOW)
        return counts


if __name__ == "__main__":
    order = sys.argv.pop()
    sys.argv.append("worker")
    with patch.object(tasks, "OrderTarget", lambda: LethalTarget(order)):
        main()
