"""Pages over HTTP, without a browser: a living house without a worker."""

from collections.abc import Callable

import pytest

from tests.live import Live, open_live
from tests.pages.visits import Visitor, visit

__all__ = ["open_live"]


@pytest.fixture
def live(open_live: Callable[..., Live]) -> Live:
    """A server alone: nothing here waits for work."""
    return open_live(working=False, webhook_allow_private=True)


@pytest.fixture
def admin(live: Live) -> Visitor:
    """The admin of the house."""
    return visit(live)
