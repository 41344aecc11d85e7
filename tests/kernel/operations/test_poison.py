"""Bad items: isolated by cutting, tried three times, parked with their reason, while the rest succeeds."""

import pytest

from tests.kernel.operations.toys import INSURE, MINT, Panic, fatal, kill, once
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.errors import Conflict, Unavailable
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.handlers import Restart
from tranche.kernel.operations.runner import Pace


def test_one_that_raises_is_parked_after_three_tries_and_the_rest_succeeds(workshop: Workshop) -> None:
    tries: list[int] = []

    def raise_on_13(references: list[int]) -> None:
        if 13 in references:
            tries.append(len(references))
            raise RuntimeError("password=secret")

    workshop.hooks.chunk = raise_on_13
    operation = workshop.start(MINT, range(1, 101))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 99, 1)
    assert tries.count(1) == 3
    parked = workshop.items(operation)[12]
    assert (parked.status, parked.error_code) == ("failed", "unexpected")
    assert parked.error == "An unexpected fault (RuntimeError) came up; the log of the worker says where."
    assert workshop.is_sound()


def test_one_over_which_compiled_code_panics_is_parked_too(workshop: Workshop) -> None:
    def panic(references: list[int]) -> None:
        if 3 in references:
            raise Panic

    workshop.hooks.chunk = panic
    operation = workshop.start(MINT, range(1, 11))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (9, 1)
    assert workshop.is_sound()


def test_our_own_refusals_are_kept_as_they_are(workshop: Workshop) -> None:
    def refuse(references: list[int]) -> None:
        if 2 in references:
            raise Conflict("The shelf is full; clear it first.", code="shelf_full")

    workshop.hooks.chunk = refuse
    operation = workshop.start(MINT, range(1, 5))
    workshop.work(operation, workshop.worker())
    parked = workshop.items(operation)[1]
    assert (parked.error_code, parked.error) == ("shelf_full", "The shelf is full; clear it first.")


def test_several_bad_ones_are_all_found(workshop: Workshop) -> None:
    bad = {1, 2, 50, 99, 100}

    def raise_on_bad(references: list[int]) -> None:
        if bad & set(references):
            raise RuntimeError

    workshop.hooks.chunk = raise_on_bad
    operation = workshop.start(MINT, range(1, 101))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (95, 5)
    assert set(workshop.states(operation)["failed"]) == bad
    assert workshop.is_sound()


def test_one_that_kills_its_worker_is_parked_after_three_deaths(workshop: Workshop) -> None:
    deaths: list[int] = []

    def die_on_7(references: list[int]) -> None:
        if 7 in references:
            deaths.append(len(references))
            kill()

    workshop.hooks.chunk = die_on_7
    operation = workshop.start(MINT, range(1, 51))
    for _ in range(10):
        ended = workshop.work(operation, workshop.worker(), slices=1)
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 49, 1)
    assert deaths == [10, 1, 1, 1]
    parked = workshop.items(operation)[6]
    assert (parked.error_code, parked.error) == (
        "process_died",
        "Working on this ended the worker's process 3 times; it was set aside. The log has the details.",
    )
    assert workshop.is_sound()


def test_a_busy_database_is_tried_again_uncut_and_then_with_smaller_chunks(workshop: Workshop) -> None:
    sizes: list[int] = []

    def be_busy(references: list[int]) -> None:
        sizes.append(len(references))
        if len(references) > 4:
            raise Unavailable("Too busy.", code="busy")

    workshop.hooks.chunk = be_busy
    operation = workshop.start(MINT, range(1, 31))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 30)
    assert sizes[:2] == [10, 2]
    assert sizes.count(10) == 2
    assert workshop.is_sound()


def test_one_for_which_the_database_is_always_too_busy_is_parked(workshop: Workshop) -> None:
    def be_busy(references: list[int]) -> None:
        if 3 in references:
            raise Unavailable("The database is too busy.", code="busy")

    workshop.hooks.chunk = be_busy
    operation = workshop.start(MINT, range(1, 6))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (4, 1)
    assert workshop.items(operation)[2].error_code == "busy"


