"""Fixtures of the order tests."""

from pathlib import Path

import pytest

from tests.live import live as live
from tests.live import open_live as open_live
from tests.orders.importing import Importer
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database


@pytest.fixture
def importer(database: Database, context: Context, tmp_path: Path) -> Importer:
    return Importer(database, context, tmp_path)
