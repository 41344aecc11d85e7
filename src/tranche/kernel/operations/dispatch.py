"""Slices in the queue: their task's name, their keys, and the sweep that brings lost ones back."""

from collections.abc import Iterable

import structlog

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.jobs import queries as jobs
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.notify import service as notify
from tranche.kernel.operations.queries import claims, operations

log = structlog.get_logger(__name__)

SLICE = "operations.slice"
WAKE = "notify.wake"
_MOST_RUNNABLE = 10_000
_KEEP_FINISHED_JOBS = 3_600.0
_FORGET_WORKERS = 86_400.0


def enqueue(
    conn: Connection,
    queue: Queue,
    *,
    organization_id: int,
    operation_id: int,
    lane: int = 0,
    priority: int = 0,
    express: bool = False,
) -> bool:
    """Ask for one slice; a slice that already waits in this lane is enough. Small work stays on the express way."""
    return queue.enqueue(
        conn,
        SLICE,
        key=_key(operation_id, lane),
        arguments={
            "organization_id": organization_id,
            "operation_id": operation_id,
            "lane": lane,
            "express": int(express),
        },
        priority=priority,
        express=express,
    )


def open_lanes(
    conn: Connection, queue: Queue, *, organization_id: int, operation_id: int, lanes: Iterable[int]
) -> None:
    """Ask for a slice in each of these lanes that has none, waiting or running.

    More slices than workers' slots would only let other operations wait.
    """
    keys = {_key(operation_id, lane): lane for lane in lanes}
    for key in keys.keys() - jobs.list_alive_keys(conn, keys=list(keys)):
        enqueue(conn, queue, organization_id=organization_id, operation_id=operation_id, lane=keys[key])


def wake(conn: Connection, queue: Queue, *, organization_id: int) -> int:
    """Give the operations of one organization a slice that have work and none waiting or alive; returns how many."""
    alive = jobs.list_alive_operations(conn, task=SLICE)
    runnable = operations.list_own_runnable(conn, most=_MOST_RUNNABLE)
    return sum(
        enqueue(conn, queue, organization_id=organization_id, operation_id=operation_id)
        for operation_id in runnable
        if operation_id not in alive
    )


def wake_post(conn: Connection, queue: Queue, *, organization_id: int) -> None:
    """Have a worker send what has just been put out; call it last in a transaction, because it may wait for another."""
    if notify.has_due(conn):
        queue.enqueue(
            conn,
            WAKE,
            key=f"notify:{organization_id}",
            arguments={"organization_id": organization_id},
            express=True,
        )


def sweep(database: Database, queue: Queue, *, dead_after: float) -> int:
    """Put operations back into the queue that have work and no slice waiting or alive.

    Any worker may call it at any time: an advisory lock lets one at a time through.
    Returns how many slices were put back.
    """
    with database.transaction(None) as conn:
        if not operations.try_sweep_lock(conn):
            return 0
        jobs.delete_dead_jobs(conn, dead_after=dead_after)
        jobs.delete_finished_jobs(conn, older_than=_KEEP_FINISHED_JOBS)
        claims.prune_workers(conn, older_than=_FORGET_WORKERS)
        alive = jobs.list_alive_operations(conn, task=SLICE)
        lost = [row for row in operations.list_runnable(conn, most=_MOST_RUNNABLE) if row["operation_id"] not in alive]
        for row in lost:
            enqueue(conn, queue, organization_id=row["organization_id"], operation_id=row["operation_id"])
    if lost:
        log.info("sweep.enqueued", operations=len(lost))
    return len(lost)


def _key(operation_id: int, lane: int) -> str:
    return f"operation:{operation_id}:{lane}"
