"""A client of the sample application."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.kernel.web.sample import calling, sample_app


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    """Calls the sample application as an admin of organization 1."""
    with calling(sample_app()) as client:
        yield client
