"""A house of its own for every fault test, and the processes in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.house import House
from tests.chaos.processes import Crew
from tests.databases import DatabaseUrls


@pytest.fixture
def house(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[House]:
    """An organization over the test's own database, without any process yet."""
    made = House(app_url=database_urls.app, owner_url=database_urls.owner, home=tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def crew(house: House, tmp_path: Path) -> Iterator[Crew]:
    """Starts processes of the house; all of them are gone afterwards."""
    made = Crew(house, tmp_path)
    yield made
    made.close()
