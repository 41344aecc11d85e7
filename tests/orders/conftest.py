"""Fixtures of the order tests."""

from pathlib import Path

import pytest

from tests.live import live, open_live
from tests.orders.importing import Importer
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database

__all__ = ["live", "open_live"]


@pytest.fixture
def importer(database: Database, context: Context, tmp_path: Path) -> Importer:
    return Importer(database, context, tmp_path)