def test_in_order_the_next_waits_until_a_bad_one_has_passed(workshop: Workshop) -> None:
    tries: list[int] = []

    def raise_on_5_and_twice_on_7(references: list[int]) -> None:
        if 7 in references:
            tries.append(7)
        if 5 in references or (7 in references and len(tries) < 4):
            raise RuntimeError

    workshop.hooks.chunk = raise_on_5_and_twice_on_7
    operation = workshop.start(INSURE, range(1, 41))
    slow = Pace(slice=5.0, chunk=1.0, dead_after=8.0, retry_delay=0.1)
    ended = workshop.work(operation, workshop.worker(pace=slow), workshop.worker(pace=slow))
    assert (ended.succeeded, ended.failed) == (39, 1)
    assert workshop.branches() == [f"mint {n}" for n in range(1, 41) if n != 5]


def test_a_fatal_fault_ends_the_operation_and_cancels_the_rest(workshop: Workshop) -> None:
    def burn_at_15(references: list[int]) -> None:
        if 15 in references:
            fatal()

    workshop.hooks.chunk = burn_at_15
    operation = workshop.start(MINT, range(1, 101))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code, ended.error) == (Status.FAILED, "burned", "The warehouse burned down.")
    assert (ended.succeeded, ended.cancelled) == (10, 90)
    assert workshop.hooks.ends == [Status.FAILED]
    assert workshop.is_sound()


def test_a_fault_before_any_chunk_ends_the_operation_after_three_tries(workshop: Workshop) -> None:
    def raise_always() -> None:
        raise RuntimeError

    workshop.hooks.measure = raise_always
    operation = workshop.start(MINT, [1, 2])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code, ended.cancelled) == (Status.FAILED, "unexpected", 2)
    assert workshop.events(operation) == ["created", "fault", "fault", "fault", "failed"]
    assert workshop.is_sound()


def test_a_fault_in_the_last_word_does_not_keep_the_operation_open_for_ever(workshop: Workshop) -> None:
    def raise_always(*_: object) -> None:
        raise RuntimeError

    workshop.hooks.finished = raise_always
    operation = workshop.start(MINT, [1, 2])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.FAILED, 2)
    assert workshop.is_sound()


def test_a_fault_in_the_last_word_of_a_cancelled_operation_neither(workshop: Workshop) -> None:
    def raise_always(*_: object) -> None:
        raise RuntimeError

    workshop.hooks.finished = raise_always
    operation = workshop.start(MINT, [1, 2])
    workshop.do("cancel", operation)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.cancelled) == (Status.FAILED, 2)
    assert workshop.is_sound()


def test_a_passing_fault_in_the_last_word_is_overcome(workshop: Workshop) -> None:
    def raise_fault() -> None:
        raise RuntimeError

    workshop.hooks.finished = once(raise_fault)
    operation = workshop.start(MINT, [1, 2])
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED


def test_a_position_that_cannot_even_be_parked_ends_the_operation(workshop: Workshop) -> None:
    def raise_on_3(references: list[int]) -> None:
        if 3 in references:
            raise RuntimeError

    def raise_always() -> None:
        raise LookupError

    workshop.hooks.chunk, workshop.hooks.park = raise_on_3, raise_always
    operation = workshop.start(MINT, range(1, 21))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code) == (Status.FAILED, "unexpected")
    assert ended.error is not None
    assert "LookupError" in ended.error
    assert workshop.items(operation)[2].status == "cancelled"
    assert workshop.is_sound()


@pytest.mark.parametrize("place", ["measure", "park"])
def test_a_loss_that_is_noticed_outside_a_chunk_restarts_the_phase_too(workshop: Workshop, place: str) -> None:
    def raise_on_3(references: list[int]) -> None:
        if 3 in references:
            raise RuntimeError

    def lose() -> None:
        raise Restart("mint")

    workshop.hooks.chunk = raise_on_3
    setattr(workshop.hooks, place, once(lose))
    operation = workshop.start(MINT, range(1, 21))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 19, 1)
    assert workshop.events(operation).count("restarted") == 1
    assert workshop.is_sound()


def test_items_that_a_phase_forgets_are_not_passed_over(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 21))

    def forget(references: list[int]) -> None:
        if 1 in references:
            workshop.owner.execute("UPDATE operation_items SET stage = 'nowhere' WHERE position = 20")

    workshop.hooks.chunk = forget
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code) == (Status.FAILED, "incomplete")
    assert (ended.succeeded, ended.cancelled) == (19, 1)


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 1_000])
def test_chunk_of_any_size_is_cut_to_the_bad_one(workshop: Workshop, size: int) -> None:
    def raise_on_last(references: list[int]) -> None:
        if size in references:
            raise RuntimeError

    workshop.hooks.chunk = raise_on_last
    operation = workshop.start(MINT, range(1, size + 1))
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed) == (size - 1, 1)
    assert workshop.is_sound()
