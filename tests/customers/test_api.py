"""The endpoints of customers: envelope, rights, isolation, idempotency."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kernel.identity.clients import Client, api, bearer
from tests.kernel.identity.factories import admin_of, bootstrap, issue
from tests.naming import nameless
from tranche.customers.api import ROUTES
from tranche.customers.domain import PHONE
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Database
from tranche.kernel.identity.domain import Bootstrapped


@pytest.fixture
def made(database: Database) -> Bootstrapped:
    return bootstrap(database)


@pytest.fixture
def client(database: Database, made: Bootstrapped) -> Iterator[Client]:
    """Calls as an operator of `made`."""
    with api(database, routes=ROUTES) as client:
        client.headers.update(bearer(issue(database, admin_of(made), role=Role.OPERATOR).secret))
        yield client


def _create(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/api/customers", json={"data": fields})
    assert answer.status_code == 201
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_customer_is_made_read_and_changed(client: Client) -> None:
    made = _create(client, code="C1", name="Acme", email="a@b.test", phone="1", address="Road")
    assert made.keys() == {"id", "code", "name", "email", "phone", "address", "createdAt", "updatedAt"}
    assert client.get(f"/api/customers/{made['id']}").json()["data"] == made
    answer = client.put(f"/api/customers/{made['id']}", json={"data": {"name": "Acme Ltd", "phone": None}})
    assert answer.status_code == 200
    changed = answer.json()["data"]
    assert changed == {**made, "name": "Acme Ltd", "phone": None, "updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > made["updatedAt"]


def test_customers_are_listed_and_searched_in_pages(client: Client) -> None:
    for name in ("Straße", "Strand", "Acme"):
        _create(client, name=name)
    answer = client.get("/api/customers?limit=2").json()
    assert [customer["name"] for customer in answer["data"]] == ["Acme", "Strand"]
    assert (answer["pagination"]["totalItems"], answer["pagination"]["nextPage"]) == (3, 2)
    found = client.get("/api/customers", params={"search": "STRASS"}).json()
    assert [customer["name"] for customer in found["data"]] == ["Straße"]
    assert found["pagination"]["totalItems"] == 1


@pytest.mark.parametrize("search", ["%", "_", "\\", "' OR 1=1 --", "\U0010ffff", "x" * 300])
def test_odd_searches_find_nothing_and_break_nothing(client: Client, search: str) -> None:
    _create(client, name="Acme")
    answer = client.get("/api/customers", params={"search": search})
    assert (answer.status_code, answer.json()["data"]) == (200, [])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"data": {}}, "/data/name"),
        ({"data": {"name": " "}}, "/data/name"),
        ({"data": {"name": "A", "email": "x"}}, "/data/email"),
        ({"data": {"name": "A", "phone": "n/a"}}, "/data/phone"),
        ({"data": {"name": "A", "organizationId": 2}}, "/data/organizationId"),
        ({"data": {"name": "A", "id": 7}}, "/data/id"),
        ({"data": {"name": 5}}, "/data/name"),
        ({"data": {"name": "a\0b"}}, "/data/name"),
        ({"name": "A"}, "/name"),
    ],
)
def test_what_cannot_be_taken_is_400_and_named(client: Client, body: dict[str, Any], pointer: str) -> None:
    answer = client.post("/api/customers", json=body)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert client.get("/api/customers").json()["data"] == []


def test_the_description_tells_which_phones_are_refused(client: Client) -> None:
    named = client.get("/schema/openapi.json").json()["components"]["schemas"]
    for body in ("NewCustomer", "CustomerChanges"):
        told = json.dumps(named[body]["properties"]["phone"])
        assert json.dumps({"pattern": PHONE})[1:-1] in told
    refused = {phone for phone in ("", " ", "030-1", "n/a", "+") if not re.search(PHONE, phone)}
    given = [{"name": f"Acme {phone}", "phone": phone} for phone in ("", " ", "030-1", "n/a", "+")]
    answers = {each["phone"]: client.post("/api/customers", json={"data": each}).status_code for each in given}
    assert {phone for phone, status in answers.items() if status == 400} == refused == {"n/a", "+"}


def test_a_taken_code_is_409(client: Client) -> None:
    _create(client, code="C1", name="Acme")
    answer = client.post("/api/customers", json={"data": {"code": "C1", "name": "Other"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "customer_code_taken")


def test_the_same_key_makes_one_customer_and_replays_the_answer(client: Client) -> None:
    body, headers = {"data": {"name": "Acme"}}, {"Idempotency-Key": "one"}
    first = client.post("/api/customers", json=body, headers=headers)
    second = client.post("/api/customers", json=body, headers=headers)
    assert (second.status_code, second.content) == (201, first.content)
    assert len(client.get("/api/customers").json()["data"]) == 1
    other = client.post("/api/customers", json={"data": {"name": "Other"}}, headers=headers)
    assert other.status_code == 422


def test_a_viewer_reads_and_does_not_change(client: Client, database: Database, made: Bootstrapped) -> None:
    customer = _create(client, name="Acme")
    viewer = bearer(issue(database, admin_of(made), role=Role.VIEWER).secret)
    path = f"/api/customers/{customer['id']}"
    assert client.get("/api/customers", headers=viewer).status_code == 200
    assert client.get(path, headers=viewer).status_code == 200
    assert client.post("/api/customers", json={"data": {"name": "X"}}, headers=viewer).status_code == 403
    assert client.put(path, json={"data": {"name": "X"}}, headers=viewer).status_code == 403


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"data": {"name": "Mine"}})])
def test_a_foreign_id_answers_byte_for_byte_like_an_unknown_one(
    client: Client, database: Database, method: str, body: dict[str, Any] | None
) -> None:
    theirs = bearer(bootstrap(database, name="Other").issued.secret)
    customer = client.post("/api/customers", json={"data": {"name": "Theirs"}}, headers=theirs).json()["data"]
    foreign = client.request(method, f"/api/customers/{customer['id']}", json=body)
    unknown = client.request(method, "/api/customers/999999", json=body)
    assert foreign.status_code == unknown.status_code == 404
    left, right = foreign.json(), unknown.json()
    left.pop("metadata")
    right.pop("metadata")
    assert nameless(str(left), customer["id"]) == nameless(str(right), 999_999)
    assert client.get(f"/api/customers/{customer['id']}", headers=theirs).json()["data"] == customer
    assert client.get("/api/customers").json()["data"] == []
