"""Webhooks and notifications over HTTP: envelope, rights, secrets, isolation."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kernel.identity.clients import Client, api, bearer
from tests.kernel.identity.factories import admin_of, bootstrap, issue
from tests.kernel.notify.office import KEY
from tests.naming import nameless
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity.api import WEBHOOK_ROUTES
from tranche.kernel.identity.domain import Bootstrapped
from tranche.kernel.notify.service import Webhooks

HOME = "/api/webhooks"
BODY = {"data": {"url": "https://hook.example.test/in", "description": "Ledger"}}


@pytest.fixture
def woken() -> list[int]:
    """The organizations for which a worker was woken."""
    return []


@pytest.fixture
def made(database: Database) -> Bootstrapped:
    return bootstrap(database)


@pytest.fixture
def client(database: Database, made: Bootstrapped, woken: list[int]) -> Iterator[Client]:
    """Calls as the admin of `made`."""
    webhooks = Webhooks(KEY, entropy=secrets.token_bytes, wake=lambda _conn, number: woken.append(number))
    with api(database, routes=WEBHOOK_ROUTES, offers={"webhooks": webhooks}) as client:
        client.headers.update(bearer(made.issued.secret))
        yield client


def make(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(HOME, json={"data": {**BODY["data"], **changes}})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_a_webhook_is_made_read_changed_and_deleted(client: Client, made: Bootstrapped) -> None:
    webhook = make(client)
    assert webhook.pop("secret").startswith("whsec_")
    assert {key: webhook[key] for key in ("url", "description", "isEnabled", "failures", "createdBy")} == {
        "url": "https://hook.example.test/in",
        "description": "Ledger",
        "isEnabled": True,
        "failures": 0,
        "createdBy": made.user.id,
    }
    assert webhook["eventTypes"] == [
        "operation.completed",
        "operation.completed_with_errors",
        "operation.failed",
        "operation.cancelled",
    ]
    path = f"{HOME}/{webhook['id']}"
    assert client.get(path).json()["data"] == webhook
    changed = client.put(path, json={"data": {"isEnabled": False, "eventTypes": ["operation.failed"]}}).json()["data"]
    assert (changed["isEnabled"], changed["disabledReason"]) == (False, "It was disabled by hand.")
    assert changed["eventTypes"] == ["operation.failed"]
    listed = client.get(HOME).json()
    assert (listed["data"], listed["pagination"]["totalItems"]) == ([changed], 1)
    assert client.delete(path).status_code == 200
    assert client.get(path).status_code == 404


def test_the_secret_is_shown_once_and_its_replay_is_refused(client: Client, owner: Connection) -> None:
    made = client.post(HOME, json=BODY, headers={"Idempotency-Key": "one"}).json()["data"]
    replay = client.post(HOME, json=BODY, headers={"Idempotency-Key": "one"})
    assert (replay.status_code, replay.json()["code"]) == (409, "idempotency_secret")
    rotated = client.post(f"{HOME}/{made['id']}/rotate", headers={"Idempotency-Key": "two"})
    renewed = rotated.json()["data"]
    assert renewed["secret"] != made["secret"]
    assert renewed["oldSecretUntil"] is not None
    assert client.post(f"{HOME}/{made['id']}/rotate", headers={"Idempotency-Key": "two"}).status_code == 409
    rest = client.get(HOME).text + client.get(f"{HOME}/{made['id']}").text + replay.text
    for table in ("idempotency_keys", "webhook_endpoints", "audit_entries"):
        (row,) = owner.execute(f"SELECT string_agg(t::text, ' ') AS text FROM {table} t".encode()).fetchall()
        rest += row["text"]
    for secret in (made["secret"], renewed["secret"]):
        assert secret not in rest
        assert secret.encode().hex() not in rest
    assert (
        "hook.example.test"
        not in owner.execute("SELECT string_agg(detail::text, '') AS text FROM audit_entries").fetchall()[0]["text"]
    )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"url": "ftp://x.test"}, "/data/url"),
        ({"url": "https://user:pw@x.test"}, "/data/url"),
        ({"url": ""}, "/data/url"),
        ({"url": "http://169.254.169.254/latest"}, "/data/url"),
        ({"url": "http://0x7f.1/"}, "/data/url"),
        ({"url": "http://2130706433/"}, "/data/url"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "/data/url"),
        ({"url": "http://localhost:8080/"}, "/data/url"),
        ({"url": None}, "/data/url"),
        ({"eventTypes": []}, "/data/eventTypes"),
        ({"eventTypes": ["operation.exploded"]}, "/data/eventTypes"),
        ({"eventTypes": "operation.failed"}, "/data/eventTypes"),
        ({"description": "a\nb"}, "/data/description"),
        ({"isEnabled": "yes"}, "/data/isEnabled"),
        ({"createdBy": 1}, "/data/createdBy"),
        ({"organizationId": 2}, "/data/organizationId"),
        ({"secret": "whsec_x"}, "/data/secret"),
    ],
)
def test_bad_input_is_400_at_its_place_and_changes_nothing(
    client: Client, changes: dict[str, Any], pointer: str
) -> None:
    webhook = make(client)
    before = client.get(HOME).json()["data"]
    for answer in (
        client.post(HOME, json={"data": {**BODY["data"], **changes}}),
        client.put(f"{HOME}/{webhook['id']}", json={"data": changes}),
    ):
        assert answer.status_code == 400, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert client.get(HOME).json()["data"] == before


def test_a_test_event_wakes_a_worker_and_stands_in_the_deliveries(
    client: Client, made: Bootstrapped, woken: list[int], owner: Connection
) -> None:
    webhook = make(client)
    answer = client.post(f"{HOME}/{webhook['id']}/test")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{HOME}/{webhook['id']}/deliveries"
    assert woken == [made.organization.id]
    delivery = answer.json()["data"]
    assert (delivery["event"], delivery["status"], delivery["log"]) == ("webhook.test", "pending", [])
    resend = f"{HOME}/deliveries/{delivery['id']}/resend"
    assert client.post(resend).status_code == 409
    owner.execute("UPDATE notifications SET status = 'failed', error = 'No.'")
    owner.execute(
        "INSERT INTO notification_attempts (organization_id, notification_id, duration_ms, status_code, error) "
        "SELECT organization_id, id, 12, 500, 'No.' FROM notifications"
    )
    found = client.get(f"{HOME}/{webhook['id']}/deliveries?status=failed").json()
    assert found["pagination"]["totalItems"] == 1
    (entry,) = found["data"][0]["log"]
    assert (entry["durationMs"], entry["statusCode"], entry["error"], entry["nextAttemptAt"]) == (12, 500, "No.", None)
    assert client.get(f"{HOME}/{webhook['id']}/deliveries?status=sent").json()["data"] == []
    again = client.post(resend, headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.json()["data"]["status"]) == (202, "pending")
    assert client.post(resend, headers={"Idempotency-Key": "once"}).headers["Idempotency-Replayed"] == "true"
    assert woken == [made.organization.id] * 2


def test_notifications_are_listed_by_channel_and_status(client: Client, owner: Connection, made: Bootstrapped) -> None:
    owner.execute(
        """
        INSERT INTO notifications
            (organization_id, channel, event, destination, body, status, error, sent_at, provider_id)
        VALUES (%(id)s, 'mail', 'a.b', 'a@b.test', 'x', 'sent', NULL, now(), 'p'),
            (%(id)s, 'alert', 'a.b', 'log', 'x', 'failed', 'No.', NULL, NULL)
        """,
        {"id": made.organization.id},
    )
    assert [one["channel"] for one in client.get("/api/notifications").json()["data"]] == ["alert", "mail"]
    (mail,) = client.get("/api/notifications?channel=mail").json()["data"]
    assert (mail["providerId"], mail["status"], mail["nextAttemptAt"]) == ("p", "sent", None)
    assert client.get("/api/notifications?channel=mail&status=failed").json()["data"] == []
    assert "body" not in mail
    for odd in ("channel=pigeon", "status=lost", "page=0", "limit=1001", "x=1"):
        assert client.get(f"/api/notifications?{odd}").status_code == 400


def test_a_person_chooses_their_mails(client: Client, made: Bootstrapped, database: Database) -> None:
    path = "/api/me/notifications"
    assert client.get(path).json()["data"] == {"operationMails": "auto"}
    viewer = bearer(issue(database, admin_of(made), role=Role.VIEWER).secret)
    assert client.put(path, json={"data": {"operationMails": "never"}}, headers=viewer).status_code == 200
    assert client.get(path).json()["data"] == {"operationMails": "never"}
    assert client.put(path, json={"data": {"operationMails": "sometimes"}}).status_code == 400


def _calls(number: int, delivery: int) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"{HOME}/{number}", None),
        ("PUT", f"{HOME}/{number}", {"data": {"isEnabled": False}}),
        ("DELETE", f"{HOME}/{number}", None),
        ("POST", f"{HOME}/{number}/rotate", None),
        ("POST", f"{HOME}/{number}/test", None),
        ("GET", f"{HOME}/{number}/deliveries", None),
        ("POST", f"{HOME}/deliveries/{delivery}/resend", None),
    ]


def test_another_organizations_ids_answer_exactly_like_unknown_ones(client: Client, database: Database) -> None:
    webhook = make(client)
    delivery = client.post(f"{HOME}/{webhook['id']}/test").json()["data"]
    foreign = bearer(bootstrap(database, name="Other").issued.secret)

    def answers(number: int, other: int) -> list[tuple[int, str]]:
        found = [
            client.request(method, path, json=body, headers=foreign) for method, path, body in _calls(number, other)
        ]
        told = [(one.status_code, str({**one.json(), "metadata": None})) for one in found]
        return [(status, nameless(nameless(text, number), other)) for status, text in told]

    unknown = answers(999_999, 999_999)
    assert {status for status, _ in unknown} == {404}
    assert answers(webhook["id"], delivery["id"]) == unknown
    for path in (HOME, "/api/notifications"):
        listed = client.get(path, headers=foreign).json()
        assert (listed["data"], listed["pagination"]["totalItems"]) == ([], 0)
    assert client.get(f"{HOME}/{webhook['id']}").json()["data"]["isEnabled"] is True


def test_everything_here_needs_an_admin_and_the_scope(client: Client, database: Database, made: Bootstrapped) -> None:
    webhook = make(client)
    delivery = client.post(f"{HOME}/{webhook['id']}/test").json()["data"]["id"]
    calls = [*_calls(webhook["id"], delivery), ("GET", HOME, None), ("POST", HOME, BODY)]
    calls.append(("GET", "/api/notifications", None))
    operator = bearer(issue(database, admin_of(made), role=Role.OPERATOR).secret)
    elsewhere = bearer(issue(database, admin_of(made), scopes=("orders",)).secret)
    for method, path, body in calls:
        for headers in (operator, elsewhere):
            assert client.request(method, path, json=body, headers=headers).status_code == 403, (method, path)
        assert client.request(method, path, json=body, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    ("url", "times"),
    [("http://127.0.0.1/", 1), ("http://10.0.0.1/", 1), ("http://169.254.1.1/", 0)],
)
def test_an_address_inside_is_refused_with_the_setting_that_allows_it(client: Client, url: str, times: int) -> None:
    detail = client.post(HOME, json={"data": {**BODY["data"], "url": url}}).json()["detail"]
    assert detail.startswith("url must not lead to ")
    assert detail.count("TRANCHE_WEBHOOK_ALLOW_PRIVATE=true") == times
