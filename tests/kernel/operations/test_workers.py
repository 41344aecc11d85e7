"""Workers die, freeze, come back, and lose their database: nothing is lost and nothing is done twice."""

import threading
import time
from collections.abc import Callable

import pytest

from tests.kernel.operations.toys import FILES, MINT, PARTS, STAMP, fatal, restart_first
from tests.kernel.operations.workshop import BRISK, STEPWISE, Workshop
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.handlers import Restart
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.taking import Taken


def test_the_claim_of_a_living_worker_is_left_alone(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 25)
    workshop.claim(workshop.worker(), operation)
    workshop.work(operation, workshop.worker(), slices=3)
    assert workshop.look(operation).status is Status.PROCESSING
    assert len(workshop.branches()) == 15
    assert workshop.is_sound()


def test_the_claim_of_a_dead_worker_is_worked_by_another(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 25)
    dead = workshop.worker()
    workshop.claim(dead, operation)
    workshop.bury(dead)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 25)
    assert workshop.is_sound()


def test_a_worker_that_has_left_in_order_counts_as_gone(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 5)
    gone = workshop.worker()
    workshop.claim(gone, operation)
    with workshop.database.transaction(None) as conn:
        claims.delete_worker(conn, worker_id=gone.id)
    assert workshop.work(operation, workshop.worker()).status is Status.COMPLETED


@pytest.mark.parametrize("is_ended", [True, False])
def test_a_zombie_commits_nothing_after_its_claim_was_taken_over(workshop: Workshop, *, is_ended: bool) -> None:
    operation = workshop.begin(MINT, 25)
    zombie = workshop.worker()
    taken = workshop.claim(zombie, operation)
    workshop.bury(zombie)
    workshop.work(operation, workshop.worker(pace=BRISK if is_ended else STEPWISE), slices=50 if is_ended else 1)
    before = (workshop.look(operation), workshop.branches())
    zombie.beat()
    workshop.work_claim(zombie, taken)
    assert (workshop.look(operation), workshop.branches()) == before
    assert workshop.work(operation, zombie, workshop.worker()).succeeded == 25
    assert workshop.is_sound()


@pytest.mark.parametrize("kind", [MINT, PARTS, FILES])
def test_a_zombie_is_fenced_from_the_moment_that_another_has_its_claim(workshop: Workshop, kind: str) -> None:
    operation = workshop.begin(kind, 0 if kind == PARTS else 1)
    zombie, other = workshop.worker(), workshop.worker()
    stale = workshop.claim(zombie, operation)
    workshop.bury(zombie)
    current = workshop.claim(other, operation)
    assert stale is not None
    assert current is not None
    assert (current.claim.id, current.claim.epoch) == (stale.claim.id, 2)
    zombie.beat()
    workshop.work_claim(zombie, stale)
    assert workshop.branches() == []
    assert workshop.effects() == {}
    workshop.work_claim(other, current)
    assert len(workshop.branches()) + len(workshop.effects()) == (3 if kind == PARTS else 1)
    assert workshop.work(operation, other).status is Status.COMPLETED


def break_down(*_: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("fault", [fatal, restart_first, break_down])
def test_a_zombie_ends_and_restarts_nothing_either(workshop: Workshop, fault: Callable[..., None]) -> None:
    operation = workshop.begin(PARTS, 0)
    zombie, other = workshop.worker(), workshop.worker()
    taken_over: list[Taken | None] = []

    def freeze(_part: int) -> None:
        workshop.hooks.between = lambda _part: None
        workshop.bury(zombie)
        taken_over.append(workshop.claim(other, operation))
        zombie.beat()
        fault()

    workshop.hooks.between = freeze
    workshop.slice(zombie, operation)
    assert workshop.events(operation) == ["created", "started"]
    assert [claim["worker_id"] for claim in workshop.claims(operation)] == [other.id]
    workshop.work_claim(other, taken_over[0])
    assert workshop.work(operation, other).status is Status.COMPLETED
    assert workshop.is_sound()


def test_a_phase_that_begins_anew_waits_for_the_chunks_of_the_phase_that_was_left(workshop: Workshop) -> None:
    operation = workshop.start(STAMP, range(1, 41))
    worker, other = workshop.worker(pace=STEPWISE), workshop.worker()
    while workshop.look(operation).phase == "mint":
        workshop.slice(worker, operation)
    held = workshop.claim(other, operation)

    def lose(_references: list[int]) -> None:
        workshop.hooks.chunk = lambda _references: None
        workshop.owner.execute("DELETE FROM branches WHERE name = 'mint 40'")
        workshop.owner.execute("DELETE FROM operation_items WHERE position = 40 AND stage = 'stamp'")
        workshop.owner.execute("UPDATE operation_items SET status = 'pending' WHERE position = 40")
        raise Restart("mint")

    workshop.hooks.chunk = lose
    workshop.slice(worker, operation)
    assert workshop.look(operation).phase == "mint"
    assert workshop.claim(workshop.worker(), operation) is None
    workshop.work_claim(other, held)
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 40)
    assert len(workshop.branches()) == 80
    assert workshop.is_sound()


