"""The tick: once a second some worker looks which schedules are due, and asks for their runs."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from tranche.kernel.db.pool import Connection, Database, Row, set_tenant
from tranche.kernel.errors import TrancheError
from tranche.kernel.faults import describe
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.module import Scope
from tranche.kernel.schedules import dispatch
from tranche.kernel.schedules.changing import settle
from tranche.kernel.schedules.domain import RunStatus, Tasks
from tranche.kernel.schedules.queries import across, runs, schedules

log = structlog.get_logger(__name__)

_SETTLE_SECONDS = 60.0
_MOST_DUE = 500
_MOST_LOST = 1_000
_MOST_UNSETTLED = 1_000
_DIED = "The worker ended before the run did."


class Ticker:
    """One per worker; an advisory lock, held for one tick, lets one at a time through.

    Nothing is lost when a worker dies in a tick: its transaction is rolled back, and the next worker finds the same
    schedules due. All times are the database's.
    """

    def __init__(self, database: Database, queue: Queue, tasks: Tasks, *, dead_after: float) -> None:
        """A worker that has been silent for `dead_after` seconds is dead, and its runs with it."""
        self._database = database
        self._queue = queue
        self._tasks = tasks
        self._dead_after = dead_after
        self._settled_at: float | None = None

    def tick(self) -> int:
        """Plan what is due; returns how many runs were asked for.

        Raises:
            Unavailable: the database is away. Any other fault is logged, and the clock goes on.
        """
        try:
            self._settle()
            return self._tick()
        except TrancheError:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            log.error("schedule.tick_failed", **describe(error))  # noqa: TRY400  # the text of a fault may hold data
            return 0

    def _tick(self) -> int:
        with self._database.transaction(None) as conn:
            if not across.try_tick_lock(conn):
                return 0
            for row in across.list_lost(conn, dead_after=self._dead_after, jobs=dispatch.KEYS, most=_MOST_LOST):
                self._guarded(conn, self._give_up_lost, row)
            now = schedules.read_clock(conn)
            due = across.list_due(conn, now=now, most=_MOST_DUE)
            return sum(self._guarded(conn, partial(self._plan, now=now), row) for row in due)

    def _settle(self) -> None:
        """At the start bring the defaults up to date, then once a minute give new organizations their schedules."""
        if self._settled_at is not None and time.monotonic() - self._settled_at < _SETTLE_SECONDS:
            return
        is_start = self._settled_at is None
        rules = [(task.name, self._tasks.rule(task)) for task in self._tasks.of(Scope.ORGANIZATION)]
        with self._database.transaction(None) as conn:
            settle(conn, self._tasks, Scope.INSTALLATION, changed=is_start)
            found = across.list_unsettled(conn, rules=rules, changed=is_start, most=_MOST_UNSETTLED)
        for organization_id in found:
            with self._database.transaction(organization_id) as conn:
                settle(conn, self._tasks, Scope.ORGANIZATION, changed=is_start)
        if len(found) < _MOST_UNSETTLED:
            self._settled_at = time.monotonic()

    def _guarded(self, conn: Connection, act: Callable[[Connection, Row], bool], row: Row) -> bool:
        """One of them in a savepoint of its own, so that a fault in it holds up no other."""
        try:
            with conn.transaction():
                set_tenant(conn, row["organization_id"])
                return act(conn, row)
        except Exception as error:
            if conn.closed:
                raise
            log.error("schedule.fault", **row, **describe(error))  # noqa: TRY400  # the text of a fault may hold data
            return False

    def _plan(self, conn: Connection, row: Row, *, now: datetime) -> bool:
        organization_id = row["organization_id"]
        return plan(conn, self._queue, self._tasks, organization_id=organization_id, name=row["name"], now=now)

    def _give_up_lost(self, conn: Connection, row: Row) -> bool:
        """A run whose worker died has failed; one that waits without a job gets one."""
        organization_id, run_id = row["organization_id"], row["run_id"]
        if row["status"] == RunStatus.WAITING:
            return dispatch.enqueue(conn, self._queue, organization_id=organization_id, run_id=run_id)
        log.warning("schedule.run_lost", run=run_id, organization=organization_id)
        scope = dispatch.scope_of(organization_id)
        return runs.finish_run(conn, scope, run_id=run_id, worker_id=None, result=None, error=_DIED)


def plan(
    conn: Connection, queue: Queue, tasks: Tasks, *, organization_id: int | None, name: str, now: datetime
) -> bool:
    """Ask for the run of a due schedule in the transaction's organization; whether a run was asked for.

    However many planned times have passed, the first of them is the one that is caught up, and the next lies behind
    `now`. While a run is under way the planned one is recorded as skipped. A schedule that this release does not
    know stays as it is.
    """
    scope = dispatch.scope_of(organization_id)
    schedule = schedules.lock_due(conn, scope, name=name, now=now) if tasks.find(name) else None
    if schedule is None or schedule.next_at is None:
        return False
    under_way = runs.find_open_run(conn, scope, schedule_id=schedule.id)
    reason = (
        f"Skipped: the run of {under_way.planned_at:%Y-%m-%d %H:%M} UTC was still under way." if under_way else None
    )
    run_id = runs.insert_run(
        conn,
        scope,
        schedule_id=schedule.id,
        planned_at=schedule.next_at,
        requested_by=None,
        skipped=reason,
    )
    schedules.move_on(
        conn,
        scope,
        schedule_id=schedule.id,
        planned_at=schedule.next_at,
        next_at=schedule.rule.next_after(now),
    )
    if run_id is None or reason is not None:
        return False
    return dispatch.enqueue(conn, queue, organization_id=organization_id, run_id=run_id)
