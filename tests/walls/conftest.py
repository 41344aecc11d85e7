"""A house without a worker, in which one organization has everything and another asks for it."""

from collections.abc import Callable

import pytest

from tests.factories import Organization
from tests.live import Live, open_live
from tests.walls.houses import Person, Rivals, admit, fill_rivals
from tranche.kernel.db.pool import Connection

__all__ = ["open_live"]

_ENOUGH = 10**6


@pytest.fixture
def live(open_live: Callable[..., Live]) -> Live:
    return open_live(
        working=False, webhook_allow_private=True, rate_per_minute=_ENOUGH, rate_per_minute_organization=_ENOUGH
    )


@pytest.fixture
def asker(live: Live) -> Person:
    """The admin of an organization that has nothing."""
    return admit(live, live.context)


@pytest.fixture
def rivals(live: Live, owner: Connection, organization: Callable[..., Organization]) -> Rivals:
    return fill_rivals(live, owner, organization(name="Rivals"))
