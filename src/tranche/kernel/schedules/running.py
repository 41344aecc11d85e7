"""One run from its job to its end: taken, worked, recorded."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.faults import describe
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.jobs.work import NotHere, Work
from tranche.kernel.module import Scope
from tranche.kernel.schedules import dispatch
from tranche.kernel.schedules.domain import Tasks
from tranche.kernel.schedules.queries import across, runs

log = structlog.get_logger(__name__)

_PAUSE = 0.5
_MOST_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A run that this worker has taken; `tries` is how many workers have handed it on."""

    run_id: int
    name: str
    tries: int
    scope: Scope
    work: Work


class RunWorker:
    """Runs the tasks of schedules in one worker process."""

    def __init__(self, database: Database, queue: Queue, tasks: Tasks, *, worker_id: UUID, dead_after: float) -> None:
        """`worker_id` is the one that the worker's signs of life carry; silent for `dead_after` seconds is dead."""
        self._database = database
        self._queue = queue
        self._tasks = tasks
        self._worker_id = worker_id
        self._dead_after = dead_after

    def run(self, arguments: Mapping[str, int], should_abort: Callable[[], bool]) -> None:
        """The queue's task `dispatch.RUN`. A run that waits no longer is left alone."""
        taken = self._take(arguments, should_abort)
        if taken is None:
            return
        try:
            result, error = self._perform(taken), None
        except NotHere as fault:
            if self._hand_on(taken):
                return
            result, error = None, fault.message
        except TrancheError as fault:
            result, error = None, fault.message
        except Exception as fault:  # noqa: BLE001  # whatever a task raises is the end of its run, not of the worker
            result, error = None, _tell(taken, fault)
        tell = log.debug if error is None else log.warning
        tell("schedule.ran", schedule=taken.name, organization=taken.work.organization_id, failed=error is not None)
        self._record(taken, result=result, error=error)

    def _take(self, arguments: Mapping[str, int], should_abort: Callable[[], bool]) -> _Taken | None:
        organization_id, run_id = arguments["organization_id"] or None, arguments["run_id"]
        scope = dispatch.scope_of(organization_id)
        with self._database.transaction(organization_id) as conn:
            name = runs.start_run(conn, scope, run_id=run_id, worker_id=self._worker_id)
        if name is None:
            return None
        work = Work(
            database=self._database, queue=self._queue, organization_id=organization_id, should_abort=should_abort
        )
        return _Taken(run_id=run_id, name=name, tries=arguments.get("tries", 0), scope=scope, work=work)

    def _perform(self, taken: _Taken) -> str:
        task = self._tasks.find(taken.name)
        if task is None:
            raise NotHere(f"No worker that was asked knows the work of the schedule {taken.name}.")
        return task.run(taken.work)

    def _hand_on(self, taken: _Taken) -> bool:
        """Leave it to another worker, and hold this slot for a moment so that the other one comes first."""
        with self._database.transaction(taken.work.organization_id) as conn:
            has_colleagues = across.has_colleagues(conn, worker_id=self._worker_id, dead_after=self._dead_after)
            if taken.tries >= _MOST_TRIES or not has_colleagues:
                return False
            if runs.put_back(conn, taken.scope, run_id=taken.run_id, worker_id=self._worker_id):
                dispatch.enqueue(
                    conn,
                    self._queue,
                    organization_id=taken.work.organization_id,
                    run_id=taken.run_id,
                    tries=taken.tries + 1,
                )
        time.sleep(_PAUSE)
        return True

    def _record(self, taken: _Taken, *, result: str | None, error: str | None) -> None:
        """Write the end, however long the database is away; a worker that ends leaves that to the others."""
        while True:
            try:
                with self._database.transaction(taken.work.organization_id) as conn:
                    runs.finish_run(
                        conn, taken.scope, run_id=taken.run_id, worker_id=self._worker_id, result=result, error=error
                    )
            except Unavailable:
                if taken.work.should_abort():
                    raise
                time.sleep(_PAUSE)
            else:
                return


def _tell(taken: _Taken, fault: Exception) -> str:
    """What the run shows of a fault of ours; the log has its places."""
    log.error("schedule.fault", schedule=taken.name, organization=taken.work.organization_id, **describe(fault))
    return f"An unexpected fault ({type(fault).__name__}) ended the run; the worker's log says where."
