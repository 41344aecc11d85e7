"""A worker whom one order kills when it is invoiced: `python -m tests.chaos.lethal_invoice ORDER`."""

import os
import sys
from unittest.mock import patch

from tranche.cli import main
from tranche.invoicing import tasks
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation

HOW = 9


class LethalPhase(tasks.DrawPhase):
    """Dies at the worst moment: everything of the chunk is written, nothing is committed."""

    def __init__(self, order_id: int) -> None:
        super().__init__()
        self._order_id = order_id

    def seal(self, conn: Connection, operation: Operation) -> None:
        """As ever, unless the order is among them."""
        super().seal(conn, operation)
        if conn.execute("SELECT FROM pg_temp.chunk WHERE reference = %(id)s", {"id": self._order_id}).rowcount:
            os._exit(HOW)


if __name__ == "__main__":
    order = int(sys.argv.pop())
    sys.argv.append("worker")
    with patch.object(tasks, "DrawPhase", lambda: LethalPhase(order)):
        main()
