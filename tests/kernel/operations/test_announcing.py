"""What the end of an operation puts out: once, with the end itself, to whom it concerns."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.kernel.operations.toys import MAIL, MINT, RELAY, kill
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tranche.kernel.operations.announcing import wants_mail, write_mail
from tranche.kernel.operations.dispatch import WAKE
from tranche.kernel.operations.domain import HALF_DONE, ItemStatus, Operation, Status
from tranche.kernel.operations.handlers import Outcome


def put_out(workshop: Workshop) -> list[dict[str, Any]]:
    return workshop.owner.execute("SELECT * FROM notifications ORDER BY id").fetchall()


def wish(workshop: Workshop, words: str) -> None:
    workshop.owner.execute("UPDATE users SET operation_mails = %(words)s", {"words": words})


def endpoint(workshop: Workshop, *events: str) -> None:
    workshop.owner.execute(
        """
        INSERT INTO webhook_endpoints (organization_id, url, event_types, salt, key_mark)
        VALUES (%(id)s, 'https://x.test', %(events)s, decode(repeat('00', 32), 'hex'), decode(repeat('00', 8), 'hex'))
        """,
        {"id": workshop.ctx.organization_id, "events": list(events)},
    )


def test_a_short_success_tells_nobody_who_did_not_ask(workshop: Workshop) -> None:
    workshop.work(workshop.start(MINT, [1, 2]), workshop.worker())
    assert put_out(workshop) == []
    assert [job["task_name"] for job in workshop.jobs() if job["task_name"] == WAKE] == []


def test_the_starter_gets_a_mail_a_clerk_can_read(workshop: Workshop) -> None:
    wish(workshop, "always")
    operation = workshop.start(MINT, range(1, 21), fails=[2, 3], skips=[4])
    workshop.work(operation, workshop.worker())
    (mail,) = put_out(workshop)
    assert (mail["channel"], mail["event"]) == ("mail", "operation.completed_with_errors")
    assert mail["subject"] == 'Your toy mint "toy" is done, with errors'
    assert mail["link"] == f"/operations/{operation}"
    lines = mail["body"].splitlines()
    assert lines[0] == "Hello Ada Admin,"
    assert lines[2] == f'your toy mint "toy", operation {operation}, is done, with errors.'
    assert lines[4] == "17 of 20 succeeded, 2 failed, 1 skipped."
    assert lines[5].endswith("(UTC).")
    jobs = [job for job in workshop.jobs() if job["task_name"] == WAKE]
    assert [job["args"] for job in jobs] == [{"organization_id": workshop.ctx.organization_id}]


def test_a_failure_tells_the_starter_and_the_operators(workshop: Workshop) -> None:
    operation = workshop.start(MINT, [1, 2], fails=[1, 2])
    workshop.work(operation, workshop.worker())
    alert, mail = put_out(workshop)
    assert (alert["channel"], alert["destination"]) == ("alert", "")
    number = workshop.ctx.organization_id
    assert alert["body"] == f"Operation {operation} (toy_mint) of organization {number} failed: all_failed."
    assert mail["subject"] == 'Your toy mint "toy" has failed'
    assert "Reason: None of 2 succeeded; each says why, such as: It was to be so." in mail["body"]


def test_half_done_work_tells_the_starter_and_the_operators_too(workshop: Workshop) -> None:
    lost = Outcome(status=ItemStatus.FAILED, error="The road was closed.")
    workshop.hooks.effect = lambda _item: lost
    operation = workshop.start(RELAY, [1, 2])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error, ended.is_half_done) == (Status.COMPLETED_WITH_ERRORS, None, True)
    alert, mail = put_out(workshop)
    assert alert["body"].endswith("did nothing to the end, though its first steps succeeded.")
    assert "0 of 2 succeeded, 2 failed." in mail["body"]
    assert HALF_DONE in mail["body"]


def test_webhooks_carry_the_operation_as_the_api_shows_it(workshop: Workshop) -> None:
    endpoint(workshop, "operation.completed_with_errors")
    endpoint(workshop, "operation.failed")
    operation = workshop.start(MINT, [1, 2], fails=[1])
    ended = workshop.work(operation, workshop.worker())
    (event,) = put_out(workshop)
    body = msgspec.json.decode(event["body"])
    assert body["type"] == "operation.completed_with_errors"
    data = body["data"]
    assert (data["id"], data["uuid"], data["version"]) == (operation, str(ended.uuid), ended.version)
    assert (data["total"], data["succeeded"], data["failed"], data["error"]) == (2, 1, 1, None)
    assert data["createdBy"] == {"id": workshop.ctx.user_id, "name": "Ada Admin"}
    assert data["finishedAt"] == body["timestamp"]
    assert event["message_id"].startswith("msg_")


def test_a_cancelled_operation_is_an_event_and_no_mail(workshop: Workshop) -> None:
    endpoint(workshop, "operation.cancelled")
    operation = workshop.begin(MINT, 20)
    workshop.owner.execute("UPDATE operations SET created_at = now() - interval '1 hour'")
    workshop.do("cancel", operation)
    workshop.work(operation, workshop.worker())
    assert [(one["channel"], one["event"]) for one in put_out(workshop)] == [("webhook", "operation.cancelled")]


def test_each_end_of_a_retried_operation_is_told(workshop: Workshop) -> None:
    endpoint(workshop, "operation.completed_with_errors")
    operation = workshop.start(MINT, [1, 2], fails=[1])
    workshop.work(operation, workshop.worker())
    workshop.do("retry", operation, code=None)
    workshop.work(operation, workshop.worker())
    assert [one["event"] for one in put_out(workshop)] == ["operation.completed_with_errors"] * 2


def test_a_worker_that_dies_before_the_end_tells_nothing_and_the_next_tells_once(workshop: Workshop) -> None:
    wish(workshop, "always")
    operation = workshop.start(MAIL, [1, 2, 3])
    workshop.hooks.effect = kill
    workshop.slice(workshop.worker(pace=STEPWISE), operation)
    assert put_out(workshop) == []
    workshop.hooks.effect = lambda _item: None
    workshop.let_leases_lapse()
    workshop.work(operation, workshop.worker())
    assert len(put_out(workshop)) == 1


def test_an_address_that_cannot_get_mail_does_not_keep_an_operation_from_ending(workshop: Workshop) -> None:
    wish(workshop, "always")
    workshop.owner.execute("UPDATE users SET email = E'a\\x01b@example.test'")
    operation = workshop.start(MINT, [1])
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED
    assert put_out(workshop) == []


def test_a_label_with_line_breaks_cannot_add_a_line_to_the_head(workshop: Workshop) -> None:
    wish(workshop, "always")
    operation = workshop.start(MINT, [1])
    workshop.owner.execute("UPDATE operations SET label = E'x\\r\\nBcc: all@example.test'")
    workshop.work(operation, workshop.worker())
    (mail,) = put_out(workshop)
    assert mail["subject"] == 'Your toy mint "x Bcc: all@example.test" is done'


def test_who_has_left_gets_no_mail(workshop: Workshop) -> None:
    wish(workshop, "always")
    operation = workshop.start(MINT, [1])
    workshop.owner.execute("UPDATE users SET is_active = false")
    workshop.work(operation, workshop.worker())
    assert put_out(workshop) == []


@pytest.mark.parametrize(
    ("status", "seconds", "auto"),
    [
        (Status.COMPLETED, 9, False),
        (Status.COMPLETED, 11, True),
        (Status.COMPLETED_WITH_ERRORS, 9, False),
        (Status.COMPLETED_WITH_ERRORS, 11, True),
        (Status.FAILED, 1, True),
        (Status.CANCELLED, 100, False),
    ],
)
def test_what_a_person_wants_to_hear(workshop: Workshop, status: Status, seconds: int, auto: bool) -> None:  # noqa: FBT001  # a table
    found = workshop.look(workshop.start(MINT, [1]))
    ended = _ended(found, status, seconds)
    assert wants_mail(ended, wish="auto") is auto
    assert wants_mail(ended, wish="always")
    assert not wants_mail(ended, wish="never")
    assert ended.finished_at
    _, text = write_mail(ended, name="Olga", ended_at=ended.finished_at, zone="Asia/Dhaka")
    assert "(Asia/Dhaka)" in text


def _ended(operation: Operation, status: Status, seconds: int) -> Operation:
    return replace(operation, status=status, finished_at=operation.created_at + timedelta(seconds=seconds))
