"""Outside phases: leases, outcomes, passing faults, and what is not repeated by itself."""

from pathlib import Path

import pytest

from tests.kernel.operations.toys import FILES, MAIL, RELAY, Panic, kill
from tests.kernel.operations.workshop import BRISK, STEPWISE, Worker, Workshop
from tranche.kernel.errors import Conflict, Unavailable
from tranche.kernel.operations.domain import ItemStatus, Status
from tranche.kernel.operations.handlers import Outcome, OutsideItem
from tranche.kernel.operations.runner import Pace


def transient(*, seconds: float = 0.0) -> Outcome:
    return Outcome(status=ItemStatus.FAILED, error_code="later", error="Not now.", retry_after=seconds)


def die_at(reference: int, *, after_effect: Path | None = None) -> object:
    """The worker dies while it works on this one, before or after the effect."""

    def effect(item: OutsideItem) -> None:
        if item.reference == reference:
            if after_effect:
                (after_effect / f"mail-{reference}").write_text("done\n")
            kill()

    return effect


def test_every_effect_happens_once_and_its_result_is_kept(workshop: Workshop) -> None:
    operation = workshop.start(FILES, range(1, 12))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.phase_done) == (Status.COMPLETED, 11, 11)
    assert workshop.effects() == {f"file-{n}": 1 for n in sorted(range(1, 12), key=str)}
    assert workshop.items(operation)[4].result == {"provider": "id 5"}
    assert workshop.is_sound()


def test_an_effect_runs_without_any_open_transaction(workshop: Workshop) -> None:
    open_ones: list[int] = []

    def look(_item: OutsideItem) -> None:
        rows = workshop.owner.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        ).fetchall()
        open_ones.append(len(rows))
        assert workshop.is_sound()

    workshop.hooks.effect = look
    workshop.work(workshop.start(FILES, range(1, 4)), workshop.worker())
    assert open_ones == [0, 0, 0]


@pytest.mark.parametrize("status", [ItemStatus.FAILED, ItemStatus.SKIPPED, ItemStatus.UNKNOWN])
def test_every_outcome_is_counted(workshop: Workshop, status: ItemStatus) -> None:
    workshop.hooks.effect = lambda item: (
        Outcome(status=status, error_code="x", error="Because.") if item.reference == 2 else None
    )
    operation = workshop.start(MAIL, range(1, 4))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed, ended.skipped, ended.unknown) == (
        2,
        int(status is ItemStatus.FAILED),
        int(status is ItemStatus.SKIPPED),
        int(status is ItemStatus.UNKNOWN),
    )
    assert workshop.items(operation)[1].status is status
    assert workshop.is_sound()


def test_the_lease_of_a_dead_worker_is_not_waited_for_where_the_effect_may_be_repeated(workshop: Workshop) -> None:
    operation = workshop.start(FILES, range(1, 7))
    workshop.hooks.effect = die_at(2)  # type: ignore[assignment]
    workshop.slice(workshop.worker(), operation)
    workshop.hooks.effect = lambda _item: None
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 6)
    assert workshop.items(operation)[1].attempts == 2
    assert workshop.is_sound()


def test_a_lapsed_lease_of_a_message_is_unknown_and_never_repeated_by_itself(workshop: Workshop) -> None:
    operation = workshop.start(MAIL, range(1, 7))
    workshop.hooks.effect = die_at(2, after_effect=workshop.folder)  # type: ignore[assignment]
    workshop.slice(workshop.worker(), operation)
    workshop.hooks.effect = lambda _item: None
    workshop.let_leases_lapse()
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.unknown) == (Status.COMPLETED_WITH_ERRORS, 5, 1)
    assert workshop.effects() == {f"mail-{n}": 1 for n in range(1, 7)}
    unknown = workshop.items(operation)[1]
    assert (unknown.status, unknown.error_code) == ("unknown", "unknown_outcome")
    assert workshop.is_sound()


def test_an_effect_that_kills_three_times_is_parked(workshop: Workshop) -> None:
    operation = workshop.start(FILES, range(1, 7))
    workshop.hooks.effect = die_at(3)  # type: ignore[assignment]
    for _ in range(5):
        workshop.slice(workshop.worker(), operation)
        workshop.let_leases_lapse()
    ended = workshop.look(operation)
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 5, 1)
    assert workshop.items(operation)[2].error_code == "process_died"
    assert workshop.is_sound()