def test_a_zombie_in_an_open_transaction_is_waited_for(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 10)
    zombie = workshop.worker()
    inside, go_on = threading.Event(), threading.Event()

    def freeze(_references: list[int]) -> None:
        workshop.hooks.chunk = lambda _references: None
        inside.set()
        assert go_on.wait(20)

    workshop.hooks.chunk = freeze
    thread = threading.Thread(target=workshop.slice, args=(zombie, operation))
    thread.start()
    try:
        assert inside.wait(5)
        workshop.bury(zombie)
        other = workshop.worker()
        assert workshop.work(operation, other, slices=1).status is Status.PROCESSING
        assert workshop.branches() == []
        workshop.cut(only_in_transaction=True)
        assert workshop.work(operation, other).status is Status.COMPLETED
    finally:
        go_on.set()
        thread.join()
    assert len(workshop.branches()) == 10
    assert workshop.is_sound()


def test_cancelling_waits_for_a_zombie_in_an_open_transaction(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 20)
    zombie = workshop.worker()
    inside, go_on = threading.Event(), threading.Event()

    def freeze(_references: list[int]) -> None:
        inside.set()
        assert go_on.wait(20)

    workshop.hooks.chunk = freeze
    thread = threading.Thread(target=workshop.slice, args=(zombie, operation))
    thread.start()
    try:
        assert inside.wait(5)
        workshop.bury(zombie)
        workshop.do("cancel", operation)
        began = time.monotonic()
        assert workshop.work(operation, workshop.worker(), slices=1).status is Status.CANCELLING
        assert time.monotonic() - began < 10
        workshop.cut(only_in_transaction=True)
        ended = workshop.work(operation, workshop.worker())
    finally:
        go_on.set()
        thread.join()
    assert (ended.status, ended.cancelled) == (Status.CANCELLED, 20)
    assert workshop.branches() == []
    assert workshop.is_sound()


def test_a_slice_that_is_told_to_end_puts_the_rest_back(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 31))
    workshop.owner.execute("DELETE FROM procrastinate_jobs")
    chunks: list[int] = []
    workshop.hooks.chunk = chunks.extend
    workshop.slice(workshop.worker(), operation, should_abort=lambda: len(chunks) >= 10)
    assert len(chunks) == 10
    assert f"operation:{operation}:0" in [job["queueing_lock"] for job in workshop.jobs()]
    assert workshop.claims(operation) == []
    assert workshop.work(operation, workshop.worker()).succeeded == 30


def test_a_slice_of_an_operation_that_is_gone_or_unknown_does_nothing(workshop: Workshop) -> None:
    worker = workshop.worker()
    workshop.slice(worker, 4711)
    operation = workshop.start(MINT, [1])
    workshop.owner.execute("UPDATE operations SET kind = 'from_the_future'")
    workshop.slice(worker, operation)
    assert workshop.look(operation).status is Status.PENDING
    workshop.owner.execute("UPDATE operations SET kind = %(kind)s, phase = 'from_the_future'", {"kind": MINT})
    ended = workshop.work(operation, worker)
    assert (ended.status, ended.error_code) == (Status.FAILED, "unknown_phase")


def test_stalled_is_what_nobody_works_on(workshop: Workshop) -> None:
    waiting, held = workshop.start(MINT, [1]), workshop.begin(MINT, 10)
    worker = workshop.worker()
    workshop.claim(worker, held)
    assert not workshop.look(waiting).is_stalled
    workshop.owner.execute("UPDATE operations SET updated_at = now() - interval '2 minutes'")
    assert workshop.look(waiting).is_stalled
    assert not workshop.look(held).is_stalled
    workshop.bury(worker)
    assert workshop.look(held).is_stalled
    workshop.do("pause", held)
    workshop.owner.execute("UPDATE operations SET updated_at = now() - interval '2 minutes'")
    assert not workshop.look(held).is_stalled
