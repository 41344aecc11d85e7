"""A scripted server for the tests of the client."""

from collections.abc import Iterator

import pytest

from tests.kernel.client.server import Wire, serving


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as wire:
        yield wire