def test_a_passing_fault_is_tried_three_times(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda item: transient() if item.reference == 2 else None
    operation = workshop.start(MAIL, range(1, 6))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (4, 1)
    failed = workshop.items(operation)[1]
    assert (failed.attempts, failed.error_code, failed.error) == (3, "later", "Not now.")
    assert workshop.effects() == {f"mail-{n}": 1 for n in (1, 3, 4, 5)}
    assert workshop.is_sound()


def test_a_passing_fault_passes(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda item: transient() if item.attempts < 3 else None
    operation = workshop.start(MAIL, range(1, 6))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 5)
    item = workshop.items(operation)[0]
    assert (item.error_code, item.error) == (None, None)


@pytest.mark.parametrize("pace", [BRISK, STEPWISE])
def test_what_is_to_be_tried_later_waits_its_time_and_the_rest_does_not(workshop: Workshop, pace: Pace) -> None:
    workshop.hooks.effect = lambda item: transient(seconds=60) if item.reference == 2 else None
    operation = workshop.start(MAIL, range(1, 8))
    resting = workshop.work(operation, workshop.worker(pace=pace), slices=12)
    assert (resting.status, resting.succeeded) == (Status.PROCESSING, 6)
    waiting = workshop.items(operation)[1]
    assert (waiting.status, waiting.attempts, waiting.error_code) == ("pending", 1, "later")
    workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    workshop.hooks.effect = lambda _item: None
    assert workshop.work(operation, workshop.worker()).succeeded == 7
    assert workshop.is_sound()


def test_a_slice_ends_between_two_slow_effects(workshop: Workshop) -> None:
    operation = workshop.start(FILES, range(1, 5))
    worker = workshop.worker(pace=STEPWISE)
    workshop.slice(worker, operation)
    workshop.slice(worker, operation)
    assert len(workshop.effects()) == 1
    assert workshop.work(operation, worker).succeeded == 4


def test_an_effect_that_raises_is_tried_again_only_where_that_is_harmless(workshop: Workshop) -> None:
    def raise_on_2(item: OutsideItem) -> None:
        if item.reference == 2:
            raise RuntimeError("smtp://user:password@host")

    workshop.hooks.effect = raise_on_2
    files, mail = workshop.start(FILES, [1, 2]), workshop.start(MAIL, [1, 2])
    workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    for _ in range(3):
        workshop.work(files, workshop.worker(), slices=1)
        workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    workshop.work(mail, workshop.worker())
    failed, unknown = workshop.items(files)[1], workshop.items(mail)[1]
    assert (failed.status, failed.attempts, failed.error_code) == ("failed", 3, "unexpected")
    assert (unknown.status, unknown.attempts, unknown.error_code) == ("unknown", 1, "unknown_outcome")
    assert "password" not in f"{failed.error} {unknown.error}"
    assert workshop.is_sound()


def test_an_effect_over_which_compiled_code_panics_is_a_fault_like_others(workshop: Workshop) -> None:
    def panic(item: OutsideItem) -> None:
        if item.reference == 2:
            raise Panic

    workshop.hooks.effect = panic
    operation = workshop.start(MAIL, [1, 2, 3])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.unknown) == (2, 1)


def test_our_own_refusal_is_the_reason(workshop: Workshop) -> None:
    def refuse(_item: OutsideItem) -> None:
        raise Conflict("The disk is full; make room.", code="storage_full")

    workshop.hooks.effect = refuse
    operation = workshop.start(FILES, [1])
    for _ in range(3):
        workshop.work(operation, workshop.worker(), slices=1)
        workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    failed = workshop.items(operation)[0]
    assert (failed.error_code, failed.error) == ("storage_full", "The disk is full; make room.")


def test_words_that_the_database_cannot_hold_are_made_harmless(workshop: Workshop) -> None:
    workshop.hooks.effect = lambda _item: Outcome(
        status=ItemStatus.FAILED, error_code="odd", error="550 \0no\ud800" + "x" * 9_000
    )
    operation = workshop.start(MAIL, [1])
    workshop.work(operation, workshop.worker())
    error = workshop.items(operation)[0].error
    assert error is not None
    assert error.startswith("550 no?xxx")
    assert len(error) == 2_000


def test_an_outcome_says_what_it_must() -> None:
    with pytest.raises(ValueError, match="needs a sentence"):
        Outcome(status=ItemStatus.FAILED)
    with pytest.raises(ValueError, match="not an outcome"):
        Outcome(status=ItemStatus.PROCESSING)


def test_only_what_succeeded_goes_from_a_set_on_to_the_outside(workshop: Workshop) -> None:
    operation = workshop.start(RELAY, range(1, 10), fails=[2])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 8, 1)
    assert len(workshop.branches()) == len(workshop.effects()) == 8
    assert workshop.is_sound()


def test_cancelled_in_the_middle_of_a_dead_workers_effect_a_message_is_unknown_a_file_cancelled(
    workshop: Workshop,
) -> None:
    for kind, status, unknown in ((MAIL, "unknown", 1), (FILES, "cancelled", 0)):
        operation = workshop.start(kind, [1, 2, 3])
        workshop.hooks.effect = die_at(2)  # type: ignore[assignment]
        workshop.slice(workshop.worker(), operation)
        workshop.do("cancel", operation)
        ended = workshop.work(operation, workshop.worker())
        assert (ended.status, ended.succeeded, ended.unknown) == (Status.CANCELLED, 1, unknown)
        assert workshop.items(operation)[1].status == status
        assert workshop.is_sound()


def test_a_zombie_records_nothing_over_what_others_found(workshop: Workshop) -> None:
    operation = workshop.start(MAIL, [1, 2])
    zombie, other = workshop.worker(), workshop.worker()

    def freeze(item: OutsideItem) -> None:
        if item.reference == 1:
            workshop.bury(zombie)
            workshop.let_leases_lapse()
            workshop.work(operation, other, slices=1)

    workshop.hooks.effect = freeze
    workshop.slice(zombie, operation)
    assert workshop.states(operation) == {"unknown": [1], "succeeded": [2]}
    assert workshop.look(operation).unknown == 1
    assert workshop.is_sound()


def test_an_outage_during_the_effect_leaves_the_item_to_its_lease(workshop: Workshop) -> None:
    operation = workshop.start(FILES, [1, 2])
    worker: Worker = workshop.worker()
    calls: list[int] = []

    def away(item: OutsideItem) -> None:
        calls.append(item.position)
        if len(calls) == 1:
            raise Unavailable("The storage is away.")

    workshop.hooks.effect = away
    workshop.work(operation, worker, slices=1)
    workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
    assert workshop.work(operation, worker).succeeded == 2
    assert calls == [1, 2, 1]
