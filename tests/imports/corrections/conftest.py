"""Fixtures of the correction tests."""

from pathlib import Path

import pytest

from tests.imports.corrections.bench import Bench
from tests.live import live, open_live
from tests.orders.importing import Importer
from tests.shell import make_shell, shell
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database

__all__ = ["live", "make_shell", "open_live", "shell"]


@pytest.fixture
def bench(database: Database, context: Context, owner: Connection, tmp_path: Path) -> Bench:
    return Bench(Importer(database, context, tmp_path), owner)
