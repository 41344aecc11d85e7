"""Operations over HTTP: every organization for itself, every role within its rights."""

from uuid import uuid4

import httpx
import pytest

from tests.kernel.operations.house import HOME
from tests.kernel.operations.toys import MAIL, MINT
from tests.kernel.operations.workshop import Workshop
from tests.kernel.web.sample import bearer
from tests.naming import nameless
from tranche.kernel.operations.domain import ItemStatus
from tranche.kernel.operations.handlers import Outcome

READS = ("", "/items", "/timeline", "/events")
VERBS = ("/cancel", "/pause", "/resume", "/retry")


@pytest.mark.parametrize("path", READS + VERBS)
def test_another_organizations_operation_answers_exactly_like_an_unknown_one(
    workshop: Workshop, client: httpx.Client, path: str
) -> None:
    operation = workshop.start(MINT, [1, 2], fails=[1])
    workshop.work(operation, workshop.worker())
    before = workshop.look(operation)

    def answer(reference: object) -> tuple[int, str, list[str]]:
        method = "POST" if path in VERBS else "GET"
        found = client.request(method, f"{HOME}/{reference}{path}", headers=bearer("foreign"))
        told = nameless(str({**found.json(), "metadata": None}), reference)
        return found.status_code, told, sorted(found.headers)

    unknown = answer(operation + 1_000)
    assert unknown[0] == 404
    assert answer(operation) == unknown
    assert answer(before.uuid) == answer(uuid4()) == unknown
    for odd in ("x", "0", "-1", "9" * 40, "1.0", "１"):
        assert answer(odd) == unknown
    assert workshop.look(operation) == before


def test_the_list_of_another_organization_is_empty(workshop: Workshop, client: httpx.Client) -> None:
    workshop.start(MINT, [1])
    answer = client.get(f"{HOME}?createdBy={workshop.ctx.user_id}", headers=bearer("foreign"))
    assert (answer.json()["data"], answer.json()["pagination"]["totalItems"]) == ([], 0)


@pytest.mark.parametrize(
    ("path", "needed"), [(path, "viewer") for path in READS] + [(path, "operator") for path in VERBS]
)
def test_reading_needs_a_viewer_and_changing_an_operator(
    workshop: Workshop, client: httpx.Client, path: str, needed: str
) -> None:
    operation = workshop.start(MAIL, [1, 2])
    workshop.hooks.effect = lambda item: Outcome(status=ItemStatus.FAILED, error="No.") if item.reference == 1 else None
    if path != "/cancel":
        workshop.work(operation, workshop.worker())

    def status(caller: str) -> int:
        method = "POST" if path in VERBS else "GET"
        return client.request(method, f"{HOME}/{operation}{path}", headers=bearer(caller)).status_code

    assert status("unheard_of") == 401
    assert status("elsewhere") == 403
    assert (status("viewer") == 403) == (needed == "operator")
    assert status("operator") in {200, 202, 409}
    assert status("scoped") in {200, 202, 409}
