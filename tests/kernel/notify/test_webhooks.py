"""Signed events: delivered, tried again, given up, sent again by hand, and what becomes of bad endpoints."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import Organization
from tests.kernel.notify.office import NOON, Office
from tests.kernel.notify.receiver import Receiver
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid
from tranche.kernel.notify import service
from tranche.kernel.notify.domain import Status, UnknownEndpoint
from tranche.kernel.notify.service.webhooks import MOST_ENDPOINTS, EndpointDeleted, NotEnded, TooManyEndpoints
from tranche.kernel.notify.signing import SigningKey


def test_an_event_arrives_signed_and_the_log_says_so(office: Office, receiver: Receiver) -> None:
    issued = office.endpoint(f"{receiver.url}/hook?x=1")
    assert office.publish(id=7, label="täglich.xlsx") == 1
    assert office.send_webhooks() == 1
    (request,) = receiver.requests
    assert request.path == "/hook?x=1"
    assert request.headers["content-type"] == "application/json"
    body = Webhook(issued.secret).verify(request.body, dict(request.headers))
    assert body == {
        "type": "operation.completed",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {"id": 7, "label": "täglich.xlsx"},
    }
    found = office.only()
    assert (found.status, found.provider_id) == (Status.SENT, request.headers["webhook-id"])
    (entry,) = office.log()
    assert (entry["status_code"], entry["excerpt"], entry["next_attempt_at"]) == (200, "thank you", None)
    assert office.is_sound()


def test_only_endpoints_that_want_the_event_hear_of_it(office: Office, receiver: Receiver) -> None:
    office.endpoint(f"{receiver.url}/failed", event_types=("operation.failed",))
    office.endpoint(f"{receiver.url}/all")
    off = office.endpoint(f"{receiver.url}/off").endpoint
    office.act(office.webhooks.update, endpoint_id=off.id, is_enabled=False)
    assert office.publish("operation.cancelled") == 1
    assert office.publish("operation.failed") == 2
    assert office.send_webhooks() == 3
    assert sorted(request.path for request in receiver.requests) == ["/all", "/all", "/failed"]


def test_delays_grow_under_one_id_and_a_new_signature_until_it_is_given_up(office: Office, receiver: Receiver) -> None:
    issued = office.endpoint(receiver.url)
    office.publish()
    receiver.status, receiver.body = 500, b"broken"
    pauses = []
    for _ in range(6):
        assert office.send_webhooks() == 1
        pauses.append(round(office.due_in()))
        office.hurry()
    assert office.send_webhooks() == 1
    assert pauses == pytest.approx([5, 300, 1_800, 7_200, 18_000, 36_000], abs=1)
    found = office.only()
    assert (found.status, found.attempts, found.error) == (Status.FAILED, 7, "The receiver answered 500.")
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    for request in receiver.requests:
        Webhook(issued.secret).verify(request.body, dict(request.headers))
    assert [(entry["status_code"], entry["error_code"]) for entry in office.log()] == [(500, "refused")] * 7
    assert office.is_sound()


def test_a_receiver_may_ask_for_more_time(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.publish()
    receiver.status, receiver.headers = 429, {"Retry-After": "900"}
    office.send_webhooks()
    assert office.due_in() == pytest.approx(900, abs=2)


def test_a_forbidden_address_is_not_called_and_says_why(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.publish()
    office.send_webhooks(allow_private=False)
    assert receiver.requests == []
    found = office.only()
    assert (found.status, found.error_code) == (Status.PENDING, "forbidden_address")
    assert "leads to this machine, which is not called" in (found.error or "")


def test_a_failed_delivery_is_sent_again_by_hand_under_the_same_id(office: Office, receiver: Receiver) -> None:
    issued = office.endpoint(receiver.url)
    office.publish()
    receiver.status = 410
    office.send_webhooks()
    delivery = next(one for one in office.all() if one.channel == "webhook")
    assert delivery.status is Status.FAILED
    receiver.status = 200
    office.act(office.webhooks.resend, delivery_id=delivery.id)
    with pytest.raises(NotEnded):
        office.act(office.webhooks.resend, delivery_id=delivery.id)
    office.send_webhooks()
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    Webhook(issued.secret).verify(second.body, dict(second.headers))
    assert len(office.log()) == 2


def test_a_receiver_that_is_gone_is_disabled_at_once_with_an_alert(office: Office, receiver: Receiver) -> None:
    number = office.endpoint(receiver.url).endpoint.id
    for _ in range(3):
        office.publish()
    receiver.status = 410
    office.send_webhooks()
    endpoint = office.do(service.get_endpoint, endpoint_id=number)
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (
        False,
        "The receiver answered 410: it wants no more events.",
    )
    assert len(receiver.requests) == 1
    first, second, third, alert = office.all()
    assert (first.status, second.status, third.status) == (Status.FAILED,) * 3
    assert (second.error_code, alert.channel) == ("webhook_disabled", "alert")
    assert alert.body == (
        f"Webhook {number} of organization {office.ctx.organization_id} was disabled. {endpoint.disabled_reason}"
    )
    assert office.publish() == 0
    assert office.is_sound()


def test_days_of_failures_disable_an_endpoint_and_a_success_begins_anew(office: Office, receiver: Receiver) -> None:
    number = office.endpoint(receiver.url).endpoint.id
    receiver.status = 500

    def fail(times: int) -> None:
        for _ in range(times):
            office.publish()
            office.send_webhooks()

    fail(9)
    office.owner.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '6 days'")
    assert office.do(service.get_endpoint, endpoint_id=number).is_enabled
    receiver.status = 200
    office.hurry()
    office.send_webhooks()
    assert office.do(service.get_endpoint, endpoint_id=number).failures == 0
    receiver.status = 500
    fail(12)
    assert office.do(service.get_endpoint, endpoint_id=number).is_enabled
    office.owner.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '6 days'")
    fail(1)
    endpoint = office.do(service.get_endpoint, endpoint_id=number)
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "Every delivery has failed for five days.")
    back = office.act(office.webhooks.update, endpoint_id=number, is_enabled=True)
    assert (back.is_enabled, back.failures, back.disabled_reason) == (True, 0, None)


def test_one_bad_endpoint_does_not_hold_up_another(office: Office, receiver: Receiver) -> None:
    office.endpoint("http://127.0.0.1:9/")
    office.endpoint(receiver.url)
    office.publish()
    assert office.send_webhooks() == 2
    assert len(receiver.requests) == 1
    assert [one.status for one in office.all()] == [Status.PENDING, Status.SENT]


def test_endpoints_that_fail_are_left_to_the_one_who_has_time_for_them(office: Office, receiver: Receiver) -> None:
    office.endpoint("http://127.0.0.1:9/")
    office.endpoint(receiver.url)
    office.publish()
    office.send_webhooks()
    office.hurry()
    office.publish()
    assert office.send_webhooks(only_healthy=True) == 1
    assert len(receiver.requests) == 2
    assert office.send_webhooks() == 2


def test_after_a_rotation_both_secrets_verify_for_a_day(office: Office, receiver: Receiver) -> None:
    old = office.endpoint(receiver.url)
    new = office.act(office.webhooks.rotate, endpoint_id=old.endpoint.id)
    assert new.secret != old.secret
    office.publish()
    office.send_webhooks()
    for secret in (old.secret, new.secret):
        Webhook(secret).verify(receiver.requests[0].body, dict(receiver.requests[0].headers))
    office.owner.execute("UPDATE webhook_endpoints SET previous_until = now() - interval '1 second'")
    office.publish()
    office.send_webhooks()
    Webhook(new.secret).verify(receiver.requests[1].body, dict(receiver.requests[1].headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(receiver.requests[1].body, dict(receiver.requests[1].headers))


def test_with_another_signing_key_nothing_is_sent(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.publish()
    office.send_webhooks(key=SigningKey(secrets.token_bytes(32)))
    assert receiver.requests == []
    assert office.only().error_code == "signing_key"
    (endpoint,), _ = office.do(service.list_endpoints, limit=10, offset=0)
    assert endpoint.failures == 0, "it is not the endpoint's fault"
    office.hurry()
    office.send_webhooks()
    assert office.only().status is Status.SENT


def test_a_test_event_reaches_a_disabled_endpoint_and_is_not_repeated(office: Office, receiver: Receiver) -> None:
    number = office.endpoint(receiver.url).endpoint.id
    office.act(office.webhooks.update, endpoint_id=number, is_enabled=False)
    receiver.status = 500
    office.act(office.webhooks.test, endpoint_id=number, now=NOON)
    office.send_webhooks()
    assert b'"type":"webhook.test"' in receiver.requests[0].body
    assert office.only().status is Status.FAILED


def test_a_deleted_endpoint_is_not_called_and_its_deliveries_stay(office: Office, receiver: Receiver) -> None:
    number = office.endpoint(receiver.url).endpoint.id
    office.publish()
    office.act(office.webhooks.delete, endpoint_id=number)
    assert office.send_webhooks() == 0
    found = office.only()
    assert (found.status, found.endpoint_id, found.error_code) == (Status.FAILED, None, "webhook_deleted")
    with pytest.raises(EndpointDeleted):
        office.act(office.webhooks.resend, delivery_id=found.id)
    with pytest.raises(UnknownEndpoint):
        office.do(service.get_endpoint, endpoint_id=number)


def test_no_secret_stands_in_the_database(office: Office, receiver: Receiver) -> None:
    issued = office.endpoint(receiver.url)
    office.publish()
    office.send_webhooks()
    raw = issued.secret.removeprefix("whsec_")
    for table in ("webhook_endpoints", "notifications", "notification_attempts", "audit_entries"):
        (row,) = office.owner.execute(f"SELECT string_agg(t::text, ' ') AS all FROM {table} t".encode()).fetchall()
        assert raw not in row["all"]
    assert issued.secret not in repr(issued)


def test_no_more_than_fifty_endpoints(office: Office) -> None:
    office.owner.execute(
        """
        INSERT INTO webhook_endpoints (organization_id, url, event_types, salt, key_mark)
        SELECT %(id)s, 'https://x.test', '{operation.failed}', decode(repeat('00', 32), 'hex'),
            decode(repeat('00', 8), 'hex')
        FROM generate_series(1, %(count)s)
        """,
        {"id": office.ctx.organization_id, "count": MOST_ENDPOINTS},
    )
    with pytest.raises(TooManyEndpoints):
        office.endpoint("https://y.test")


@pytest.mark.parametrize("events", [(), ("operation.exploded",), ("operation.failed", "operation.failed")])
def test_events_must_be_known(office: Office, events: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refusal:
        office.endpoint("https://x.test", event_types=events)
    assert refusal.value.errors[0].pointer == "/eventTypes"


def test_organizations_do_not_see_each_others_notifications(
    office: Office,
    receiver: Receiver,
    database: Database,
    owner: Connection,
    organization: Callable[..., Organization],
) -> None:
    other = Office(database, owner, organization(name="Other").context())
    number = office.endpoint(f"{receiver.url}/ours").endpoint.id
    assert other.publish() == 0
    office.publish()
    other.mail()
    assert [one.channel for one in other.all()] == ["mail"]
    for verb in ("rotate", "delete", "update"):
        with pytest.raises(UnknownEndpoint):
            other.act(getattr(other.webhooks, verb), endpoint_id=number)
    assert other.do(service.prune, older_than=timedelta(0)) == 0
    assert office.send_webhooks() == 1, "one postman sends for all"


def test_two_organizations_take_turns(
    office: Office,
    receiver: Receiver,
    database: Database,
    owner: Connection,
    organization: Callable[..., Organization],
) -> None:
    other = Office(database, owner, organization(name="Other").context())
    office.endpoint(f"{receiver.url}/many")
    other.endpoint(f"{receiver.url}/one")
    for _ in range(4):
        office.publish()
    other.publish()
    assert office.send_webhooks() == 5
    assert "/one" in [request.path for request in receiver.requests[:2]]
