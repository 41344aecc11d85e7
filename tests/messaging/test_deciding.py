"""No message stands in a state that is not true, whatever a lost worker or an ended sending leaves."""

import pytest

from tests.kernel.notify.mailbox import Mailbox
from tests.messaging.house import House
from tests.messaging.sendings import item_of, make_sending, operation_of
from tranche.kernel.operations.domain import OperationNotFound, WrongState
from tranche.messaging import service
from tranche.messaging.domain import Message, NothingInDoubt, State


def put(house: House, message: Message, status: str) -> None:
    with house.transaction() as conn:
        conn.execute(
            "UPDATE messages SET status = %(status)s, error = 'lost' WHERE id = %(id)s",
            {"status": status, "id": message.id},
        )


def told(house: House, message: Message) -> list[tuple[str, str]]:
    with house.transaction() as conn:
        return [(row["status"], row["detail"]) for row in service.list_events(conn, message_id=message.id)]


def mark(house: House, message: Message, *, only: bool = True) -> int:
    with house.transaction() as conn:
        return service.mark_sent(
            conn, house.context, operation_id=message.operation_id or 0, message_id=message.id if only else None
        )


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_what_a_lost_worker_had_in_hand_is_in_doubt_at_once(house: House, state: str) -> None:
    lost, other, done = make_sending(house, status="processing", items=[("unknown", "x"), ("pending", None)] * 2)[:3]
    put(house, lost, state)
    put(house, done, "failed")
    with house.transaction() as conn:
        assert service.lose(conn, operation_id=lost.operation_id or 0, positions=[1, 3]) == 1
    assert [house.stands(one) for one in (lost, other, done)] == [State.UNKNOWN, State.QUEUED, State.FAILED]
    assert "may have arrived" in (house.look(lost).error or "")
    assert [status for status, _ in told(house, lost)] == ["unknown"]


@pytest.mark.parametrize(
    ("stood", "item", "stands", "code"),
    [
        ("queued", "unknown", State.UNKNOWN, "unknown_outcome"),
        ("sending", "unknown", State.UNKNOWN, "unknown_outcome"),
        ("sending", "failed", State.UNKNOWN, "unknown_outcome"),
        ("queued", "failed", State.FAILED, "suppressed"),
        ("queued", "cancelled", State.FAILED, "cancelled"),
        ("queued", "succeeded", State.UNKNOWN, "unknown_outcome"),
    ],
)
def test_when_a_sending_ends_its_messages_end_as_their_items_did(
    house: House, stood: str, item: str, stands: State, code: str
) -> None:
    (message,) = make_sending(house, items=[(item, "suppressed" if item in {"failed", "unknown"} else None)])
    put(house, message, stood)
    with pytest.raises(AssertionError):
        house.is_sound()
    with house.transaction() as conn:
        assert service.settle_open(conn, operation_id=message.operation_id or 0, stage="send") == 1
        assert service.settle_open(conn, operation_id=message.operation_id or 0, stage="send") == 0
    found = house.look(message)
    assert (found.status, found.error_code) == (stands, code)
    assert found.error
    assert [status for status, _ in told(house, message)] == [stands]
    assert house.is_sound()


def test_whoever_comes_back_late_puts_nothing_back_into_the_queue(house: House, post_box: Mailbox) -> None:
    house.by_mail(post_box.port)
    message, behind = make_sending(house, status="processing", items=[("unknown", "x")] * 2)
    with house.transaction() as conn:
        ready = house.delivery.prepare(conn, drafts=[house._drafts[one.id] for one in (message, behind)])
    with house.transaction() as conn:
        service.lose(conn, operation_id=message.operation_id or 0, positions=[1, 2])
    attempts = house.delivery.hand_over(ready, is_over=lambda: True)
    with house.transaction() as conn:
        service.note_outcomes(conn, attempts=attempts, may_repeat=lambda _: True)
    assert [house.stands(one) for one in (message, behind)] == [State.SENT, State.UNKNOWN]


def test_one_that_never_left_gets_the_words_and_the_address_of_now(house: House) -> None:
    first = house.queue(key="order:1")
    again = house.queue(key="order:1", address="new@example.test", subject="Other")
    assert (again.id, again.address, again.subject) == (first.id, "new@example.test", "Other")


def test_a_person_marks_one_in_doubt_as_sent_and_its_item_is_done(house: House) -> None:
    first, second = make_sending(house, status="completed_with_errors", items=[("unknown", "x"), ("unknown", "x")])
    with house.transaction() as conn:
        conn.execute("UPDATE operations SET unknown = 2")
    for one in (first, second):
        put(house, one, "unknown")
    assert mark(house, first) == 1
    found = house.look(first)
    assert (found.status, found.provider_id, found.error) == (State.SENT, first.mail_id, None)
    assert told(house, first) == [("sent", "Marked as sent by Ada Admin.")]
    assert (item_of(house, first), item_of(house, second)) == ("succeeded", "unknown")
    assert operation_of(house, first)["status"] == "completed_with_errors"
    with pytest.raises(NothingInDoubt):
        mark(house, first)
    assert mark(house, second, only=False) == 1
    operation = operation_of(house, first)
    assert (operation["status"], operation["succeeded"], operation["unknown"]) == ("completed", 2, 0)
    assert house.is_sound()


def test_nobody_decides_about_what_still_runs_or_is_somebody_elses(house: House) -> None:
    (message,) = make_sending(house, status="processing", items=[("unknown", "x")])
    put(house, message, "unknown")
    with pytest.raises(WrongState):
        mark(house, message)
    with house.transaction() as conn, pytest.raises(OperationNotFound):
        service.mark_sent(conn, house.context, operation_id=(message.operation_id or 0) + 1, message_id=message.id)
    alone = house.queue()
    with house.transaction() as conn, pytest.raises(NothingInDoubt):
        service.find_sending(conn, message_id=alone.id)
