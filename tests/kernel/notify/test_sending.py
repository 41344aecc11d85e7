"""Crashes between the effect and its record, lapsed leases, several workers, an absent database, old rows."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import Organization
from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.office import SENDER, Office, smtp
from tests.kernel.notify.receiver import Receiver
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.notify import service
from tranche.kernel.notify.carriers import MailCarrier
from tranche.kernel.notify.domain import (
    Channel,
    Outcome,
    Status,
    again,
    in_doubt,
    pause_after,
    refused,
    sent,
)
from tranche.kernel.notify.mail import Folder, Mail
from tranche.kernel.notify.post import Post
from tranche.kernel.notify.sending import Postman

_CHILD = """
import os, signal, sys
from tests.kernel.notify.office import SENDER, smtp
from tranche.kernel.db.pool import Database
from tranche.kernel.notify.carriers import MailCarrier
from tranche.kernel.notify.sending import Postman

class Deadly:
    def __init__(self, mailer):
        self.mailer = mailer
    def send(self, mail):
        outcome = self.mailer.send(mail)
        assert outcome.is_sent, outcome
        os.kill(os.getpid(), signal.SIGKILL)
        return outcome
    def close(self):
        self.mailer.close()

database = Database(sys.argv[1]).open()
carrier = MailCarrier(Deadly(smtp(int(sys.argv[2]))), public_url=None)
Postman(database, carrier, domain=SENDER.domain, jitter=lambda: 0.0).drain(should_stop=lambda: False)
"""


class Killed(SystemExit):
    """Ends a worker in the middle, as kill -9 does."""


class Accepting:
    """A mailer whose server takes everything, and which then does what a test wants."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.mails: list[Mail] = []
        self._then = then

    def send(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        self._then()
        return sent("taken")

    def close(self) -> None:
        """Nothing is held."""


def die() -> None:
    raise Killed


def test_a_worker_killed_after_the_server_took_the_mail_leaves_it_unknown_and_unrepeated(
    office: Office, post_box: Mailbox
) -> None:
    office.mail()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, office.database.url, str(post_box.port)],
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[3],
        env=os.environ,
    )
    assert child.returncode == -signal.SIGKILL
    assert len(post_box.mails) == 1
    assert office.only().status is Status.SENDING
    assert office.send_mails(smtp(post_box.port)) == 0, "the lease still holds"
    office.let_leases_lapse()
    assert office.send_mails(smtp(post_box.port)) == 0
    found = office.only()
    assert (found.status, found.error_code) == (Status.UNKNOWN, "unknown_outcome")
    assert found.message_id == post_box.message_ids[0], "the server's log can be asked for it"
    office.hurry()
    assert office.send_mails(smtp(post_box.port)) == 0
    assert len(post_box.mails) == 1
    assert [entry["error_code"] for entry in office.log()] == ["unknown_outcome"]
    assert office.is_sound()


