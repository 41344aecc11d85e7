"""Fixtures of the tests of items."""

from pathlib import Path

import pytest

from tests.inventory.importing import Importer, StockImporter
from tests.live import live, open_live
from tests.shell import make_shell, shell
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database

__all__ = ["live", "make_shell", "open_live", "shell"]


@pytest.fixture
def importer(database: Database, context: Context, tmp_path: Path) -> Importer:
    return Importer(database, context, tmp_path)


@pytest.fixture
def stock_importer(database: Database, context: Context, tmp_path: Path) -> StockImporter:
    return StockImporter(database, context, tmp_path)
