"""The endpoints of identity: envelope, rights, secrets, isolation."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from tests.kernel.identity.clients import Client, api, bearer
from tests.kernel.identity.factories import admin_of, bootstrap, issue
from tests.naming import nameless
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity.api import ROUTES
from tranche.kernel.identity.domain import Bootstrapped


@pytest.fixture
def made(database: Database) -> Bootstrapped:
    return bootstrap(database)


@pytest.fixture
def client(database: Database, made: Bootstrapped) -> Iterator[Client]:
    """Calls as the admin of `made`."""
    with api(database, routes=ROUTES) as client:
        client.headers.update(bearer(made.issued.secret))
        yield client


def _same(body: dict[str, Any]) -> dict[str, Any]:
    """An error without what differs between any two requests."""
    return {key: value for key, value in body.items() if key != "metadata"}


def test_me_tells_who_asks_and_with_which_rights(client: Client, made: Bootstrapped) -> None:
    answer = client.get("/api/me").json()
    assert (answer["success"], answer["message"]) == (True, "Caller fetched")
    assert answer["metadata"].keys() == {"requestId", "timestamp"}
    created_at = answer["data"]["organization"].pop("createdAt")
    assert created_at.endswith("Z")
    assert answer["data"] == {
        "userId": made.user.id,
        "name": "Ada Admin",
        "role": "admin",
        "scopes": [],
        "branchId": None,
        "apiKeyId": made.issued.key.id,
        "organization": {
            "id": made.organization.id,
            "name": "Acme",
            "zone": "Europe/Berlin",
            "currency": "EUR",
            "language": "en",
        },
    }


def test_the_organization_is_read_and_changed(client: Client) -> None:
    changed = client.put("/api/organization", json={"data": {"zone": "Asia/Dhaka"}})
    assert changed.status_code == 200
    read = client.get("/api/organization").json()["data"]
    assert read == changed.json()["data"]
    assert (read["name"], read["zone"]) == ("Acme", "Asia/Dhaka")


def test_faults_are_named_by_their_place_in_the_body(client: Client) -> None:
    answer = client.put("/api/organization", json={"data": {"zone": "Nowhere", "currency": "?"}})
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/data/zone", "/data/currency"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/organization", {"data": {"id": 2}}),
        ("/api/organization", {"name": "x"}),
        ("/api/organization", {"data": {"name": None}}),
        ("/api/organization", {"data": {"name": "a\0b"}}),
    ],
)
def test_unknown_missing_and_odd_fields_are_400_and_change_nothing(
    client: Client, path: str, body: dict[str, Any]
) -> None:
    before = client.get(path).json()["data"]
    assert client.put(path, json=body).status_code == 400
    assert client.get(path).json()["data"] == before


def test_branches_are_made_and_listed_in_pages(client: Client) -> None:
    answer = client.post("/api/branches", json={"data": {"name": "Port"}})
    assert answer.status_code == 201
    assert answer.json()["data"]["isDefault"] is False
    page = client.get("/api/branches?page=2&limit=1").json()
    assert [branch["name"] for branch in page["data"]] == ["Port"]
    assert page["pagination"] == {
        "currentPage": 2,
        "totalPages": 2,
        "totalItems": 2,
        "itemsPerPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": True,
        "nextPage": None,
        "prevPage": 1,
    }
    assert client.post("/api/branches", json={"data": {"name": "Port"}}).status_code == 409


def test_users_are_made_changed_and_shut_out(client: Client, database: Database, made: Bootstrapped) -> None:
    body = {"data": {"email": "Olga@example.test", "name": "Olga", "role": "operator"}}
    user = client.post("/api/users", json=body).json()["data"]
    assert (user["email"], user["role"], user["isActive"]) == ("olga@example.test", "operator", True)
    secret = issue(database, admin_of(made), role=Role.OPERATOR, user_id=user["id"]).secret
    assert client.get("/api/me", headers=bearer(secret)).status_code == 200
    changed = client.put(f"/api/users/{user['id']}", json={"data": {"isActive": False}}).json()["data"]
    assert changed == {**user, "isActive": False}
    assert client.get("/api/me", headers=bearer(secret)).status_code == 401
    assert [one["name"] for one in client.get("/api/users").json()["data"]] == ["Ada Admin", "Olga"]
    assert client.put(f"/api/users/{made.user.id}", json={"data": {"role": "viewer"}}).status_code == 409


@pytest.mark.parametrize("body", [{"name": "x", "role": "root"}, {"name": "x", "role": "admin", "organizationId": 2}])
def test_a_key_of_an_unknown_role_or_with_extra_fields_is_400(client: Client, body: dict[str, Any]) -> None:
    assert client.post("/api/api-keys", json={"data": body}).status_code == 400
    assert len(client.get("/api/api-keys").json()["data"]) == 1


def test_the_end_of_a_key_needs_a_zone(client: Client) -> None:
    body = {"name": "x", "role": "viewer", "expiresAt": "2999-01-01T00:00:00"}
    answer = client.post("/api/api-keys", json={"data": body})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/data/expiresAt")
    assert client.post("/api/api-keys", json={"data": {**body, "expiresAt": "2999-01-01T00:00:00Z"}}).status_code == 201


def test_a_scope_that_there_is_not_is_named_with_those_that_there_are(client: Client) -> None:
    answer = client.post("/api/api-keys", json={"data": {"name": "x", "role": "viewer", "scopes": ["nope"]}})
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"]) == (400, "/data/scopes")
    assert "customers, invoices, items" in fault["detail"]


def test_a_secret_is_shown_once_and_its_replay_is_refused(client: Client, owner: Connection) -> None:
    body = {"data": {"name": "robot", "role": "operator", "scopes": ["customers"]}}
    made = client.post("/api/api-keys", json=body, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    secret = made.json()["data"].pop("secret")
    replay = client.post("/api/api-keys", json=body, headers={"Idempotency-Key": "one"})
    assert (replay.status_code, replay.json()["code"]) == (409, "idempotency_secret")
    rotated = client.post(f"/api/api-keys/{made.json()['data']['id']}/rotate", headers={"Idempotency-Key": "two"})
    assert rotated.status_code == 200
    renewed = rotated.json()["data"]["secret"]
    rest = client.get("/api/api-keys").text + replay.text + client.get("/api/audit").text
    (stored,) = owner.execute("SELECT string_agg(k::text, ' ') AS text FROM idempotency_keys k").fetchall()
    for one in (secret, renewed):
        assert one not in rest
        assert one not in stored["text"]
        assert one.encode().hex() not in stored["text"]


def test_the_chain_of_the_audit_log_is_shown_head_first(
    client: Client, made: Bootstrapped, database: Database, owner: Connection
) -> None:
    assert client.get("/api/audit/seals").json()["data"] == []
    other = bootstrap(database, name="Other").organization.id
    add = """
        INSERT INTO audit_seals (organization_id, number, until, entries, hash, sealed_at)
        VALUES (%(id)s, %(number)s, '2026-11-01T08:00Z', 2, sha256('x'), '2026-11-01T08:05Z')
    """
    for organization_id, number in ((made.organization.id, 1), (made.organization.id, 2), (other, 3)):
        owner.execute(add, {"id": organization_id, "number": number})
    answer = client.get("/api/audit/seals").json()
    assert [seal["number"] for seal in answer["data"]] == [2, 1]
    assert answer["data"][0] == {
        "number": 2,
        "until": "2026-11-01T08:00:00Z",
        "entries": 2,
        "hash": sha256(b"x").hexdigest(),
        "sealedAt": "2026-11-01T08:05:00Z",
    }
    assert [seal["number"] for seal in client.get("/api/audit/seals?cursor=&limit=1").json()["data"]] == [2]
    assert client.get("/api/audit/seals?number=1").status_code == 400


def test_a_key_is_rotated_then_revoked(client: Client) -> None:
    key = client.post("/api/api-keys", json={"data": {"name": "robot", "role": "viewer"}}).json()["data"]
    renewed = client.post(f"/api/api-keys/{key['id']}/rotate").json()["data"]["secret"]
    assert client.get("/api/branches", headers=bearer(key["secret"])).status_code == 401
    assert client.get("/api/branches", headers=bearer(renewed)).status_code == 200
    revoked = client.delete(f"/api/api-keys/{key['id']}").json()["data"]
    assert revoked["revokedAt"].endswith("Z")
    assert client.get("/api/branches", headers=bearer(renewed)).status_code == 401
    assert client.post(f"/api/api-keys/{key['id']}/rotate").status_code == 409


def test_a_key_with_scopes_cannot_make_or_renew_a_wider_one(
    client: Client, database: Database, made: Bootstrapped
) -> None:
    narrow = bearer(issue(database, admin_of(made), scopes=("settings", "customers")).secret)

    def ask(scopes: list[str]) -> int:
        body = {"data": {"name": "x", "role": "admin", "scopes": scopes}}
        return client.post("/api/api-keys", json=body, headers=narrow).status_code

    assert [ask([]), ask(["orders"]), ask(["customers", "orders"]), ask(["customers"])] == [403, 403, 403, 201]
    assert client.post(f"/api/api-keys/{made.issued.key.id}/rotate", headers=narrow).status_code == 403
    assert client.get("/api/me").status_code == 200


def test_a_key_of_any_scope_asks_who_it_is_and_is_told_what_another_route_takes(
    client: Client, database: Database, made: Bootstrapped
) -> None:
    narrow = bearer(issue(database, admin_of(made), scopes=("stock", "orders")).secret)
    assert client.get("/api/me", headers=narrow).status_code == 200
    refused = client.get("/api/organization", headers=narrow)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    assert "made for orders, stock only; this takes one for settings" in refused.json()["detail"]


_ADMIN_ONLY = [
    ("PUT", "/api/organization", {"data": {}}),
    ("POST", "/api/branches", {"data": {"name": "x"}}),
    ("POST", "/api/users", {"data": {"email": "a@b.test", "name": "x", "role": "viewer"}}),
    ("PUT", "/api/users/1", {"data": {}}),
    ("GET", "/api/api-keys", None),
    ("POST", "/api/api-keys", {"data": {"name": "x", "role": "viewer"}}),
    ("DELETE", "/api/api-keys/1", None),
    ("POST", "/api/api-keys/1/rotate", None),
    ("GET", "/api/audit", None),
]
_FOR_VIEWERS = ["/api/me", "/api/organization", "/api/branches", "/api/users"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_settings_keys_and_audit_need_an_admin_and_reading_a_viewer(
    client: Client, database: Database, made: Bootstrapped, role: Role
) -> None:
    headers = bearer(issue(database, admin_of(made), role=role).secret)
    refused = [
        client.request(method, path, json=body, headers=headers).status_code for method, path, body in _ADMIN_ONLY
    ]
    assert refused == [403] * len(_ADMIN_ONLY)
    assert [client.get(path, headers=headers).status_code for path in _FOR_VIEWERS] == [200] * len(_FOR_VIEWERS)


def test_nothing_is_open_without_a_key(client: Client) -> None:
    calls = [*_ADMIN_ONLY, *(("GET", path, None) for path in _FOR_VIEWERS)]
    codes = [
        client.request(method, path, json=body, headers={"Authorization": ""}).status_code
        for method, path, body in calls
    ]
    assert codes == [401] * len(calls)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/users/{user}", {"data": {"name": "Mine"}}),
        ("DELETE", "/api/api-keys/{key}", None),
        ("POST", "/api/api-keys/{key}/rotate", None),
    ],
)
def test_a_foreign_id_answers_byte_for_byte_like_an_unknown_one(
    client: Client, database: Database, method: str, path: str, body: dict[str, Any] | None
) -> None:
    other = bootstrap(database, name="Other")
    foreign = client.request(method, path.format(user=other.user.id, key=other.issued.key.id), json=body)
    unknown = client.request(method, path.format(user=999_999, key=999_999), json=body)
    assert foreign.status_code == unknown.status_code == 404
    asked_for = other.user.id if "{user}" in path else other.issued.key.id
    assert nameless(str(_same(foreign.json())), asked_for) == nameless(str(_same(unknown.json())), 999_999)
    assert client.get("/api/me", headers=bearer(other.issued.secret)).json()["data"]["name"] == "Ada Admin"


def test_lists_hold_nothing_of_another_organization(client: Client, database: Database, made: Bootstrapped) -> None:
    bootstrap(database, name="Other")
    assert [one["id"] for one in client.get("/api/branches").json()["data"]] == [made.branch.id]
    assert [one["id"] for one in client.get("/api/users").json()["data"]] == [made.user.id]
    assert [one["id"] for one in client.get("/api/api-keys").json()["data"]] == [made.issued.key.id]
    assert [one["subjectId"] for one in client.get("/api/audit").json()["data"]] == [made.organization.id]


def test_a_foreign_and_an_unknown_branch_header_are_refused_alike(
    client: Client, database: Database, made: Bootstrapped
) -> None:
    foreign = bootstrap(database, name="Other").branch.id
    answers = [client.get("/api/me", headers={"x-branch-id": str(branch)}) for branch in (foreign, 999_999)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert _same(answers[0].json()) == _same(answers[1].json())
    own = client.get("/api/me", headers={"x-branch-id": str(made.branch.id)})
    assert own.json()["data"]["branchId"] == made.branch.id


def test_the_audit_log_is_newest_first_and_filtered(client: Client, made: Bootstrapped) -> None:
    client.post("/api/branches", json={"data": {"name": "Port"}}, headers={"X-Request-Id": "ignored"})
    answer = client.get("/api/audit").json()
    assert [entry["action"] for entry in answer["data"]] == ["branch.create", "organization.bootstrap"]
    newest = answer["data"][0]
    assert newest.keys() == {"id", "at", "userId", "actor", "action", "subjectId", "detail", "requestId"}
    assert (newest["actor"], newest["userId"], newest["detail"]) == ("Ada Admin", made.user.id, {"name": "Port"})

    def count(**query: object) -> int:
        return int(client.get("/api/audit", params=query).json()["pagination"]["totalItems"])  # type: ignore[arg-type]

    assert count(action="branch.create") == 1
    assert count(userId=made.user.id) == 2
    assert count(userId=999_999) == 0
    assert count(**{"from": newest["at"]}) == 1
    assert count(to=newest["at"]) == 1
    assert count(limit=1, page=2) == 2


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2025-10-29",
        "to=2025-10-29T08:00:00",
        "userId=x",
        "userId=0",
        "action=",
        "sort=userId",
        "page=0",
        "limit=1001",
    ],
)
def test_odd_filters_of_the_audit_log_are_400_and_named(client: Client, query: str) -> None:
    answer = client.get(f"/api/audit?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == query.split("=", maxsplit=1)[0]
