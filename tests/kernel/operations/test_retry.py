"""Retry: what failed is worked again, all or by code, in the earliest stage that failed."""

import pytest

from tests.kernel.operations.toys import MAIL, MINT, PARTS, RELAY, STAMP
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tranche.kernel.operations.domain import ItemStatus, Status, WrongState
from tranche.kernel.operations.handlers import Outcome, OutsideItem


def repair(workshop: Workshop, operation: int, **payload: object) -> None:
    """From now on nothing is to fail, or something else."""
    workshop.owner.execute(
        "UPDATE operations SET payload = %(payload)s::text::jsonb WHERE id = %(id)s",
        {"id": operation, "payload": str(payload).replace("'", '"')},
    )


def test_all_that_failed_is_worked_again_and_nothing_else(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 31), fails=[3, 14, 30])
    workshop.work(operation, workshop.worker())
    repair(workshop, operation)
    retried = workshop.do("retry", operation, code=None)
    assert (retried.status, retried.failed, retried.pending, retried.finished_at) == (Status.PENDING, 0, 3, None)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.error) == (Status.COMPLETED, 30, None)
    assert (ended.phase_done, ended.phase_total) == (3, 3)
    assert sorted(workshop.branches()) == sorted(f"mint {n}" for n in range(1, 31))
    assert workshop.hooks.ends == [Status.COMPLETED_WITH_ERRORS, Status.COMPLETED]
    assert workshop.is_sound()


def test_only_one_code_is_worked_again(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 11), fails=[2, 3, 4])
    workshop.work(operation, workshop.worker())
    repair(workshop, operation)
    workshop.do("retry", operation, code="even")
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 9, 1)
    assert workshop.states(operation)["failed"] == [3]
    assert workshop.is_sound()


def test_it_begins_at_the_earliest_stage_that_failed(workshop: Workshop) -> None:
    operation = workshop.start(STAMP, range(1, 21), fails=[5])
    worker = workshop.worker(pace=STEPWISE)
    while workshop.look(operation).phase == "mint":
        workshop.slice(worker, operation)
    repair(workshop, operation, fails=[9])
    ended = workshop.work(operation, worker)
    assert workshop.states(operation)["mint failed"] == [5]
    assert workshop.states(operation)["stamp failed"] == [9]
    assert ended.failed == 2
    repair(workshop, operation)
    assert workshop.do("retry", operation, code=None).phase == "mint"
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 20)
    assert len(workshop.branches()) == 40
    assert workshop.is_sound()


def test_a_later_stage_alone_is_retried_there(workshop: Workshop) -> None:
    operation = workshop.start(RELAY, range(1, 9))
    workshop.hooks.effect = lambda item: (
        Outcome(status=ItemStatus.FAILED, error_code="no_recipient", error="No address.")
        if item.reference == 4
        else None
    )
    workshop.work(operation, workshop.worker())
    workshop.hooks.effect = lambda _item: None
    assert workshop.do("retry", operation, code="no_recipient").phase == "mail"
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 8)
    assert workshop.effects() == {f"mail-{n}": 1 for n in range(1, 9)}
    assert workshop.is_sound()


def test_the_tries_begin_anew(workshop: Workshop) -> None:
    tries: list[int] = []

    def fail(item: OutsideItem) -> Outcome:
        tries.append(item.attempts)
        return Outcome(status=ItemStatus.FAILED, error_code="later", error="Not now.", retry_after=0.0)

    workshop.hooks.effect = fail
    operation = workshop.start(MAIL, [1])
    workshop.work(operation, workshop.worker())
    workshop.do("retry", operation, code=None)
    workshop.work(operation, workshop.worker())
    assert tries == [1, 2, 3, 1, 2, 3]


def test_what_was_cancelled_is_taken_up_again(workshop: Workshop) -> None:
    operation = workshop.start(STAMP, range(1, 26), fails=[1])
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(2):
        workshop.slice(worker, operation)
    workshop.do("cancel", operation)
    cancelled = workshop.work(operation, worker)
    assert (cancelled.cancelled, cancelled.failed) == (24, 1)
    repair(workshop, operation)
    workshop.do("retry", operation, code=None)
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.COMPLETED, 25, 0)
    assert workshop.is_sound()


def test_some_retried_and_the_rest_still_cancelled_is_not_called_completed(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 26), fails=[1])
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(2):
        workshop.slice(worker, operation)
    workshop.do("cancel", operation)
    workshop.work(operation, worker)
    repair(workshop, operation)
    workshop.do("retry", operation, code="odd")
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, 10, 15)
    assert workshop.is_sound()


def test_unknown_outcomes_are_repeated_only_when_a_person_asks(workshop: Workshop) -> None:
    operation = workshop.start(MAIL, [1, 2])
    workshop.hooks.effect = lambda item: (
        Outcome(status=ItemStatus.UNKNOWN, error_code="unknown_outcome", error="Who knows?")
        if item.reference == 1
        else None
    )
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.unknown) == (Status.COMPLETED_WITH_ERRORS, 1)
    workshop.hooks.effect = lambda _item: None
    workshop.do("retry", operation, code=None)
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED
    assert workshop.effects() == {"mail-1": 1, "mail-2": 1}
    assert workshop.is_sound()


def test_paused_after_a_retry_it_still_begins_properly(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 31), fails=[7, 8])
    workshop.work(operation, workshop.worker())
    workshop.do("retry", operation, code=None)
    workshop.do("pause", operation)
    assert workshop.do("resume", operation).status is Status.PENDING
    ended = workshop.work(operation, workshop.worker())
    assert (ended.failed, ended.phase_total, ended.phase_done) == (2, 2, 2)


def test_it_is_refused_while_it_runs_or_when_nothing_failed_or_the_kind_cannot(workshop: Workshop) -> None:
    running = workshop.start(MINT, [1])
    with pytest.raises(WrongState, match="wait for its end"):
        workshop.do("retry", running, code=None)
    workshop.work(running, workshop.worker())
    with pytest.raises(WrongState, match="no failed items"):
        workshop.do("retry", running, code=None)
    with pytest.raises(WrongState, match="with code odd"):
        workshop.do("retry", running, code="odd")
    stream = workshop.start(PARTS)
    workshop.work(stream, workshop.worker())
    with pytest.raises(WrongState, match="start a new one"):
        workshop.do("retry", stream, code=None)
