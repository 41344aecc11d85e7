"""Messages leave in groups: each ends by itself, none is begun too late, and what is told early is not lost."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.receiver import Receiver
from tests.messaging.house import House
from tests.messaging.test_callbacks import signed, told
from tests.messaging.test_providers import by_gateway
from tranche.kernel.notify.domain import Outcome, sent
from tranche.messaging import service
from tranche.messaging.channels.carrier import Letter
from tranche.messaging.channels.gateway import GatewayCarrier
from tranche.messaging.channels.mail import LANES, MailCarrier
from tranche.messaging.domain import Channel, Message, State


def queue(house: House, count: int, channel: Channel = Channel.EMAIL) -> list[Message]:
    return [house.queue(channel) for _ in range(count)]


def test_a_group_of_mails_goes_by_a_few_connections_that_are_kept(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    for _ in range(2):
        attempts = house.attempt(*queue(house, 12))
        assert all(one.outcome and one.outcome.is_sent for one in attempts)
    assert len(post_box.mails) == len(set(post_box.message_ids)) == 24
    assert len(post_box.peers) <= LANES
    assert house.is_sound()


def test_each_of_a_group_ends_by_itself(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    well, lost, wrong = house.queue(), house.queue(attachments=(house.attach(),)), house.queue(subject="x\nBcc: eve")
    for file in (house.home / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    house.attempt(well, lost, wrong, may_repeat=True)
    assert [house.stands(one) for one in (well, lost, wrong)] == [State.SENT, State.FAILED, State.FAILED]
    assert len(post_box.mails) == 1


def test_once_the_time_is_over_one_is_sent_and_the_rest_wait_as_before(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    messages = queue(house, 5)
    attempts = house.attempt(*messages, is_over=lambda: True)
    assert [one.put_off for one in attempts] == [False, True, True, True, True]
    assert [house.stands(one) for one in messages] == [State.SENT, *[State.QUEUED] * 4]
    assert [house.look(one).attempts for one in messages] == [1, 0, 0, 0, 0]
    house.attempt(*messages)
    assert [house.stands(one) for one in messages] == [State.SENT] * 5
    assert len(post_box.mails) == 5


def test_a_fault_of_ours_leaves_in_doubt_only_what_had_begun(
    house: House, post_box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.by_mail(post_box.port)
    messages = queue(house, 4)

    def stumble(_self: MailCarrier, letters: Iterator[Letter], note: Callable[[Letter, Outcome], None]) -> None:
        note(next(letters), sent("250 Ok"))
        next(letters)
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(MailCarrier, "send_all", stumble)
        house.attempt(*messages)
    assert [house.stands(one) for one in messages] == [State.SENT, State.UNKNOWN, State.QUEUED, State.QUEUED]
    assert house.is_sound()


def test_two_that_take_the_same_messages_send_each_once(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    messages = queue(house, 8)
    gate = threading.Barrier(2)

    def run() -> None:
        gate.wait()
        house.attempt(*messages)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post_box.mails) == len(set(post_box.message_ids)) == 8
    assert {house.stands(one) for one in messages} == {State.SENT}


def test_an_attempt_that_was_overtaken_says_nothing(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    message = house.queue()
    post_box.data = "451 Later"
    (old,) = house.attempt(message, may_repeat=True)
    post_box.data = "250 Ok: 2"
    house.attempt(message)
    with house.transaction() as conn:
        service.note_outcomes(conn, attempts=[old], may_repeat=lambda _: False)
    assert house.stands(message) is State.SENT


def test_what_is_told_before_the_id_is_written_down_is_taken_up_with_it(
    house: House, provider: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_gateway(house, provider)
    message = house.queue(Channel.SMS)
    body = told("early-1", "delivered")

    def accept(_self: GatewayCarrier, _letter: Letter) -> Outcome:
        assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 0
        return sent("early-1")

    with monkeypatch.context() as patched:
        patched.setattr(GatewayCarrier, "send", accept)
        house.send(message)
    assert house.stands(message) is State.DELIVERED
    assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 0
    with house.transaction() as conn:
        assert [row["status"] for row in service.list_events(conn, message_id=message.id)] == ["sent", "delivered"]
        assert conn.execute("SELECT FROM message_early_events").fetchall() == []
    assert house.is_sound()


def test_what_is_told_of_a_mail_while_it_is_being_handed_over_stays(
    house: House, post_box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.by_mail(post_box.port)
    mail = house.queue()
    body = told(mail.mail_id, "delivered")

    def accept(_self: MailCarrier, letters: Iterator[Letter], note: Callable[[Letter, Outcome], None]) -> None:
        for letter in letters:
            assert house.call_back(Channel.EMAIL, body=body, headers=signed(body)) == 1
            note(letter, sent("queued as 1"))

    with monkeypatch.context() as patched:
        patched.setattr(MailCarrier, "send_all", accept)
        house.send(mail)
    assert (house.stands(mail), house.look(mail).provider_id) == (State.DELIVERED, "queued as 1")
    assert house.is_sound()


def test_news_after_the_address_was_suppressed_is_no_mail_to_it(house: House, provider: Receiver) -> None:
    by_gateway(house, provider)
    message = house.queue(Channel.SMS)
    house.send(message)
    with house.transaction() as conn:
        conn.execute("UPDATE messages SET handed_at = now() - interval '2 days', sent_at = NULL, status = 'sending'")
        service.suppress(conn, house.context, channel=Channel.SMS, address=message.address, reason="STOP")
        conn.execute("UPDATE message_suppressions SET created_at = now() - interval '1 day'")
    body = told(house.look(message).provider_id or "", "delivered")
    assert house.call_back(Channel.SMS, body=body, headers=signed(body)) == 1
    assert house.is_sound()
