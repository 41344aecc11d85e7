"""Providers that answer nonsense or break off, callbacks that are made to be trouble, and other organizations."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.factories import Organization
from tests.kernel.notify.mailbox import Mailbox, mailbox
from tests.kernel.notify.receiver import Receiver
from tests.messaging.house import House
from tests.messaging.test_callbacks import signed, told
from tests.messaging.test_providers import by_cloud, by_gateway, by_twilio
from tests.ports import free_port
from tranche.messaging import service
from tranche.messaging.channels.gateway import read_events
from tranche.messaging.channels.whatsapp import read_events as read_whatsapp_events
from tranche.messaging.domain import Channel, State
from tranche.messaging.service.callbacks import NotGenuine, UnknownCallback

SetUp = Callable[[House, Receiver], None]
_IDS: tuple[object, ...] = (None, True, [], {}, "", " ", "a\0b", "\ud800", "x" * 5_000, 1.5)
_NONSENSE = [b"", b"<html>Sign in to the airport</html>", b"[]", b"null", b"\xff\xfe", b"[" * 60_000, b'{"id"']
_NONSENSE += [json.dumps({"id": one, "sid": one, "messages": [{"id": one}]}).encode() for one in _IDS]


@pytest.mark.parametrize("body", _NONSENSE, ids=range(len(_NONSENSE)))
@pytest.mark.parametrize(("set_up", "channel"), [(by_gateway, Channel.SMS), (by_twilio, Channel.SMS)])
def test_an_acceptance_without_an_id_that_can_be_kept_leaves_the_message_in_doubt(
    house: House, provider: Receiver, *, set_up: SetUp, channel: Channel, body: bytes
) -> None:
    set_up(house, provider)
    provider.body = body
    message = house.queue(channel)
    assert house.send(message, may_repeat=True).is_unknown
    assert house.stands(message) is State.UNKNOWN
    assert len(provider.requests) == 1
    assert house.is_sound()


@pytest.mark.parametrize("body", [b"{}", b'{"messages": 7}', b'{"messages": [[]]}', b'{"messages": [{"id": {}}]}'])
def test_whatsapp_that_accepts_without_an_id_leaves_the_message_in_doubt(
    house: House, provider: Receiver, body: bytes
) -> None:
    by_cloud(house, provider)
    provider.body = body
    message = house.queue(Channel.WHATSAPP)
    assert house.send(message).is_unknown


def test_whatsapp_that_takes_the_file_but_gives_no_id_for_it_is_asked_again(house: House, provider: Receiver) -> None:
    by_cloud(house, provider)
    provider.body = b"<html>"
    message = house.queue(Channel.WHATSAPP, attachments=(house.attach(),))
    assert not house.send(message, may_repeat=True).is_permanent
    assert house.stands(message) is State.QUEUED


@pytest.mark.parametrize(
    ("set_up", "channel"), [(by_gateway, Channel.SMS), (by_twilio, Channel.SMS), (by_cloud, Channel.WHATSAPP)]
)
@pytest.mark.parametrize(
    "body", [b'{"code": [1], "message": {"a": 1}}', b'{"error": {"code": {}, "message": []}}', b'{"error": 7}']
)
def test_a_no_in_nonsense_is_a_no(
    house: House, provider: Receiver, *, set_up: SetUp, channel: Channel, body: bytes
) -> None:
    set_up(house, provider)
    provider.status, provider.body = 400, body
    message = house.queue(channel)
    assert house.send(message).is_permanent
    assert house.stands(message) is State.FAILED


@contextmanager
def _hanging_up() -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a whole request and hangs up without a word; its address, and what it has read."""
    read: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    read.append(peer.recv(65_536))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", read
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("key_field", ["", "ref"])
def test_a_provider_that_hangs_up_on_the_request_may_have_taken_it_unless_it_knows_our_id(
    house: House, provider: Receiver, key_field: str
) -> None:
    with _hanging_up() as (url, read):
        by_gateway(house, provider, url=url, key_field=key_field)
        message = house.queue(Channel.SMS)
        outcome = house.send(message, may_repeat=True)
        assert read
    assert outcome.is_unknown is (not key_field)
    assert house.stands(message) is (State.QUEUED if key_field else State.UNKNOWN)


def test_a_provider_that_is_not_there_has_taken_nothing(house: House, provider: Receiver) -> None:
    by_gateway(house, provider, url=f"http://127.0.0.1:{free_port()}", key_field="")
    message = house.queue(Channel.SMS)
    assert house.send(message, may_repeat=True).error_code == "connection"
    assert house.stands(message) is State.QUEUED


class _Dropper(Mailbox):
    """Takes the whole mail, and then hangs up, or says something else than an answer."""

    word: bytes = b""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the library's
        await super().handle_DATA(server, session, envelope)
        transport: Any = server.transport
        transport.write(self.word)
        transport.close()
        return "250 never heard"


@pytest.mark.parametrize("word", [b"", b"what?\r\n", b"250"])
def test_a_mail_server_that_takes_the_mail_and_then_drops_leaves_it_in_doubt(house: House, word: bytes) -> None:
    with mailbox(_Dropper) as post_box:
        post_box.word = word  # type: ignore[attr-defined]  # it is one
        house.by_mail(post_box.port)
        message = house.queue()
        assert house.send(message, may_repeat=True).is_unknown
        assert house.stands(message) is State.UNKNOWN
        (again,) = house.attempt(message, may_repeat=True)
        assert again.outcome is None
        assert len(post_box.mails) == 1
    assert house.is_sound()


