"""One effect for one Idempotency-Key, whatever the network does."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar import Litestar, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.testing import TestClient

from tests.factories import Organization
from tests.kernel.web.sample import Callers, bearer, calling, sample_app
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Unprocessable
from tranche.kernel.web.idempotency import Answer, act, once
from tranche.kernel.web.json import Body, Out
from tranche.kernel.web.requests import AnyRequest


class BranchBody(Body, frozen=True):
    name: str
    fail: bool = False
    secret: bool = False


class BranchOut(Out, frozen=True):
    id: int


class Brake:
    """Holds an action in the middle of its transaction."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def wait(self) -> None:
        self.inside.set()
        assert self.go_on.wait(10)


@post("/branches", sync_to_thread=True)
def make_branch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    brake: NamedDependency[Brake],
    data: JSONBody[BranchBody],
) -> Response[BranchOut]:
    def action(conn: Connection) -> Answer:
        branch_id = insert_branch(conn, ctx, data.name)
        brake.wait()
        if data.fail:
            raise Conflict("Not now.")
        return Answer(BranchOut(id=branch_id), status=201, headers={"Location": "/x"}, secret=data.secret)

    return act(database, ctx, request, action, given=data)


def insert_branch(conn: Connection, ctx: Context, name: str) -> int:
    row = conn.execute(
        "INSERT INTO branches (organization_id, name) VALUES (%(organization_id)s, %(name)s) RETURNING id",
        {"organization_id": ctx.organization_id, "name": name},
    ).fetchone()
    assert row is not None
    return int(row["id"])


def branches(owner: Connection) -> list[str]:
    rows = owner.execute("SELECT name FROM branches WHERE NOT is_default ORDER BY name, id").fetchall()
    return [row["name"] for row in rows]


@pytest.fixture
def brake() -> Brake:
    return Brake()


@pytest.fixture
def client(
    database: Database, organization: Callable[..., Organization], brake: Brake
) -> Iterator[TestClient[Litestar]]:
    """An admin with an API key, one of another key, and one of another organization."""
    ours, theirs = organization(), organization(name="Other")
    callers = Callers(
        admin=ours.context(),
        second=Context(organization_id=ours.id, role=Role.ADMIN, api_key_id=77),
        theirs=theirs.context(),
    )
    app = sample_app(routes=[make_branch], database=database, callers=callers, offers={"brake": brake})
    with calling(app) as client:
        yield client


def key(value: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_the_same_request_is_answered_again_and_done_once(client: TestClient[Litestar], owner: Connection) -> None:
    first = client.post("/branches", json={"name": "North"}, headers=key())
    again = client.post(
        "/branches", content=b'{ "name" : "North" }', headers={**key(), "Content-Type": "application/json"}
    )
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"] == "/x"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert branches(owner) == ["North"]


def test_another_request_under_the_same_key_is_422(client: TestClient[Litestar], owner: Connection) -> None:
    client.post("/branches", json={"name": "North"}, headers=key())
    other = client.post("/branches", json={"name": "South"}, headers=key())
    elsewhere = client.post("/branches?x=1", json={"name": "North"}, headers=key())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert elsewhere.status_code == 422
    assert branches(owner) == ["North"]


def test_two_at_once_have_one_effect_and_the_second_is_told_to_wait(
    client: TestClient[Litestar], owner: Connection, brake: Brake
) -> None:
    brake.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/branches", json={"name": "North"}, headers=key())
        assert brake.inside.wait(5)
        second = client.post("/branches", json={"name": "North"}, headers=key())
        brake.go_on.set()
        assert first.result().status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_running")
    assert second.headers["retry-after"] == "1"
    assert client.post("/branches", json={"name": "North"}, headers=key()).headers["idempotency-replayed"] == "true"
    assert branches(owner) == ["North"]


def test_many_at_once_have_one_effect(client: TestClient[Litestar], owner: Connection) -> None:
    def ask(_: int) -> int:
        return client.post("/branches", json={"name": "North"}, headers=key()).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(16)))
    assert answers <= {201, 409}
    assert branches(owner) == ["North"]


def test_a_refused_action_stores_nothing_and_may_be_tried_again(
    client: TestClient[Litestar], owner: Connection
) -> None:
    assert client.post("/branches", json={"name": "North", "fail": True}, headers=key()).status_code == 409
    assert branches(owner) == []
    assert client.post("/branches", json={"name": "North"}, headers=key()).status_code == 201
    assert branches(owner) == ["North"]


def test_a_secret_is_shown_once_and_stored_never(client: TestClient[Litestar], owner: Connection) -> None:
    assert client.post("/branches", json={"name": "North", "secret": True}, headers=key()).json()["id"] > 0
    again = client.post("/branches", json={"name": "North", "secret": True}, headers=key())
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_secret")
    assert owner.execute("SELECT body FROM idempotency_keys").fetchall() == [{"body": None}]
    assert branches(owner) == ["North"]


def test_a_key_belongs_to_its_caller_and_organization(client: TestClient[Litestar], owner: Connection) -> None:
    answers = [
        client.post("/branches", json={"name": name}, headers={**key(), **bearer(caller)})
        for caller, name in (("admin", "A"), ("second", "B"), ("theirs", "C"))
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert branches(owner) == ["A", "B", "C"]


def test_without_a_key_every_request_counts(client: TestClient[Litestar], owner: Connection) -> None:
    for name in ("A", "B"):
        assert client.post("/branches", json={"name": name}).status_code == 201
    assert branches(owner) == ["A", "B"]


@pytest.mark.parametrize("value", ["", "x" * 256, "tab\there"])
def test_a_bad_key_is_400(client: TestClient[Litestar], owner: Connection, value: str) -> None:
    answer = client.post("/branches", json={"name": "A"}, headers=key(value))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "Idempotency-Key")
    assert branches(owner) == []


def test_the_longest_key_is_taken(client: TestClient[Litestar]) -> None:
    assert client.post("/branches", json={"name": "A"}, headers=key("x" * 255)).status_code == 201


def test_after_24_hours_a_key_is_forgotten(client: TestClient[Litestar], owner: Connection) -> None:
    for name in ("k1", "k2"):
        client.post("/branches", json={"name": name}, headers=key(name))
    owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    assert client.post("/branches", json={"name": "New"}, headers=key("k1")).status_code == 201
    assert owner.execute("SELECT key FROM idempotency_keys").fetchall() == [{"key": "k1"}]
    assert branches(owner) == ["New", "k1", "k2"]


def test_once_needs_no_web_framework(database: Database, context: Context) -> None:
    runs: list[int] = []

    def action() -> Answer:
        runs.append(1)
        return Answer({"n": len(runs)}, status=202)

    def ask(mark: bytes) -> Answer:
        with database.transaction(context.organization_id) as conn:
            return once(conn, context, request_key="k", fingerprint=mark, action=action)

    assert ask(b"a").body == ask(b"a").body == b'{"n":1}'
    assert ask(b"a").status == 202
    with pytest.raises(Unprocessable):
        ask(b"b")
    assert runs == [1]
