"""Stream phases: committed parts, resumed behind the last one, restarted, failed."""

from tests.kernel.operations.toys import PARTS, fatal, kill, once, restart_first
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.errors import Conflict, Invalid, Unavailable
from tranche.kernel.operations.domain import AnotherTry, Status

ALL = [f"{phase} {n}" for phase in ("first", "second") for n in (1, 2, 3)]


def test_parts_are_committed_one_by_one_and_phases_follow_each_other(workshop: Workshop) -> None:
    seen: list[tuple[str, int]] = []
    operation = workshop.start(PARTS)

    def look(_part: int) -> None:
        found = workshop.look(operation)
        seen.append((found.phase, found.phase_done))

    workshop.hooks.part = look
    ended = workshop.work(operation, workshop.worker())
    assert ended.status is Status.COMPLETED
    assert seen == [("first", 0), ("first", 1), ("first", 2), ("second", 0), ("second", 1), ("second", 2)]
    assert workshop.branches() == ALL
    assert (ended.phase_done, ended.phase_total) == (3, 3)


def test_after_a_death_it_goes_on_behind_the_last_part(workshop: Workshop) -> None:
    operation = workshop.start(PARTS)
    workshop.hooks.part = lambda part: kill() if part == 3 else None
    workshop.slice(workshop.worker(), operation)
    assert workshop.branches() == ALL[:2]
    workshop.hooks.part = lambda _part: None
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED
    assert workshop.branches() == ALL


def test_after_three_deaths_it_fails(workshop: Workshop) -> None:
    operation = workshop.start(PARTS)
    workshop.hooks.part = kill
    for _ in range(3):
        workshop.slice(workshop.worker(), operation)
        assert workshop.look(operation).status is Status.PROCESSING
    workshop.slice(workshop.worker(), operation)
    ended = workshop.look(operation)
    assert (ended.status, ended.error_code) == (Status.FAILED, "process_died")
    assert workshop.is_sound()


def test_a_try_that_follows_is_told_with_its_number_its_time_and_the_reason(workshop: Workshop) -> None:
    seen: list[AnotherTry | None] = []

    def fail(_part: int) -> None:
        seen.append(workshop.look(operation).another_try)
        raise Conflict("The file is not there yet.")

    operation = workshop.start(PARTS)
    workshop.hooks.part = fail
    ended = workshop.work(operation, workshop.worker())
    first, *later = seen
    assert first is None
    assert [(found.number, found.of, found.reason) for found in later if found] == [
        (2, 3, "The file is not there yet."),
        (3, 3, "The file is not there yet."),
    ]
    assert (ended.status, ended.another_try) == (Status.FAILED, None)
    assert workshop.events(operation).count("tried_in_vain") == 2


def test_a_fault_that_passes_is_overcome_and_one_that_stays_ends_it(workshop: Workshop) -> None:
    tries: list[int] = []

    def raise_twice(part: int) -> None:
        tries.append(part)
        if len(tries) < 3:
            raise RuntimeError

    operation = workshop.start(PARTS)
    workshop.hooks.part = raise_twice
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED

    def refuse(_part: int) -> None:
        raise Invalid("The source has no such column: bill_no.", code="no_column")

    workshop.owner.execute("DELETE FROM branches WHERE NOT is_default")
    workshop.hooks.part = refuse
    ended = workshop.work(workshop.start(PARTS), workshop.worker())
    assert (ended.status, ended.error_code) == (Status.FAILED, "no_column")
    assert ended.error == "The source has no such column: bill_no."


def test_an_outage_counts_as_no_try(workshop: Workshop) -> None:
    outages: list[int] = []

    def be_away(part: int) -> None:
        if len(outages) < 5:
            outages.append(part)
            raise Unavailable("The source is away.")

    operation = workshop.start(PARTS)
    workshop.hooks.part = be_away
    for _ in range(6):
        workshop.work(operation, workshop.worker(), slices=1)
        workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    assert workshop.look(operation).status is Status.COMPLETED


def test_a_fatal_fault_ends_it_at_once(workshop: Workshop) -> None:
    workshop.hooks.part = fatal
    ended = workshop.work(workshop.start(PARTS), workshop.worker(), slices=1)
    assert (ended.status, ended.error_code, ended.error) == (Status.FAILED, "burned", "The warehouse burned down.")
    assert workshop.claims(ended.id) == []


def test_it_goes_back_to_an_earlier_phase_whose_work_was_lost(workshop: Workshop) -> None:
    operation = workshop.start(PARTS)

    def lose(part: int) -> None:
        if workshop.look(operation).phase == "second" and part == 2:
            lost()

    def clear_and_restart() -> None:
        workshop.owner.execute("DELETE FROM branches WHERE name LIKE 'first %'")
        restart_first()

    lost = once(clear_and_restart)
    workshop.hooks.part = lose
    ended = workshop.work(operation, workshop.worker())
    assert ended.status is Status.COMPLETED
    assert sorted(workshop.branches()) == ALL
    assert workshop.events(operation) == ["created", "started", "restarted", "completed"]


def test_work_that_is_lost_again_and_again_ends_the_operation(workshop: Workshop) -> None:
    workshop.hooks.part = restart_first
    operation = workshop.start(PARTS)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code) == (Status.FAILED, "restarted_often")
    assert workshop.events(operation).count("restarted") == 10


def test_a_stream_that_is_told_to_end_goes_on_with_another_worker(workshop: Workshop) -> None:
    operation = workshop.start(PARTS)
    workshop.slice(workshop.worker(), operation, should_abort=lambda: bool(workshop.branches()))
    assert workshop.branches() == ALL[:1]
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED
    assert sorted(workshop.branches()) == ALL
