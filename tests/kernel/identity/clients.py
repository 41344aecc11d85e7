"""The product's gate and some routes over a real database, called with real keys."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.settings import Settings
from tranche.kernel.web.application import Fittings, make_app
from tranche.kernel.web.assets import Assets
from tranche.kernel.web.health import Readiness
from tranche.kernel.web.pages.shell import Shell
from tranche.kernel.web.stream import Hub

Client = TestClient[Litestar]


@contextmanager
def api(database: Database, *, routes: Sequence[Any], offers: Mapping[str, Any] | None = None) -> Iterator[Client]:
    app = make_app(
        Fittings(
            database=database,
            authenticator=partial(service.authenticate, database),
            visitor_finder=lambda _: None,
            shell=Shell(Assets()),
            branch_finder=partial(service.read_branch, database),
            hub=Hub(load=lambda *_: None),
            settings=Settings(),
            ready=lambda: Readiness(missing=None, has_worker=True),
            offers=offers or {},
        ),
        routes=routes,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def bearer(secret: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **headers}
