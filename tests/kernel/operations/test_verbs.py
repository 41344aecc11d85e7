"""Pause, resume and cancel at every moment, each twice, and after the end."""

from collections.abc import Callable

import pytest

from tests.kernel.operations.toys import FILES, MAIL, MINT, PARTS, STAMP, kill
from tests.kernel.operations.workshop import STEPWISE, Worker, Workshop
from tranche.kernel.errors import Invalid
from tranche.kernel.operations.domain import OperationNotFound, Status, WrongState
from tranche.kernel.operations.handlers import Outcome, OutsideItem

MOMENTS = range(7)  # before anything, after the beginning, two chunks, the next stage, and its two chunks


def at(workshop: Workshop, steps: int) -> tuple[int, Worker]:
    """An operation of two stages and 25 items after some steps."""
    operation, worker = workshop.start(STAMP, range(1, 26)), workshop.worker(pace=STEPWISE)
    for _ in range(steps):
        workshop.slice(worker, operation)
    return operation, worker


def in_the_middle(workshop: Workshop, verb: str, operation: int) -> Callable[[list[int]], None]:
    def act(references: list[int]) -> None:
        if 1 in references:
            workshop.do(verb, operation)
            workshop.do(verb, operation)

    return act


@pytest.mark.parametrize("steps", MOMENTS)
def test_paused_work_rests_and_goes_on_where_it_was(workshop: Workshop, steps: int) -> None:
    operation, worker = at(workshop, steps)
    assert workshop.do("pause", operation).status is Status.PAUSED
    before = workshop.do("pause", operation)
    done = workshop.branches()
    workshop.work(operation, worker, workshop.worker(), slices=3)
    assert workshop.look(operation) == before
    assert workshop.branches() == done
    assert workshop.is_sound()
    resumed = workshop.do("resume", operation)
    assert workshop.do("resume", operation) == resumed
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 25)
    assert workshop.events(operation).count("paused") == workshop.events(operation).count("resumed") == 1
    assert workshop.is_sound()


@pytest.mark.parametrize("steps", MOMENTS)
def test_what_is_done_stays_done_when_the_rest_is_cancelled(workshop: Workshop, steps: int) -> None:
    operation, worker = at(workshop, steps)
    stamped = len([name for name in workshop.branches() if name.startswith("stamp")])
    assert workshop.do("cancel", operation).status is Status.CANCELLING
    workshop.do("cancel", operation)
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, stamped, 25 - stamped)
    assert workshop.do("cancel", operation) == ended
    assert workshop.events(operation).count("cancel_requested") == 1
    assert workshop.hooks.ends == [Status.CANCELLED]
    assert workshop.is_sound()


def test_paused_in_the_middle_of_a_chunk_the_chunk_is_finished(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 26))
    workshop.hooks.chunk = in_the_middle(workshop, "pause", operation)
    paused = workshop.work(operation, workshop.worker())
    assert (paused.status, paused.succeeded) == (Status.PAUSED, 10)
    workshop.do("resume", operation)
    assert workshop.work(operation, workshop.worker()).succeeded == 25


def test_cancelled_in_the_middle_of_a_chunk_the_chunk_is_finished(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 26))
    workshop.hooks.chunk = in_the_middle(workshop, "cancel", operation)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, 10, 15)
    assert workshop.is_sound()


def test_a_stream_stops_at_its_next_part(workshop: Workshop) -> None:
    operation = workshop.start(PARTS, parts=5)

    def pause(part: int) -> None:
        if part == 2 and len(workshop.branches()) == 1:
            workshop.do("pause", operation)

    workshop.hooks.part = pause
    paused = workshop.work(operation, workshop.worker())
    assert (paused.status, len(workshop.branches())) == (Status.PAUSED, 2)
    workshop.do("resume", operation)
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED
    assert len(workshop.branches()) == 10


def test_an_outside_phase_stops_at_its_next_item(workshop: Workshop) -> None:
    operation = workshop.start(FILES, range(1, 9))

    def cancel(item: OutsideItem) -> Outcome | None:
        if item.reference == 3:
            workshop.do("cancel", operation)
        return None

    workshop.hooks.effect = cancel
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, 3, 5)
    assert list(workshop.effects()) == ["file-1", "file-2", "file-3"]
    assert workshop.is_sound()


def test_cancelling_waits_for_the_chunks_of_others(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 26))
    other = workshop.worker()

    def cancel_elsewhere(references: list[int]) -> None:
        if 1 in references:
            workshop.do("cancel", operation)
            workshop.slice(other, operation)
            assert workshop.look(operation).status is Status.CANCELLING

    workshop.hooks.chunk = cancel_elsewhere
    ended = workshop.work(operation, workshop.worker(), slices=1)
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, 10, 15)


def test_cancelling_waits_for_the_effects_of_others(workshop: Workshop) -> None:
    operation = workshop.start(MAIL, range(1, 5))
    other = workshop.worker()

    def cancel_elsewhere(item: OutsideItem) -> None:
        if item.reference == 2:
            workshop.do("cancel", operation)
            workshop.slice(other, operation)
            assert workshop.look(operation).status is Status.CANCELLING

    workshop.hooks.effect = cancel_elsewhere
    ended = workshop.work(operation, workshop.worker(), slices=1)
    assert (ended.status, ended.succeeded, ended.unknown, ended.cancelled) == (Status.CANCELLED, 2, 0, 2)


def test_cancelling_does_not_wait_for_the_dead(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 26))
    workshop.hooks.chunk = kill
    workshop.slice(workshop.worker(), operation)
    workshop.do("cancel", operation)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.cancelled) == (Status.CANCELLED, 25)
    assert workshop.is_sound()


@pytest.mark.parametrize("fails", [[], [1], [1, 2]])
@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
def test_after_the_end_it_is_refused(workshop: Workshop, fails: list[int], verb: str) -> None:
    operation = workshop.start(MINT, [1, 2], fails=fails)
    ended = workshop.work(operation, workshop.worker())
    for _ in range(2):
        with pytest.raises(WrongState):
            workshop.do(verb, operation)
    assert workshop.look(operation) == ended


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_is_being_cancelled_can_be_neither_paused_nor_resumed(workshop: Workshop, verb: str) -> None:
    operation = workshop.start(MINT, [1])
    workshop.do("cancel", operation)
    with pytest.raises(WrongState):
        workshop.do(verb, operation)


def test_paused_work_can_be_cancelled(workshop: Workshop) -> None:
    operation, worker = at(workshop, 3)
    workshop.do("pause", operation)
    workshop.do("cancel", operation)
    assert workshop.work(operation, worker).status is Status.CANCELLED
    assert workshop.is_sound()


def test_an_unknown_operation_or_kind_is_refused(workshop: Workshop) -> None:
    with pytest.raises(OperationNotFound):
        workshop.do("cancel", 4711)
    with pytest.raises(Invalid, match="toy_rocket"):
        workshop.start("toy_rocket")


def test_every_verb_is_in_the_audit_log_with_who_said_it(workshop: Workshop) -> None:
    operation, worker = at(workshop, 2)
    for verb in ("pause", "resume", "cancel"):
        workshop.do(verb, operation)
    workshop.work(operation, worker)
    rows = workshop.owner.execute(
        "SELECT action, actor FROM audit_entries WHERE subject_id = %(id)s ORDER BY id", {"id": operation}
    ).fetchall()
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("operation.pause", "Ada Admin"),
        ("operation.resume", "Ada Admin"),
        ("operation.cancel", "Ada Admin"),
    ]
