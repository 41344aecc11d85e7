"""Mails over a real SMTP server that is well, slow, away, or says no."""

import time
from pathlib import Path

import pytest

from tests.kernel.notify.mailbox import Mailbox, silent
from tests.kernel.notify.office import NOON, SENDER, Office, smtp
from tests.ports import free_port
from tranche.kernel.errors import Invalid
from tranche.kernel.notify.domain import Status
from tranche.kernel.notify.mail import Mail
from tranche.kernel.notify.smtp import Smtp, SmtpServer, Tls, read_server


def test_a_mail_arrives_as_it_was_written(office: Office, post_box: Mailbox) -> None:
    office.mail(name="Ólga Ünal", subject="Your import “täglich.xlsx” is done", text="Zażółć.\n", link="/operations/7")
    assert office.send_mails(smtp(post_box.port), public_url="https://t.acme.test/") == 1
    (mail,) = post_box.mails
    assert mail["From"] == "Acme <noreply@acme.test>"
    assert mail["To"] == "Ólga Ünal <olga@example.test>"
    assert mail["Subject"] == "Your import “täglich.xlsx” is done"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == ["Zażółć.", "", "https://t.acme.test/operations/7"]
    found = office.only()
    assert (found.status, found.provider_id, found.attempts) == (Status.SENT, "2.0.0 Ok: queued as 4F2A", 1)
    assert found.message_id == post_box.message_ids[0]
    assert found.message_id.endswith("@acme.test>")
    assert office.is_sound()


def test_lines_of_dots_arrive_and_end_nothing(office: Office, post_box: Mailbox) -> None:
    text = ".\n..\n.a\nMAIL FROM:<x@example.test>\n.\nthe end"
    office.mail(text=text)
    office.mail("other@example.test", text="second")
    assert office.send_mails(smtp(post_box.port)) == 2
    assert [mail.get_content().splitlines()[: text.count("\n") + 1] for mail in post_box.mails] == [
        text.splitlines(),
        ["second"],
    ]


def test_several_mails_share_one_connection(office: Office, post_box: Mailbox) -> None:
    for number in range(5):
        office.mail(f"user{number}@example.test")
    assert office.send_mails(smtp(post_box.port)) == 5
    assert len(post_box.mails) == 5
    assert len(post_box.peers) == 1
    assert len(set(post_box.message_ids)) == 5


def test_a_server_that_is_down_is_tried_again_later(office: Office) -> None:
    office.mail()
    assert office.send_mails(smtp(free_port())) == 1
    found = office.only()
    assert (found.status, found.error_code) == (Status.PENDING, "connection")
    assert 25 < office.due_in() <= 30
    assert office.send_mails(smtp(free_port())) == 0


def test_a_silent_server_costs_no_more_than_the_time_limit(office: Office) -> None:
    office.mail()
    with silent() as port:
        began = time.monotonic()
        office.send_mails(smtp(port, seconds=0.5))
        assert time.monotonic() - began < 10
    found = office.only()
    assert (found.status, found.error_code) == (Status.PENDING, "timeout")
    assert "within 0.5 s" in (found.error or "")


def test_a_temporary_no_is_tried_again_under_the_same_message_id(office: Office, post_box: Mailbox) -> None:
    office.mail()
    post_box.data = "451 4.7.1 Greylisted, come back"
    for attempt in (1, 2):
        office.hurry()
        office.send_mails(smtp(post_box.port))
        found = office.only()
        assert (found.status, found.attempts) == (Status.PENDING, attempt)
        assert found.error == "The mail server answered 451: 4.7.1 Greylisted, come back"
    post_box.data = "250 Ok"
    office.hurry()
    office.send_mails(smtp(post_box.port))
    assert office.only().status is Status.SENT
    assert len(post_box.message_ids) == 3
    assert len(set(post_box.message_ids)) == 1
    assert [entry["status_code"] for entry in office.log()] == [451, 451, 250]
    assert office.is_sound()


@pytest.mark.parametrize("place", ["rcpt", "data"])
def test_a_final_no_is_kept_with_its_reason_and_others_go_on(office: Office, post_box: Mailbox, place: str) -> None:
    office.mail()
    setattr(post_box, place, "550 5.1.1 No such user")
    mailer = smtp(post_box.port)
    office.send_mails(mailer)
    found = office.only()
    assert (found.status, found.error_code) == (Status.FAILED, "refused")
    assert found.error == "The mail server answered 550: 5.1.1 No such user"
    setattr(post_box, place, "250 Ok")
    office.mail("other@example.test")
    office.send_mails(mailer)
    assert [one.status for one in office.all()] == [Status.FAILED, Status.SENT]
    assert office.is_sound()


