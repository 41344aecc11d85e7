"""The work of an organization that statistics know nothing of costs what its rows are, not their square."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.growth.clerk import COUNT, Clerk
from tests.growth.toil import Toil, toiling
from tests.live import Live
from tranche.kernel.db.pool import Connection

MOST: Final = 20 * COUNT  # rows of one node of one statement; the square is far more


@pytest.mark.timeout(400)
def test_no_statement_touches_the_square_of_what_it_works(open_live: Callable[..., Live], owner: Connection) -> None:
    live = open_live(chunk_seconds=5.0, slice_seconds=10.0)
    _work(Clerk(live, live.context, live.client))
    owner.execute("ANALYZE")
    stranger = Clerk(live, *live.join())
    with toiling() as found:
        _work(stranger)
    assert len({one.statement for one in found}) > 150
    assert [one for one in _worst(found) if one.rows > MOST] == []


def _work(clerk: Clerk) -> None:
    clerk.stock()
    clerk.refused()
    clerk.orders()
    clerk.corrections()
    clerk.invoices()
    clerk.snapshots()


def _worst(found: list[Toil]) -> Iterator[Toil]:
    """The worst run of each statement, the worst of all first."""
    by_statement: dict[str, Toil] = {}
    for one in found:
        by_statement[one.statement] = max(one, by_statement.get(one.statement, one))
    yield from sorted(by_statement.values(), reverse=True)
