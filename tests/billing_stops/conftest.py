"""Fixtures of the bill-stop tests: a source in a real second database, and a house that reads it."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import Desk
from tests.databases import Copier
from tests.live import Live, live, open_live
from tests.shell import make_shell, shell
from tranche.billing_stops.sample import queries
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import connect

__all__ = ["live", "make_shell", "open_live", "shell"]

_TEMPLATE = "sample_template"
CUSTOMERS = 1_000


@pytest.fixture(scope="session")
def sample_template(postgres: EmbeddedPostgres, session_home: Path) -> str:
    """The sample of a thousand customers, made once."""
    done = session_home / "sample.done"
    with (session_home / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            postgres.create_database(_TEMPLATE)
            with connect(postgres.url(OWNER_ROLE, database=_TEMPLATE)) as conn:
                queries.fill(conn, customers=CUSTOMERS, reader=APP_ROLE)
            done.touch()
    return _TEMPLATE


@pytest.fixture
def company(copies: Copier, sample_template: str) -> Iterator[Company]:
    """This test's own source."""
    with copies.copy(sample_template) as urls, connect(urls.owner) as conn:
        yield Company(name=urls.name, url=urls.app, conn=conn)


@pytest.fixture
def desk(company: Company, open_live: Callable[..., Live]) -> Desk:
    """A house with a worker, whose admin has set the sample up."""
    house = open_live(sample_database=company.name)
    return Desk(house).use({"kind": "sample"})
