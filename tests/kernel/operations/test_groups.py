"""Outside phases that perform items together: leased, performed and recorded as a group, each with its own outcome."""

from tests.kernel.operations.toys import LETTERS, kill
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import ItemStatus, Status
from tranche.kernel.operations.handlers import Outcome, OutsideItem

PUT_OFF = Outcome(status=ItemStatus.FAILED, error_code="put_off", error="Not yet.", retry_after=60.0)


def failed(*, retry_after: float | None = None) -> Outcome:
    return Outcome(status=ItemStatus.FAILED, error_code="odd", error="Because.", retry_after=retry_after)


def test_a_group_is_leased_together_and_each_has_its_own_outcome(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda item: failed() if item.reference == 3 else None
    operation = workshop.start(LETTERS, range(1, 7))
    ended = workshop.work(operation, workshop.worker())
    assert workshop.hooks.groups == [[1, 2, 3, 4], [5, 6]]
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 5, 1)
    assert workshop.items(operation)[2].error_code == "odd"
    assert workshop.effects() == {f"letter-{n}": 1 for n in range(1, 7)}
    assert workshop.is_sound()


def test_what_the_domain_notes_stands_with_the_outcomes(workshop: Workshop) -> None:
    seen: list[int] = []

    def note(conn: Connection) -> None:
        rows = conn.execute("SELECT FROM operation_items WHERE status = 'processing'").fetchall()
        seen.append(len(rows))

    workshop.hooks.note = note
    workshop.work(workshop.start(LETTERS, range(1, 4)), workshop.worker())
    assert seen == [3]


def test_a_note_that_cannot_be_written_leaves_the_group_in_doubt(workshop: Workshop) -> None:
    def note(conn: Connection) -> None:
        conn.execute("SELECT 1 / 0")

    workshop.hooks.note = note
    operation = workshop.start(LETTERS, [1, 2])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.unknown, workshop.states(operation)) == (2, {"unknown": [1, 2]})
    assert workshop.is_sound()


def test_what_was_not_begun_waits_and_has_used_up_no_try(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda item: PUT_OFF if item.reference == 3 else None
    operation = workshop.start(LETTERS, range(1, 7))
    resting = workshop.work(operation, workshop.worker(), slices=5)
    assert (resting.status, resting.succeeded) == (Status.PROCESSING, 2)
    assert [item.attempts for item in workshop.items(operation)] == [1, 1, 0, 0, 0, 0]
    assert workshop.hooks.groups == [[1, 2, 3, 4]]
    workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    workshop.hooks.effect = lambda _item: None
    assert workshop.work(operation, workshop.worker()).succeeded == 6
    assert workshop.effects() == {f"letter-{n}": 1 for n in range(1, 7)}
    assert workshop.is_sound()


def test_a_slice_that_is_over_begins_one_of_a_group_and_gives_the_rest_back(workshop: Workshop) -> None:
    operation = workshop.start(LETTERS, range(1, 4))
    worker = workshop.worker(pace=STEPWISE)
    while len(workshop.effects()) < 1:
        workshop.slice(worker, operation)
    assert workshop.states(operation) == {"succeeded": [1], "pending": [2, 3]}
    assert workshop.work(operation, worker).succeeded == 3
    assert [item.attempts for item in workshop.items(operation)] == [1, 1, 1]


def test_of_a_group_whose_worker_died_all_are_in_doubt_and_none_is_repeated_by_itself(workshop: Workshop) -> None:
    def die(item: OutsideItem) -> None:
        if item.reference == 3:
            kill()

    operation = workshop.start(LETTERS, range(1, 7))
    workshop.hooks.effect = die
    workshop.slice(workshop.worker(), operation)
    workshop.hooks.effect = lambda _item: None
    workshop.let_leases_lapse()
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.unknown) == (2, 4)
    assert workshop.hooks.lost == [[1, 2, 3, 4]]
    assert max(workshop.effects().values()) == 1
    assert workshop.is_sound()


def test_a_passing_fault_of_one_is_tried_three_times_and_the_others_are_not(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda item: failed(retry_after=0.0) if item.reference == 2 else None
    operation = workshop.start(LETTERS, range(1, 5))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (3, 1)
    assert [item.attempts for item in workshop.items(operation)] == [1, 3, 1, 1]
    assert workshop.is_sound()
