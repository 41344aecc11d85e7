"""E-mail over a real SMTP server that is well, slow, away, or says no."""

import time
from typing import Any

import pytest

from tests.kernel.notify.mailbox import Mailbox, silent
from tests.messaging.house import House
from tests.ports import free_port
from tranche.kernel.errors import Invalid
from tranche.messaging.domain import State


def test_a_mail_arrives_with_its_file_from_the_organizations_own_sender(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    message = house.queue(attachments=(house.attach(),))
    assert house.send(message).is_sent
    (mail,) = post_box.mails
    assert mail["From"] == "Acme <pay@acme.test>"
    assert mail["To"] == "Ben <ben@example.test>"
    assert mail["Message-ID"] == message.mail_id
    (part,) = mail.iter_attachments()
    assert part.get_filename() == "INV-1.pdf"
    assert part.get_payload(decode=True) == b"%PDF-1.7 invoice"
    found = house.look(message)
    assert (found.status, found.provider, found.attempts) == (State.SENT, "smtp", 1)
    assert found.provider_id == "2.0.0 Ok: queued as 4F2A"
    assert house.is_sound()


def test_a_burst_shares_one_connection(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    for _ in range(4):
        house.send(house.queue())
    assert len(post_box.mails) == 4
    assert len(post_box.peers) == 1


def test_new_settings_are_taken_up_at_once(house: House, post_box: Mailbox) -> None:
    house.by_mail(free_port())
    assert house.send(house.queue()).error_code == "connection"
    house.by_mail(post_box.port)
    assert house.send(house.queue()).is_sent


def test_a_temporary_no_leaves_it_queued_under_the_same_message_id(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    post_box.data = "451 4.7.1 Greylisted"
    message = house.queue()
    outcome = house.send(message, may_repeat=True)
    assert not outcome.is_permanent
    assert house.stands(message) is State.QUEUED
    post_box.data = "250 Ok: 1"
    assert house.send(message).is_sent
    assert len(set(post_box.message_ids)) == 1
    assert not house.is_suppressed()


def test_a_mailbox_that_does_not_exist_is_suppressed_with_its_reason(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    post_box.rcpt = "550 5.1.1 No such user"
    message = house.queue()
    assert house.send(message, may_repeat=True).is_permanent
    found = house.look(message)
    assert found.status is State.FAILED
    assert "550" in (found.error or "")
    assert "550: 5.1.1 No such user" in house.reason_of_suppression()


def test_a_mail_that_is_refused_for_its_content_does_not_condemn_the_address(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    post_box.data = "552 5.3.4 Too big"
    message = house.queue()
    house.send(message)
    assert house.stands(message) is State.FAILED
    assert not house.is_suppressed()


def test_a_silent_server_costs_no_more_than_the_time_limit(house: House) -> None:
    with silent() as port:
        house.by_mail(port)
        message, began = house.queue(), time.monotonic()
        assert house.send(message, may_repeat=True).error_code == "timeout"
        assert time.monotonic() - began < 10
    assert house.stands(message) is State.QUEUED


def test_what_was_accepted_or_is_in_doubt_is_not_sent_again(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    message = house.queue()
    house.send(message)
    (again,) = house.attempt(message)
    assert (again.outcome, again.put_off, again.message.status) == (None, False, State.SENT)
    with house.transaction() as conn:
        conn.execute("UPDATE messages SET status = 'unknown', error = 'lost' WHERE id = %(id)s", {"id": message.id})
    (again,) = house.attempt(message)
    assert (again.outcome, again.put_off, again.message.status) == (None, False, State.UNKNOWN)
    assert len(post_box.mails) == 1


def test_the_same_key_is_the_same_message(house: House) -> None:
    first = house.queue(key="order:1")
    assert house.queue(key="order:1", subject="Other").id == first.id


@pytest.mark.parametrize("place", ["recipient", "subject"])
def test_line_breaks_in_the_head_of_a_mail_are_refused(house: House, post_box: Mailbox, place: str) -> None:
    house.by_mail(post_box.port)
    facts: dict[str, Any] = {place: "x\r\nBcc: eve@example.test"}
    message = house.queue(**facts)
    assert house.send(message).is_permanent
    assert post_box.mails == []


def test_without_settings_mails_go_to_the_local_folder(house: House) -> None:
    message = house.queue(attachments=(house.attach(),))
    assert house.send(message).is_sent
    (file,) = (house.home / "outbox").rglob("*.eml")
    assert b"INV-1.pdf" in file.read_bytes()
    assert house.look(message).provider == "folder"


def test_a_rate_spreads_messages_over_time(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port, rate=20)
    began = time.monotonic()
    for _ in range(5):
        house.send(house.queue())
    assert 0.2 <= time.monotonic() - began < 3


def test_a_rate_that_is_used_up_says_when_to_come_back(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port, rate=0.05)
    house.send(house.queue())
    late = house.queue()
    (attempt,) = house.attempt(late, may_repeat=True)
    assert (attempt.outcome, attempt.put_off) == (None, True)
    assert (house.look(late).attempts, house.stands(late)) == (0, State.QUEUED)


def test_a_channel_names_every_field_that_is_wrong(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        house.by_mail(1, rate=-1)
    assert [error.pointer for error in caught.value.errors] == ["/ratePerSecond"]