def test_a_webhook_of_a_lost_worker_is_tried_again_under_the_same_id(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.publish()
    office.owner.execute(
        "UPDATE notifications SET status = 'sending', attempts = 1, lease_until = now() - interval '1 second'"
    )
    before = office.only().message_id
    assert office.send_webhooks() == 1
    assert receiver.requests[0].headers["webhook-id"] == before
    assert (office.only().status, office.only().attempts) == (Status.SENT, 2)
    assert [entry["error_code"] for entry in office.log()] == ["unknown_outcome", None]


def test_a_webhook_that_always_loses_its_worker_ends(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver.url)
    office.publish()
    office.owner.execute(
        "UPDATE notifications SET status = 'sending', attempts = 7, lease_until = now() - interval '1 second'"
    )
    assert office.send_webhooks() == 0
    assert office.only().status is Status.UNKNOWN
    assert receiver.requests == []


def test_whoever_lost_the_lease_records_nothing(office: Office) -> None:
    office.mail()

    def lose() -> None:
        office.let_leases_lapse()
        office.send_mails(Accepting())

    mailer = Accepting(then=lose)
    office.send_mails(mailer)
    assert office.only().status is Status.UNKNOWN
    assert len(mailer.mails) == 1
    assert office.is_sound()


def test_a_fault_of_our_own_leaves_a_mail_unknown_and_the_next_one_goes_out(office: Office) -> None:
    office.mail("first@example.test")
    office.mail("second@example.test")
    faults = iter([ValueError("a bug")])

    def fault() -> None:
        for error in faults:
            raise error

    office.send_mails(Accepting(then=fault))
    first, second = office.all()
    assert (first.status, first.error_code) == (Status.UNKNOWN, "unknown_outcome")
    assert "a bug" not in (first.error or "")
    assert second.status is Status.SENT


def test_several_workers_send_everything_once(office: Office) -> None:
    for number in range(40):
        office.mail(f"user{number}@example.test")
    mailers = [Accepting() for _ in range(4)]
    threads = [threading.Thread(target=office.send_mails, args=(mailer,)) for mailer in mailers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    addresses = [mail.address for mailer in mailers for mail in mailer.mails]
    assert sorted(addresses) == sorted(f"user{number}@example.test" for number in range(40))
    assert {one.status for one in office.all()} == {Status.SENT}


def test_what_was_sent_is_recorded_although_the_database_was_away(office: Office) -> None:
    office.mail()

    def cut() -> None:
        with connect(office.database.url) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND usename = current_user AND pid <> pg_backend_pid()"
            )

    office.send_mails(Accepting(then=cut))
    assert office.only().status is Status.SENT


def test_what_rolls_back_is_never_sent(office: Office, database: Database) -> None:
    def put_and_fail() -> None:
        with database.transaction(office.ctx.organization_id) as conn:
            service.put_mail(conn, event="a.b", address="a@b.test", name="", subject="S", text="T")
            die()

    with pytest.raises(Killed):
        put_and_fail()
    assert office.send_mails(Accepting()) == 0


def test_a_bell_wakes_and_a_stop_ends(office: Office) -> None:
    mailer = Accepting()
    carrier = MailCarrier(mailer, public_url=None)
    post = Post([Postman(office.database, carrier, domain="x.test", jitter=lambda: 0.0)], poll_seconds=60)
    post.start()
    arrived = threading.Event()
    mailer._then = arrived.set
    office.mail()
    post.ring()
    assert arrived.wait(10)
    post.stop()
    assert post.join(seconds=5)
    assert office.only().status is Status.SENT


def test_old_rows_go_with_their_attempts_and_what_is_open_stays(
    office: Office, owner: Connection, organization: Callable[..., Organization]
) -> None:
    other = Office(office.database, owner, organization(name="Other").context())
    other.mail()
    for _ in range(3):
        office.mail()
    office.send_mails(Accepting())
    office.mail()
    owner.execute("UPDATE notifications SET updated_at = now() - interval '31 days'")
    month = timedelta(days=30)
    assert office.do(service.prune, older_than=month, most=2) == 2
    assert office.do(service.prune, older_than=month, most=2) == 1
    assert office.do(service.prune, older_than=month, most=2) == 0
    assert [one.status for one in office.all()] == [Status.PENDING]
    assert [entry["organization_id"] for entry in office.log()] == [other.ctx.organization_id]


def test_without_a_server_mails_are_whole_files_in_a_folder(office: Office, tmp_path: Path) -> None:
    office.mail()
    office.send_mails(Folder(tmp_path / "outbox", sender=SENDER))
    (file,) = (tmp_path / "outbox").iterdir()
    found = office.only()
    assert found.provider_id == f"outbox/{file.name}"
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"Message-ID: {found.message_id}".encode() in file.read_bytes()


def test_a_folder_that_cannot_be_written_is_tried_again(office: Office, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    office.mail()
    office.send_mails(Folder(tmp_path / "outbox", sender=SENDER))
    assert (office.only().status, office.only().error_code) == (Status.PENDING, "storage_full")


def test_pauses_grow_with_jitter_and_end() -> None:
    fault = again("x", "X")
    for channel in Channel:
        pauses = [pause_after(channel, attempts=number, outcome=fault, jitter=0.0) for number in range(1, 12)]
        waits = [pause for pause in pauses if pause is not None]
        assert waits == sorted(waits)
        assert pauses[-1] is None
    low = pause_after(Channel.MAIL, attempts=1, outcome=fault, jitter=-1.0)
    high = pause_after(Channel.MAIL, attempts=1, outcome=fault, jitter=1.0)
    assert low == pytest.approx(24)
    assert high == pytest.approx(36)
    for ended in (sent("id"), refused("x", "X"), in_doubt("X")):
        assert pause_after(Channel.MAIL, attempts=1, outcome=ended, jitter=0.0) is None
