"""Fixtures of the invoice tests."""

import pytest

from tests.invoicing.office import Office
from tests.live import live, open_live
from tests.shell import make_shell, shell
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database

__all__ = ["live", "make_shell", "open_live", "shell"]


@pytest.fixture
def office(database: Database, owner: Connection, context: Context) -> Office:
    return Office(database, owner, context)
