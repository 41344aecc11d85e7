"""Slices in the queue, and the sweep that brings lost ones back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.factories import Organization
from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.work import Work
from tranche.kernel.operations import dispatch
from tranche.kernel.operations.waking import PROCESS_BATCH_JOBS


def forget_jobs(owner: Connection) -> None:
    owner.execute("DELETE FROM procrastinate_jobs")


def sweep(workshop: Workshop) -> int:
    return dispatch.sweep(workshop.database, workshop.queue, dead_after=8.0)


def test_only_the_first_slice_of_an_operation_is_raised(workshop: Workshop) -> None:
    operation = workshop.start(MINT, [1])
    job = workshop.jobs()[0]
    assert (job["task_name"], job["priority"]) == (dispatch.SLICE, 10)
    assert job["args"] == {
        "organization_id": workshop.ctx.organization_id,
        "operation_id": operation,
        "lane": 0,
        "express": 0,
    }
    forget_jobs(workshop.owner)
    for verb in ("pause", "resume"):
        workshop.do(verb, operation)
    assert [job["priority"] for job in workshop.jobs()] == [0]


def test_a_slice_that_waits_already_is_enough(workshop: Workshop) -> None:
    operation = workshop.start(MINT, [1])
    for verb in ("pause", "resume", "cancel"):
        workshop.do(verb, operation)
    assert len(workshop.jobs()) == 1


def test_the_sweep_brings_back_what_has_work_and_no_slice(workshop: Workshop) -> None:
    lost, waiting, ended = (workshop.start(MINT, [n]) for n in (1, 2, 3))
    workshop.work(ended, workshop.worker())
    workshop.owner.execute(
        "DELETE FROM procrastinate_jobs WHERE queueing_lock <> %(key)s", {"key": f"operation:{waiting}:0"}
    )
    assert sweep(workshop) == 1
    assert {job["args"]["operation_id"] for job in workshop.jobs()} == {lost, waiting}
    assert sweep(workshop) == 0


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_the_sweep_lets_paused_work_rest_and_ends_what_is_being_cancelled(workshop: Workshop, verb: str) -> None:
    operation = workshop.start(MINT, [1])
    workshop.do(verb, operation)
    forget_jobs(workshop.owner)
    assert sweep(workshop) == (1 if verb == "cancel" else 0)


def run_by(owner: Connection, *, seconds_ago: float | None) -> None:
    """All waiting jobs are run by a worker of the queue that was heard of so long ago, or by none."""
    values: dict[str, Any] = {"ago": seconds_ago}
    row = owner.execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) "
        "VALUES (now() - make_interval(secs => coalesce(%(ago)s, 0))) RETURNING id",
        values,
    ).fetchone()
    assert row is not None
    owner.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %(id)s", row)
    if seconds_ago is None:
        owner.execute("DELETE FROM procrastinate_workers")


@pytest.mark.parametrize("seconds_ago", [60.0, None], ids=["silent", "gone"])
def test_the_slice_of_a_dead_worker_is_brought_back(workshop: Workshop, seconds_ago: float | None) -> None:
    workshop.start(MINT, [1])
    run_by(workshop.owner, seconds_ago=seconds_ago)
    assert sweep(workshop) == 1
    assert [job["status"] for job in workshop.jobs()] == ["todo"]


def test_the_slice_of_a_living_worker_is_left_alone(workshop: Workshop) -> None:
    workshop.start(MINT, [1])
    run_by(workshop.owner, seconds_ago=1.0)
    assert sweep(workshop) == 0
    assert [job["status"] for job in workshop.jobs()] == ["doing"]


def test_only_one_sweeps_at_a_time(workshop: Workshop) -> None:
    workshop.start(MINT, [1])
    forget_jobs(workshop.owner)
    with workshop.database.transaction(None) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtext('tranche.sweep'))")
        assert sweep(workshop) == 0
    assert sweep(workshop) == 1


def test_many_who_sweep_at_once_bring_each_slice_back_once(workshop: Workshop) -> None:
    for n in range(1, 11):
        workshop.start(MINT, [n])
    forget_jobs(workshop.owner)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: sweep(workshop), range(8))) == 10
    assert len(workshop.jobs()) == 10


def test_the_sweep_sees_every_organization(workshop: Workshop, organization: Any) -> None:
    theirs = organization(name="Other").context()
    with workshop.database.transaction(theirs.organization_id) as conn:
        workshop.operations.start(conn, theirs, kind=MINT, label="", payload={}, references=[1])
    workshop.start(MINT, [1])
    forget_jobs(workshop.owner)
    assert sweep(workshop) == 2
    assert {job["args"]["organization_id"] for job in workshop.jobs()} == {
        workshop.ctx.organization_id,
        theirs.organization_id,
    }


def test_the_sweep_forgets_ended_jobs_and_workers_that_were_silent_for_a_day(workshop: Workshop) -> None:
    workshop.start(MINT, [1])
    worker = workshop.worker()
    workshop.owner.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    workshop.owner.execute("UPDATE procrastinate_events SET at = now() - interval '2 hours'")
    workshop.owner.execute(
        "UPDATE workers SET beat_at = now() - interval '25 hours' WHERE id = %(id)s", {"id": worker.id}
    )
    sweep(workshop)
    assert [job["status"] for job in workshop.jobs()] == ["todo"]
    assert workshop.owner.execute("SELECT FROM workers").rowcount == 0


def test_waking_gives_a_slice_to_what_has_none_in_this_organization(
    workshop: Workshop, organization: Callable[..., Organization]
) -> None:
    lost, waiting = workshop.start(MINT, [1]), workshop.start(MINT, [2])
    forget_jobs(workshop.owner)
    workshop.do("pause", waiting)
    workshop.do("resume", waiting)
    work = Work(
        database=workshop.database,
        queue=workshop.queue,
        organization_id=organization(name="Other").id,
        should_abort=lambda: False,
    )
    assert PROCESS_BATCH_JOBS.run(work) == "No operation had to be woken."
    assert PROCESS_BATCH_JOBS.run(replace(work, organization_id=workshop.ctx.organization_id)) == "Woke 1 operation."
    assert {job["args"]["operation_id"] for job in workshop.jobs()} == {lost, waiting}
