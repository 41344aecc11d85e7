"""Schedules over a real database: toy tasks, tickers, and workers that take what stands in the queue."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.factories import Organization
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.jobs.work import NotHere, Work
from tranche.kernel.module import Scope, Task
from tranche.kernel.operations.queries import claims
from tranche.kernel.schedules import dispatch
from tranche.kernel.schedules.domain import Tasks
from tranche.kernel.schedules.running import RunWorker
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.schedules.ticking import Ticker

DEAD_AFTER = 8.0
SWEEP, REPORT = "sweep-minutely", "report-daily"


@dataclass
class Bench:
    """What the toy tasks have done, and how they are to behave."""

    done: list[int | None] = field(default_factory=list)
    fault: Exception | None = None
    hold: threading.Event | None = None
    is_here: bool = True

    def work(self, work: Work) -> str:
        if not self.is_here:
            raise NotHere("Set TOY_SETTING on one worker.")
        self.done.append(work.organization_id)
        if self.hold is not None:
            assert self.hold.wait(10)
        if self.fault is not None:
            raise self.fault
        return f"Done {len(self.done)}."


def toy_tasks(bench: Bench, *, cron: str = "* * * * *", zone: str = "UTC") -> Tasks:
    """One schedule that each organization has, one of the installation."""
    return Tasks(
        [
            Task(
                kind="sweep",
                name=SWEEP,
                scope=Scope.ORGANIZATION,
                cron=cron,
                zone=zone,
                source="TOY_SCHEDULE",
                description="Sweeps.",
                run=bench.work,
            ),
            Task(
                kind="report",
                name=REPORT,
                scope=Scope.INSTALLATION,
                cron="0 2 * * *",
                description="Reports.",
                run=bench.work,
            ),
        ],
        now=datetime.now(UTC),
    )


class House:
    """One installation; `ctx` is the admin of its first organization."""

    def __init__(self, database: Database, owner: Connection, ctx: Context) -> None:
        self.database = database
        self.owner = owner
        self.ctx = ctx
        self.bench = Bench()
        self.tasks = toy_tasks(self.bench)
        self.queue = ProcrastinateQueue()
        self.schedules = Schedules(self.queue, self.tasks)
        self._turns = 0
        self.worker_id = self.join()
        self.ticker().tick()

    def ticker(self, tasks: Tasks | None = None) -> Ticker:
        return Ticker(self.database, self.queue, tasks or self.tasks, dead_after=DEAD_AFTER)

    def worker(self, worker_id: UUID | None = None) -> RunWorker:
        return RunWorker(
            self.database, self.queue, self.tasks, worker_id=worker_id or self.worker_id, dead_after=DEAD_AFTER
        )

    def join(self) -> UUID:
        """One more living worker."""
        worker_id = uuid4()
        with self.database.transaction(None) as conn:
            claims.beat(conn, worker_id=worker_id, host="here", pid=1, slots=1, version="0")
        return worker_id

    def silence(self, worker_id: UUID) -> None:
        """It has not been heard of for a minute."""
        self.owner.execute("UPDATE workers SET beat_at = now() - interval '1 minute' WHERE id = %s", [worker_id])

    def make_due(self, name: str = SWEEP, *, ago: str | None = None) -> None:
        """Its next time passed so long ago, to the whole second; each time later than the time before."""
        self._turns += 1
        for table in ("schedules", "installation_schedules"):
            self.owner.execute(
                f"UPDATE {table} SET next_at = date_trunc('second', now() - %(ago)s::interval) "
                "WHERE name = %(name)s AND enabled".encode(),
                {"ago": ago or f"{100 - self._turns} seconds", "name": name},
            )

    def jobs(self) -> list[dict[str, Any]]:
        """The arguments of the jobs that wait."""
        rows = self.owner.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id", [dispatch.RUN]
        ).fetchall()
        return [row["args"] for row in rows]

    def take_jobs(self) -> list[dict[str, Any]]:
        """Take the waiting jobs out of the queue, as a worker does."""
        found = self.jobs()
        self.owner.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        return found

    def work(self, worker_id: UUID | None = None) -> int:
        """Run what waits in the queue; how many runs it was."""
        found = self.take_jobs()
        for arguments in found:
            self.worker(worker_id).run(arguments, lambda: False)
        return len(found)

    def runs(self, name: str = SWEEP, *, ctx: Context | None = None) -> list[dict[str, Any]]:
        """Its runs, oldest first."""
        who = ctx or self.ctx
        with self.database.transaction(who.organization_id) as conn:
            found, _ = self.schedules.list_runs(conn, name=name, limit=1_000, offset=0)
        return [{f: getattr(run, f) for f in run.__slots__} for run in reversed(found)]

    def schedule(self, name: str = SWEEP) -> Any:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return self.schedules.get_schedule(conn, name=name)

    def update(self, name: str = SWEEP, **changes: Any) -> Any:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return self.schedules.update(conn, self.ctx, name=name, **changes)

    def run_now(self, name: str = SWEEP) -> Any:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return self.schedules.run_now(conn, self.ctx, name=name)


@pytest.fixture
def house(database: Database, owner: Connection, organization: Callable[..., Organization]) -> House:
    return House(database, owner, organization().context())


class Refused(Conflict):
    """A toy's refusal."""
