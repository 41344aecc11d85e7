"""What providers tell: believed by signature alone, once, and only forwards."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from standardwebhooks import Webhook

from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.receiver import Receiver
from tests.messaging.house import SECRET, House
from tests.messaging.test_providers import by_cloud, by_gateway, by_twilio
from tranche.messaging import service
from tranche.messaging.domain import Channel, Message, State
from tranche.messaging.service.callbacks import NotGenuine, UnknownCallback

URL = "https://tranche.acme.test/api/message-callbacks/1/sms"


def signed(body: bytes, *, event_id: str = "evt_1", at: datetime | None = None) -> Mapping[str, str]:
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(event_id, moment, body.decode()),
    }


def told(provider_id: str, status: str, detail: str = "") -> bytes:
    return json.dumps({"id": provider_id, "status": status, "detail": detail}).encode()


@pytest.fixture
def message(house: House, provider: Receiver) -> Message:
    """An SMS that the gateway has accepted as 4711."""
    by_gateway(house, provider)
    found = house.queue(Channel.SMS)
    house.send(found)
    return found


def test_a_message_goes_forwards_and_never_back(house: House, message: Message) -> None:
    for number, (status, moved, state) in enumerate(
        [
            ("delivered", 1, State.DELIVERED),
            ("sent", 0, State.DELIVERED),
            ("read", 1, State.READ),
            ("delivered", 0, State.READ),
            ("failed", 0, State.READ),
        ]
    ):
        body = told("4711", status)
        headers = signed(body, event_id=f"evt_{number}")
        assert house.call_back(Channel.SMS, body=body, headers=headers) == moved
        assert house.stands(message) is state
    found = house.look(message)
    assert found.delivered_at is not None
    assert found.read_at is not None


def test_the_same_event_told_twice_has_one_effect(house: House, message: Message) -> None:
    body = told("4711", "delivered")
    headers = signed(body)
    assert [house.call_back(Channel.SMS, body=body, headers=headers) for _ in range(2)] == [1, 0]
    with house.transaction() as conn:
        events = service.list_events(conn, message_id=message.id)
    assert [event["status"] for event in events] == ["sent", "delivered"]


def test_a_bounce_suppresses_the_address(house: House, message: Message) -> None:
    body = told("4711", "bounced", "Absent subscriber")
    assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 1
    found = house.look(message)
    assert (found.status, found.error) == (State.BOUNCED, "Absent subscriber")
    assert house.is_suppressed(Channel.SMS)


def test_a_callback_without_the_right_signature_is_refused(house: House, message: Message) -> None:
    body = told("4711", "delivered")
    right = signed(body)
    old = signed(body, at=datetime.now(UTC) - timedelta(minutes=6))
    early = signed(body, at=datetime.now(UTC) + timedelta(minutes=6))
    for wrong in ({}, {**right, "webhook-signature": "v1,AAAA"}, {**right, "webhook-id": "evt_2"}, old, early):
        with pytest.raises(NotGenuine):
            house.call_back(Channel.SMS, body=body, headers=wrong)
    with pytest.raises(NotGenuine):
        house.call_back(Channel.SMS, body=body + b" ", headers=right)
    assert house.stands(message) is State.SENT


def test_a_channel_that_expects_no_callback_is_no_address(house: House) -> None:
    with pytest.raises(UnknownCallback):
        house.call_back(Channel.EMAIL, body=b"{}", headers={})


def test_nonsense_with_a_right_signature_changes_nothing(house: House, message: Message) -> None:
    for number, body in enumerate((b"[]", b"{}", told("other", "delivered"), told("4711", "odd"))):
        assert house.call_back(Channel.SMS, body=body, headers=signed(body, event_id=f"evt_{number}")) == 0
    assert house.stands(message) is State.SENT


def test_mail_events_are_known_by_the_message_id(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    mail = house.queue()
    house.send(mail)
    body = told(mail.mail_id, "bounced", "550 mailbox unavailable")
    assert house.call_back(Channel.EMAIL, body=body, headers=signed(body)) == 1
    assert house.stands(mail) is State.BOUNCED
    assert house.is_suppressed()


def test_twilio_is_believed_by_its_own_signature(house: House, provider: Receiver) -> None:
    by_twilio(house, provider)
    sms = house.queue(Channel.SMS)
    house.send(sms)
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4930123456"}
    text = URL + "".join(name + value for name, value in sorted(form.items()))
    signature = base64.b64encode(hmac.digest(b"token", text.encode(), hashlib.sha1)).decode()
    body, headers = urlencode(form).encode(), {"x-twilio-signature": signature}
    with pytest.raises(NotGenuine):
        house.call_back(Channel.SMS, body=body, headers=headers, url=URL + "x")
    with pytest.raises(NotGenuine):
        house.call_back(Channel.SMS, body=body.replace(b"delivered", b"read"), headers=headers, url=URL)
    assert house.call_back(Channel.SMS, body=body, headers=headers, url=URL) == 1
    assert house.call_back(Channel.SMS, body=body, headers=headers, url=URL) == 0
    assert house.stands(sms) is State.DELIVERED


def test_whatsapp_is_believed_by_its_own_signature(house: House, provider: Receiver) -> None:
    by_cloud(house, provider)
    message = house.queue(Channel.WHATSAPP)
    house.send(message)
    value = {"statuses": [{"id": "wamid.1", "status": "read", "timestamp": "1"}]}
    body = json.dumps({"entry": [{"changes": [{"value": value}]}]}).encode()
    signature = "sha256=" + hmac.new(b"app", body, hashlib.sha256).hexdigest()
    with pytest.raises(NotGenuine):
        house.call_back(Channel.WHATSAPP, body=body, headers={"x-hub-signature-256": signature[:-1]})
    headers = {"x-hub-signature-256": signature}
    assert [house.call_back(Channel.WHATSAPP, body=body, headers=headers) for _ in range(2)] == [1, 0]
    assert house.stands(message) is State.READ


def test_metas_question_is_answered_with_the_right_token_only(house: House, provider: Receiver) -> None:
    by_cloud(house, provider)

    def ask(token: str) -> str:
        with house.transaction() as conn:
            given = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "42"}
            return service.answer_challenge(
                conn, house.box, organization_id=house.context.organization_id, channel=Channel.WHATSAPP, given=given
            )

    assert ask("v") == "42"
    with pytest.raises(NotGenuine):
        ask("w")
