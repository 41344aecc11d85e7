"""The HTTP side of the workshop: a server with its hub, and clients of several callers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.factories import Organization, make_user
from tests.kernel.operations.toys import STAMP
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tests.kernel.web.sample import Callers, running, sample_app
from tranche.kernel.context import Role
from tranche.kernel.db.listen import Listener
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.api import ROUTES, load_operation
from tranche.kernel.operations.queries.progress import CHANNEL
from tranche.kernel.web.stream import Hub

HOME = "/api/operations"
Json = dict[str, Any]


@pytest.fixture
def client(workshop: Workshop, organization: Callable[..., Organization], owner: Connection) -> Iterator[httpx.Client]:
    """An admin's client; `bearer("viewer")`, `("operator")`, `("scoped")`, `("foreign")`... are others."""
    ours = workshop.ctx
    colleague = make_user(owner, ours.organization_id, name="Olga Operator", role=Role.OPERATOR)
    callers = Callers(
        admin=ours,
        viewer=replace(ours, role=Role.VIEWER),
        operator=replace(ours, role=Role.OPERATOR, user_id=colleague, user_name="Olga Operator"),
        scoped=replace(ours, scopes=frozenset({"operations"})),
        elsewhere=replace(ours, scopes=frozenset({"orders"})),
        nobody=replace(ours, user_id=None, user_name=""),
        foreign=organization(name="Other").context(),
    )
    listener = Listener(workshop.database.url, channel=CHANNEL)
    hub = Hub(load=load_operation(workshop.database, workshop.operations), listener=listener)
    app = sample_app(
        routes=ROUTES,
        database=workshop.database,
        hub=hub,
        callers=callers,
        offers={"operations": workshop.operations},
    )
    with running(app, hub) as house:
        yield house.client


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()["data"]


def half_done(workshop: Workshop) -> int:
    operation = workshop.start(STAMP, range(1, 21), fails=[2])
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(2):
        workshop.slice(worker, operation)
    return operation
