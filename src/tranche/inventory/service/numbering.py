"""Numbers of lots that nobody named."""

from typing import Final

from tranche.inventory.queries import lots
from tranche.kernel.db.pool import Connection

_AT_ONCE: Final = 100


def next_number(conn: Connection) -> str:
    """The next free BATCH-nnn; people may have named lots so themselves."""
    number = lots.take_number(conn)
    while True:
        candidates = [f"BATCH-{value:03d}" for value in range(number, number + _AT_ONCE)]
        taken = lots.list_taken(conn, numbers=candidates)
        for place, candidate in enumerate(candidates):
            if candidate not in taken:
                if place:
                    lots.take_number(conn, after=number + place - 1)
                return candidate
        number = lots.take_number(conn, after=number + _AT_ONCE - 1)
