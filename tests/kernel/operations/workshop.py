"""A workshop of several workers over one database: starts toy operations, works slices, kills, looks."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.kernel.operations.toys import Hooks, Killed, make_registry
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.operations import service, timeline
from tranche.kernel.operations.checks import CHECKS
from tranche.kernel.operations.domain import Item, Operation
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.runner import Pace, Runner, _Slice
from tranche.kernel.operations.service import Operations
from tranche.kernel.operations.taking import Taken, take

BRISK = Pace(slice=5.0, chunk=1.0, dead_after=8.0, retry_delay=0.01)
STEPWISE = Pace(slice=0.0, chunk=1.0, dead_after=8.0, retry_delay=0.0)


@dataclass
class Worker:
    """One worker with its heart, which beats only when the test says so."""

    id: UUID
    runner: Runner
    database: Database

    def beat(self, *, slots: int = 2) -> None:
        with self.database.transaction(None) as conn:
            claims.beat(conn, worker_id=self.id, host="here", pid=os.getpid(), slots=slots, version="0")


class Workshop:
    """What a test of the engine needs."""

    def __init__(self, database: Database, owner: Connection, ctx: Context, folder: Path) -> None:
        self.database = database
        self.owner = owner
        self.ctx = ctx
        self.folder = folder
        self.hooks = Hooks()
        self.registry = make_registry(self.hooks, folder)
        self.queue = ProcrastinateQueue()
        self.operations = Operations(self.queue, self.registry)

    def worker(self, *, pace: Pace = BRISK, slots: int = 2) -> Worker:
        worker_id = uuid4()
        runner = Runner(self.database, self.queue, self.registry, worker_id=worker_id, pace=pace)
        worker = Worker(worker_id, runner, self.database)
        worker.beat(slots=slots)
        return worker

    def start(self, kind: str, references: Iterable[int] = (), **payload: Any) -> int:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return self.operations.start(
                conn, self.ctx, kind=kind, label="toy", payload=payload, references=list(references)
            ).id

    def begin(self, kind: str, count: int, **payload: Any) -> int:
        """An operation of so many items whose first phase has begun, with nothing done in it yet."""
        operation_id = self.start(kind, range(1, count + 1), **payload)
        self.slice(self.worker(pace=STEPWISE), operation_id)
        return operation_id

    def slice(
        self, worker: Worker, operation_id: int, *, lane: int = 0, should_abort: Callable[[], bool] = lambda: False
    ) -> None:
        """One slice of this worker; a kill ends it in the middle."""
        try:
            worker.runner.run_slice(
                organization_id=self.ctx.organization_id,
                operation_id=operation_id,
                lane=lane,
                should_abort=should_abort,
            )
        except Killed:
            self.bury(worker)

    def claim(self, worker: Worker, operation_id: int) -> Taken | None:
        """What a worker commits before it begins to work; None when there is nothing for it."""
        with self.database.transaction(self.ctx.organization_id) as conn:
            taken = take(conn, self.registry, operation_id=operation_id, worker_id=worker.id, dead_after=8.0)
        return taken if isinstance(taken, Taken) else None

    def work_claim(self, worker: Worker, taken: Taken | None) -> None:
        """What a worker does after that."""
        assert taken is not None
        piece = _Slice(
            organization_id=self.ctx.organization_id,
            operation_id=taken.operation.id,
            lane=0,
            ends=time.monotonic() + 5,
            should_abort=lambda: False,
        )
        worker.runner._run_claim(piece, taken)

    def work(self, operation_id: int, *workers: Worker, slices: int = 50) -> Operation:
        """Slices in turn until the operation has ended, or rests."""
        for _ in range(slices):
            for worker in workers:
                self.slice(worker, operation_id)
            found = self.look(operation_id)
            if found.status.is_terminal or found.status == "paused":
                return found
        return self.look(operation_id)

    def do(self, verb: str, operation_id: int, **arguments: Any) -> Operation:
        """cancel, pause, resume or retry."""
        with self.database.transaction(self.ctx.organization_id) as conn:
            found: Operation = getattr(self.operations, verb)(conn, self.ctx, operation_id=operation_id, **arguments)
            return found

    def bury(self, worker: Worker) -> None:
        """The worker's heart stopped long ago."""
        self.owner.execute(
            "UPDATE workers SET beat_at = now() - interval '1 minute' WHERE id = %(id)s", {"id": worker.id}
        )

    @contextmanager
    def cutting(self, *, only_in_transaction: bool = False) -> Iterator[None]:
        """Afterwards end connections of the plain role, as the server does with those of a vanished machine."""
        with connect(self.database.url) as conn:
            yield
            conn.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
                  AND (NOT %(only_in_transaction)s OR state = 'idle in transaction')
                """,
                {"only_in_transaction": only_in_transaction},
            )

    def cut(self, *, only_in_transaction: bool = False) -> None:
        """End connections of the plain role now."""
        with self.cutting(only_in_transaction=only_in_transaction):
            pass

    def let_leases_lapse(self) -> None:
        self.owner.execute(
            "UPDATE operation_items SET lease_until = now() - interval '1 second' WHERE status = 'processing'"
        )

    def look(self, operation_id: int) -> Operation:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return service.get_operation(conn, operation_id=operation_id)

    def items(self, operation_id: int) -> list[Item]:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return service.list_items(conn, operation_id=operation_id, statuses=None, code=None, limit=1_000)

    def states(self, operation_id: int) -> dict[str, list[int]]:
        """The positions by state, of one-stage operations; `stage state` of the others."""
        found: dict[str, list[int]] = {}
        items = self.items(operation_id)
        several = len({item.stage for item in items}) > 1
        for item in items:
            found.setdefault(f"{item.stage} {item.status}" if several else item.status, []).append(item.position)
        return found

    def events(self, operation_id: int) -> list[str]:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return [row["event"] for row in timeline.list_events(conn, operation_id=operation_id)]

    def claims(self, operation_id: int) -> list[dict[str, Any]]:
        return self.owner.execute(
            "SELECT * FROM operation_claims WHERE operation_id = %(id)s ORDER BY low, id", {"id": operation_id}
        ).fetchall()

    def branches(self) -> list[str]:
        """Everything that Set and Stream phases did, in the order of doing."""
        rows = self.owner.execute("SELECT name FROM branches WHERE NOT is_default ORDER BY id").fetchall()
        return [row["name"] for row in rows]

    def effects(self) -> dict[str, int]:
        """How often each outside effect happened."""
        return {file.name: len(file.read_text().splitlines()) for file in sorted(self.folder.iterdir())}

    def jobs(self) -> list[dict[str, Any]]:
        return self.owner.execute("SELECT * FROM procrastinate_jobs ORDER BY id").fetchall()

    def is_sound(self) -> bool:
        """Whether the doctor finds nothing."""
        hits = [hit for check in CHECKS for hit in self.owner.execute(check.sql.encode()).fetchall()]
        assert hits == []
        return True


@pytest.fixture
def workshop(database: Database, owner: Connection, context: Context, tmp_path: Path) -> Workshop:
    return Workshop(database, owner, context, tmp_path)