def test_a_mail_fails_when_every_retry_is_used_up(office: Office) -> None:
    office.mail()
    port = free_port()
    for _ in range(9):
        office.hurry()
        assert office.send_mails(smtp(port)) == 1
    found = office.only()
    assert (found.status, found.attempts, found.error_code) == (Status.FAILED, 9, "connection")
    assert office.is_sound()


def test_a_wrong_password_is_not_the_fault_of_the_mail(post_box: Mailbox) -> None:
    server = SmtpServer(host="127.0.0.1", port=post_box.port, tls=Tls.NONE, user="u", password="secret")  # noqa: S106  # a test
    outcome = Smtp(server, sender=SENDER).send(_mail())
    assert not outcome.is_permanent
    assert "secret" not in str(outcome)


def test_a_server_without_starttls_gets_no_mail_when_it_is_asked_for(post_box: Mailbox) -> None:
    outcome = Smtp(SmtpServer(host="127.0.0.1", port=post_box.port, tls=Tls.STARTTLS), sender=SENDER).send(_mail())
    assert (outcome.is_sent, outcome.is_permanent) == (False, False)
    assert post_box.mails == []


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1"])
def test_a_mail_server_at_a_metadata_address_is_not_called(address: str) -> None:
    server = SmtpServer(host="mail.example.test", port=25, tls=Tls.NONE)
    outcome = Smtp(server, sender=SENDER, resolve=lambda _host, _port: [address]).send(_mail())
    assert outcome.error_code == "forbidden_address"


@pytest.mark.parametrize("field", ["address", "name", "subject"])
@pytest.mark.parametrize("tail", ["\r\nBcc: all@example.test", "\nBcc: x@example.test", "\r", "\x00", "\u2028x"])
def test_line_breaks_are_refused_before_anything_is_kept(office: Office, field: str, tail: str) -> None:
    given = {"address": "a@example.test", "name": "A", "subject": "S"}
    with pytest.raises(Invalid) as refusal:
        office.mail(**{**given, field: given[field] + tail})
    assert refusal.value.errors[0].pointer == f"/{field}"
    assert office.all() == []


@pytest.mark.parametrize("field", ["address", "name", "subject"])
def test_line_breaks_that_came_into_the_table_another_way_are_not_sent(
    office: Office, post_box: Mailbox, field: str
) -> None:
    office.mail()
    column = {"address": "destination", "name": "recipient"}.get(field, field)
    office.owner.execute(f"UPDATE notifications SET {column} = {column} || E'\\r\\nBcc: all@example.test'".encode())
    office.send_mails(smtp(post_box.port))
    assert office.only().status is Status.FAILED
    assert post_box.mails == []


@pytest.mark.parametrize("address", ["a@b.test,c@d.test", "a", "@b.test", "a b@c.test", "<a@b.test>", "a@b.test>x"])
def test_what_is_not_one_address_is_refused(office: Office, address: str) -> None:
    with pytest.raises(Invalid):
        office.mail(address)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.test", ("mail.test", 25, Tls.AUTO, None, None)),
        ("smtp://u:p%40ss@mail.test", ("mail.test", 587, Tls.STARTTLS, "u", "p@ss")),
        ("smtp://u:p@mail.test:2525?tls=none", ("mail.test", 2525, Tls.NONE, "u", "p")),
        ("smtps://u:p@mail.test", ("mail.test", 465, Tls.IMPLICIT, "u", "p")),
        ("smtp://[::1]:25/?tls=starttls", ("::1", 25, Tls.STARTTLS, None, None)),
    ],
)
def test_the_setting_is_read(url: str, expected: tuple[object, ...]) -> None:
    found = read_server(url)
    assert (found.host, found.port, found.tls, found.user, found.password) == expected
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize("url", ["mail.test", "http://mail.test", "smtp://", "smtp://u:hush@h?tls=no", "smtp://h/x"])
def test_a_setting_that_cannot_be_read_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_server(url)
    assert "hush" not in refusal.value.message


def test_the_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    assert read_server("smtp://u@mail.test", password_file=file).password == "from the file"  # noqa: S105  # a test


def _mail() -> Mail:
    return Mail(message_id="<1@acme.test>", address="a@b.test", name="", subject="S", text="T\n", written_at=NOON)
