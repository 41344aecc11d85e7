"""Several lanes and workers at once: nothing twice, order kept where it is asked for, no more slices than slots."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kernel.operations.toys import FILES, INSURE, MAIL, MINT, PARTS, RELAY, STAMP, fatal
from tests.kernel.operations.workshop import BRISK, STEPWISE, Workshop
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.runner import Pace

SHORT = Pace(slice=0.2, chunk=0.04, dead_after=8.0, retry_delay=0.01)


def all_at_once(workshop: Workshop, operation: int, *, workers: int = 4) -> None:
    """Every worker works slices until the operation has ended."""

    def toil(_: int) -> None:
        worker = workshop.worker(pace=SHORT)
        ends = time.monotonic() + 60
        while not workshop.look(operation).status.is_terminal:
            assert time.monotonic() < ends
            worker.beat()
            workshop.slice(worker, operation)
            time.sleep(0.01)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(toil, range(workers)))


@pytest.mark.parametrize("kind", [MINT, STAMP, INSURE])
def test_many_workers_do_nothing_twice(workshop: Workshop, kind: str) -> None:
    operation = workshop.start(kind, range(1, 301), fails=[7, 77], skips=[100])
    all_at_once(workshop, operation)
    ended = workshop.look(operation)
    assert (ended.status, ended.succeeded, ended.failed, ended.skipped) == (Status.COMPLETED_WITH_ERRORS, 297, 2, 1)
    names = workshop.branches()
    assert len(names) == len(set(names)) == (594 if kind == STAMP else 297)
    assert workshop.is_sound()


@pytest.mark.parametrize("kind", [FILES, MAIL, RELAY])
def test_many_workers_cause_every_effect_once(workshop: Workshop, kind: str) -> None:
    operation = workshop.start(kind, range(1, 61))
    all_at_once(workshop, operation)
    assert workshop.look(operation).succeeded == 60
    assert set(workshop.effects().values()) == {1}
    assert len(workshop.effects()) == 60
    assert workshop.is_sound()


def test_many_workers_share_a_stream_one_at_a_time(workshop: Workshop) -> None:
    operation = workshop.start(PARTS, parts=10)
    all_at_once(workshop, operation)
    assert workshop.look(operation).status is Status.COMPLETED
    assert len(workshop.branches()) == 20


def test_many_workers_isolate_bad_items_together(workshop: Workshop) -> None:
    bad = {5, 6, 150, 299}

    def raise_on_bad(references: list[int]) -> None:
        if bad & set(references):
            raise RuntimeError

    workshop.hooks.chunk = raise_on_bad
    operation = workshop.start(MINT, range(1, 301))
    all_at_once(workshop, operation)
    assert set(workshop.states(operation)["failed"]) == bad
    assert workshop.look(operation).succeeded == 296
    assert workshop.is_sound()


def test_in_order_no_two_chunks_are_worked_at_once(workshop: Workshop) -> None:
    inside = threading.Semaphore(1)
    overlaps: list[int] = []

    def look(references: list[int]) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(references[0])
            return
        threading.Event().wait(0.005)
        inside.release()

    workshop.hooks.chunk = look
    operation = workshop.start(INSURE, range(1, 151))
    all_at_once(workshop, operation)
    assert overlaps == []
    assert workshop.branches() == [f"mint {n}" for n in range(1, 151)]


def test_a_chunk_in_order_waits_for_the_one_before_whoever_holds_it(workshop: Workshop) -> None:
    operation = workshop.start(INSURE, range(1, 31))
    first, second = workshop.worker(), workshop.worker(pace=STEPWISE)

    def let_another_try(references: list[int]) -> None:
        if 1 in references:
            for _ in range(3):
                workshop.slice(second, operation)
            assert workshop.branches() == []

    workshop.hooks.chunk = let_another_try
    assert workshop.work(operation, first).succeeded == 30


def test_while_many_work_a_fatal_fault_lets_the_others_finish_their_chunk(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 41))
    other = workshop.worker()

    def burn(references: list[int]) -> None:
        if 1 in references:
            workshop.hooks.chunk = fatal
            workshop.slice(other, operation)
            found = workshop.look(operation)
            assert (found.status, found.error_code) == (Status.CANCELLING, "burned")

    workshop.hooks.chunk = burn
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.error_code, ended.succeeded) == (Status.FAILED, "burned", 10)
    assert ended.cancelled == 30
    assert workshop.is_sound()


def lanes(workshop: Workshop, operation: int) -> list[int]:
    return sorted(job["args"]["lane"] for job in workshop.jobs() if job["args"]["operation_id"] == operation)


def test_as_many_lanes_as_there_are_slots_of_living_workers(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 301))
    worker = workshop.worker(pace=STEPWISE, slots=2)
    workshop.worker(slots=3)
    workshop.bury(workshop.worker(slots=7))
    workshop.slice(worker, operation)
    assert lanes(workshop, operation) == [0, 1, 2, 3, 4]


def test_a_lane_whose_slice_runs_is_not_asked_for_again(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 301))
    worker = workshop.worker(pace=STEPWISE, slots=3)
    workshop.slice(worker, operation)
    workshop.owner.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    workshop.owner.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock LIKE '%%:2'")
    workshop.slice(worker, operation)
    assert lanes(workshop, operation) == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("kind", "count"), [(INSURE, 300), (PARTS, 0), (MINT, 10)], ids=["in order", "a stream", "little work"]
)
def test_no_lanes_where_they_would_have_nothing_to_do(workshop: Workshop, kind: str, count: int) -> None:
    operation = workshop.start(kind, range(1, count + 1))
    worker = workshop.worker(pace=STEPWISE, slots=4)
    for _ in range(2):
        workshop.slice(worker, operation)
    assert lanes(workshop, operation) == [0]


@pytest.mark.parametrize(
    ("wanted", "sizes"), [(60.0, [10, 20, 40, 80, 100]), (0.001, [10, 5, 2, 1, 1])], ids=["quick", "slow"]
)
def test_chunks_adapt_to_the_time_that_they_take(workshop: Workshop, wanted: float, sizes: list[int]) -> None:
    found: list[int] = []

    def linger(references: list[int]) -> None:
        found.append(len(references))
        time.sleep(0.03)

    workshop.hooks.chunk = linger
    operation = workshop.start(MINT, range(1, 401))
    worker = workshop.worker(pace=Pace(slice=0.0, chunk=wanted, dead_after=8.0, retry_delay=0.0))
    for _ in range(6):
        workshop.slice(worker, operation)
    assert found == sizes


def test_sparse_items_are_counted_and_measured_as_what_they_are(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 201), fails=[1, 100, 200])
    workshop.work(operation, workshop.worker(pace=BRISK))
    workshop.do("retry", operation, code=None)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.phase_done, ended.phase_total, ended.failed) == (3, 3, 3)
