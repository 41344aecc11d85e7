"""Operators' alerts: Slack, Teams, mail, the log; each target by itself, none of their addresses shown."""

import json

import pytest

from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.office import Office, smtp
from tests.kernel.notify.receiver import Receiver
from tests.ports import free_port
from tranche.kernel.errors import Invalid
from tranche.kernel.notify import service
from tranche.kernel.notify.alerts import read_targets
from tranche.kernel.notify.carriers import AlertCarrier
from tranche.kernel.notify.domain import Status
from tranche.kernel.notify.posting import Poster

TEXT = "Operation 7 (order_import) of organization 3 failed: <all_failed> & more."


def carrier(setting: str, *, port: int = 1, log: list[str] | None = None) -> AlertCarrier:
    lines = [] if log is None else log
    poster = Poster(allow_private=True, seconds=2.0)
    return AlertCarrier(read_targets(setting), poster=poster, mailer=smtp(port), log=lines.append)


def test_every_target_gets_the_alert_in_its_own_form(office: Office, receiver: Receiver, post_box: Mailbox) -> None:
    setting = f"slack:{receiver.url}/slack-token, teams:{receiver.url}/teams-token, mail:ops@example.test"
    office.do(service.alert, event="operation.failed", text=TEXT)
    assert office.send(carrier(setting, port=post_box.port)) == 3
    slack, teams = (json.loads(request.body) for request in sorted(receiver.requests, key=lambda one: one.path))
    assert slack == {"text": TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    (card,) = teams["attachments"]
    assert (teams["type"], card["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert card["content"]["body"][0]["text"] == TEXT
    (mail,) = post_box.mails
    assert (mail["To"], mail["Subject"]) == ("ops@example.test", "Alert from Tranche")
    assert mail.get_content().strip() == TEXT
    assert {one.status for one in office.all()} == {Status.SENT}
    kept = " ".join(one.destination for one in office.all())
    assert "token" not in kept
    assert "ops@" not in kept
    assert office.is_sound()


def test_one_target_that_is_down_does_not_hold_up_the_others(office: Office, receiver: Receiver) -> None:
    office.do(service.alert, event="operation.failed", text=TEXT)
    office.send(carrier(f"slack:http://127.0.0.1:{free_port()}/,slack:{receiver.url}"))
    assert [one.status for one in office.all()] == [Status.PENDING, Status.SENT]
    receiver.requests.clear()
    office.hurry()
    office.send(carrier(f"slack:{receiver.url}"))
    first, second = office.all()
    assert (first.status, first.error_code, second.status) == (Status.FAILED, "no_target", Status.SENT)
    assert receiver.requests == []


def test_without_a_target_alerts_go_to_the_log(office: Office) -> None:
    log: list[str] = []
    office.do(service.alert, event="operation.failed", text="a\nb\x00c")
    office.send(carrier("", log=log))
    assert log == ["a b c"]
    assert (office.only().status, office.only().destination) == (Status.SENT, "log")


def test_an_alert_of_a_lost_worker_is_not_repeated(office: Office, receiver: Receiver) -> None:
    office.do(service.alert, event="operation.failed", text=TEXT)
    office.send(carrier(f"slack:{receiver.url}"))
    office.owner.execute(
        "UPDATE notifications SET status = 'sending', sent_at = NULL, lease_until = now() - interval '1 second'"
    )
    assert office.send(carrier(f"slack:{receiver.url}")) == 0
    assert office.only().status is Status.UNKNOWN
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "setting", ["slack", "slack:", "pager:https://x.test", "mail:x", "slack:ftp://hush", "mail:a\nb@x"]
)
def test_a_setting_that_cannot_be_read_is_refused_without_showing_it(setting: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_targets(f"mail:ops@example.test, {setting}")
    assert refusal.value.message.startswith("Entry 2 of TRANCHE_ALERTS cannot be read")
    assert "hush" not in refusal.value.message


def test_targets_are_read_once_each_and_hide_their_address() -> None:
    targets = read_targets(" slack:https://hooks.test/token , mail:ops@x.test,slack:https://hooks.test/token,")
    assert [target.kind for target in targets] == ["slack", "mail"]
    assert "token" not in repr(targets)
    assert "token" not in targets[0].name