class _Leaver(Mailbox):
    """Hangs up before any mail is given to it."""

    async def handle_RCPT(  # noqa: N802  # the name is the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        transport: Any = server.transport
        transport.abort()
        return await super().handle_RCPT(server, session, envelope, address, options)


def test_a_mail_server_that_drops_before_it_has_the_mail_is_tried_again(house: House) -> None:
    with mailbox(_Leaver) as post_box:
        house.by_mail(post_box.port)
        message = house.queue()
        assert not house.send(message, may_repeat=True).is_permanent
        assert house.stands(message) is State.QUEUED
        assert post_box.mails == []


def test_any_answer_that_begins_with_a_2_is_an_acceptance(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    post_box.data = "251 Ok, forwarded"
    assert house.send(house.queue(), may_repeat=True).is_sent
    assert house.send(house.queue(), may_repeat=True).is_sent
    assert len(post_box.mails) == 2


_EVENTS = [
    {"id": "4711\0", "status": "delivered"},
    {"id": "\ud800", "status": "delivered"},
    {"id": "x" * 5_000, "status": "delivered"},
    {"id": "4711", "status": ["delivered"]},
    {"id": "4711", "status": {}},
    {"id": ["4711"], "status": "delivered"},
    {"id": "4711", "status": "queued"},
    {"events": {"id": "4711"}},
    {"events": [None, 7, [], "x"]},
]


@pytest.mark.parametrize("event", _EVENTS, ids=range(len(_EVENTS)))
def test_a_signed_callback_of_nonsense_changes_nothing_and_breaks_nothing(
    house: House, provider: Receiver, event: object
) -> None:
    by_gateway(house, provider)
    message = house.queue(Channel.SMS)
    house.send(message)
    body = json.dumps(event).encode()
    assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 0
    assert house.stands(message) is State.SENT


def test_deeply_nested_callbacks_are_no_events() -> None:
    for nest in (b"[" * 100_000, b'{"entry":' * 50_000, b'{"events":' * 50_000):
        assert read_events(nest, event_id="1") == []
        assert read_whatsapp_events(nest) == []
    broken = {
        "entry": [{"changes": [{"value": {"statuses": [{"id": "w", "status": "failed", "errors": [{"code": []}]}]}}]}]
    }
    (event,) = read_whatsapp_events(json.dumps(broken).encode())
    assert event.status is State.FAILED


@pytest.mark.parametrize(
    "order", [("read", "delivered", "sent"), ("delivered", "sent", "read"), ("sent", "read", "delivered")]
)
def test_in_whatever_order_callbacks_come_the_message_stands_at_the_last_state(
    house: House, provider: Receiver, order: tuple[str, ...]
) -> None:
    by_gateway(house, provider)
    message = house.queue(Channel.SMS)
    house.send(message)
    for number, status in enumerate(order):
        body = told("4711", status)
        house.call_back(Channel.SMS, body=body, headers=signed(body, event_id=f"evt_{number}"))
    found = house.look(message)
    assert found.status is State.READ
    assert found.delivered_at is not None


@pytest.fixture
def neighbour(house: House, organization: Callable[..., Organization]) -> House:
    """The same installation, seen by another organization."""
    return House(house.database, house.owner, organization(name="Rivals").context(), house.home)


def test_an_address_that_one_organization_suppresses_another_may_write_to(
    house: House, neighbour: House, provider: Receiver
) -> None:
    for each in (house, neighbour):
        by_gateway(each, provider)
    ours, theirs = house.queue(Channel.SMS), neighbour.queue(Channel.SMS)
    house.send(ours)
    body = told("4711", "bounced")
    assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 1
    assert (house.is_suppressed(Channel.SMS), neighbour.is_suppressed(Channel.SMS)) == (True, False)
    with house.transaction() as conn:
        assert service.list_suppressions(conn, channel=None, search=None, limit=10, offset=0)[1] == 1
    with neighbour.transaction() as conn:
        assert service.list_suppressions(conn, channel=None, search=None, limit=10, offset=0)[1] == 0
    assert neighbour.send(theirs).is_sent
    assert neighbour.stands(theirs) is State.SENT


def test_a_callback_moves_no_message_of_another_organization(
    house: House, neighbour: House, provider: Receiver
) -> None:
    by_gateway(house, provider)
    message = house.queue(Channel.SMS)
    house.send(message)
    body = told("4711", "bounced")
    with pytest.raises(UnknownCallback):
        neighbour.call_back(Channel.SMS, body=body, headers=signed(body))
    by_twilio(neighbour, provider)
    with pytest.raises(NotGenuine):
        neighbour.call_back(Channel.SMS, body=body, headers=signed(body))
    by_gateway(neighbour, provider)
    assert neighbour.call_back(Channel.SMS, body=body, headers=signed(body)) == 0
    assert house.stands(message) is State.SENT
    assert not house.is_suppressed(Channel.SMS)
