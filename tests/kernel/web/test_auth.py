"""Every route is shut, roles and scopes hold, branches are found out."""

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.kernel.web.sample import Callers, Ledger, bearer, calling, running, sample_app
from tranche.kernel.context import Context, Role
from tranche.kernel.errors import Unavailable
from tranche.kernel.web.stream import Hub


@pytest.fixture
def anyone() -> TestClient[Litestar]:
    return TestClient(sample_app())


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer  ", "bearer stranger", "Bearer " + "x" * 600])
def test_without_a_known_key_nothing_opens(anyone: TestClient[Litestar], header: str) -> None:
    for method, path in (("GET", "/things"), ("POST", "/things"), ("OPTIONS", "/things"), ("GET", "/crash")):
        answer = anyone.request(method, path, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == 'Bearer realm="tranche"'


def test_open_routes_need_no_key(anyone: TestClient[Litestar]) -> None:
    assert anyone.get("/livez").json() == {"status": "ok"}
    assert anyone.get("/readyz").json() == {"status": "ok", "worker": "alive"}
    assert anyone.get("/schema/openapi.json").status_code == 200


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        ("viewer", "GET", "/things", 200),
        ("viewer", "POST", "/things", 403),
        ("viewer", "POST", "/things/judge", 201),
        ("viewer", "DELETE", "/settings", 403),
        ("operator", "POST", "/things", 201),
        ("operator", "DELETE", "/settings", 403),
        ("admin", "POST", "/things", 201),
        ("admin", "DELETE", "/settings", 200),
        ("scoped", "POST", "/things", 201),
        ("scoped", "GET", "/things", 403),
        ("scoped", "DELETE", "/settings", 403),
    ],
)
def test_each_role_and_scope_opens_its_routes(
    anyone: TestClient[Litestar], token: str, method: str, path: str, status: int
) -> None:
    body = {"itemId": 1, "unitPrice": 1} if method == "POST" else None
    assert anyone.request(method, path, headers=bearer(token), json=body).status_code == status


def test_the_branch_comes_from_the_header_or_the_key(anyone: TestClient[Litestar]) -> None:
    keyed = Callers(keyed=Context(organization_id=1, role=Role.ADMIN, user_id=1, branch_id=3))
    with calling(sample_app(callers=keyed), caller="keyed") as client:
        assert client.delete("/settings").json()["data"] == 3
        assert client.delete("/settings", headers={"x-branch-id": "7"}).json()["data"] == 7
    assert anyone.delete("/settings", headers=bearer("admin")).json()["data"] is None


def test_an_unknown_and_a_foreign_branch_are_refused_alike(anyone: TestClient[Litestar]) -> None:
    unknown = anyone.get("/things", headers={**bearer("admin"), "x-branch-id": "8"})
    foreign = anyone.get("/things", headers={**bearer("foreign"), "x-branch-id": "7"})
    huge = anyone.get("/things", headers={**bearer("admin"), "x-branch-id": "9" * 40})
    bodies = [answer.json() for answer in (unknown, foreign, huge)]
    for body in bodies:
        del body["metadata"]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["status"] == 403
    assert anyone.get("/things", headers={**bearer("admin"), "x-branch-id": "x"}).status_code == 400


def test_nul_in_an_address_is_400(anyone: TestClient[Litestar]) -> None:
    assert anyone.get("/things?page=%00", headers=bearer("admin")).status_code == 400
    assert anyone.get("/fail/a%00b", headers=bearer("admin")).status_code == 400


def test_while_keys_cannot_be_looked_up_the_answer_is_503() -> None:
    def away(token: str, /) -> Context | None:
        raise Unavailable(f"away {token}"[:4], retry_after=5)

    with calling(sample_app(callers=away)) as client:
        answer = client.get("/things")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_too_many_requests_are_429_with_the_standard_headers() -> None:
    with calling(sample_app(rate_per_minute=2)) as client:
        first = client.get("/things")
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("2", "1")
        assert client.get("/things").headers["ratelimit-remaining"] == "0"
        refused = client.get("/things")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limit")
        assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert client.get("/things", headers=bearer("viewer")).status_code == 200
        assert client.get("/livez").status_code == 200


def test_a_client_cannot_name_its_own_address_unless_it_is_the_trusted_proxy() -> None:
    hub = Hub(load=Ledger())
    with running(sample_app(hub=hub), hub) as plain:
        assert plain.client.get("/client", headers={"X-Forwarded-For": "1.2.3.4"}).text == "127.0.0.1"
    hub = Hub(load=Ledger())
    with running(sample_app(hub=hub), hub, trusted_proxy="127.0.0.1") as proxied:
        assert proxied.client.get("/client", headers={"X-Forwarded-For": "1.2.3.4"}).text == "1.2.3.4"


def test_what_an_admin_changed_holds_for_the_next_request() -> None:
    callers = Callers()
    with calling(sample_app(callers=callers), caller="admin") as client:
        assert client.get("/things", headers=bearer("viewer")).status_code == 200
        callers.by_token.pop("viewer")
        assert client.delete("/settings").status_code == 200
        assert client.get("/things", headers=bearer("viewer")).status_code == 401
