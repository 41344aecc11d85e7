"""Works operations to their end with one runner in this process, without server and queue loop."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.runner import Pace, Runner
from tranche.kernel.operations.service import Operations, get_operation

_MOST_SLICES: Final = 50


class Workbench:
    """What one person starts is worked here, slice by slice."""

    def __init__(self, database: Database, context: Context, handlers: Sequence[Handler]) -> None:
        self.database = database
        self.context = context
        queue, registry, worker_id = ProcrastinateQueue(), Registry(handlers), uuid.uuid4()
        self.operations = Operations(queue, registry)
        self._runner, self._stepper = (
            Runner(database, queue, registry, worker_id=worker_id, pace=Pace(slice=seconds, dead_after=30))
            for seconds in (60.0, 0.0)
        )
        with database.transaction(None) as conn:
            claims.beat(conn, worker_id=worker_id, host="test", pid=1, slots=1, version="test")

    def transaction(self) -> AbstractContextManager[Connection]:
        return self.database.transaction(self.context.organization_id)

    def step(self, operation: Operation) -> None:
        """Run one slice that is over after its first step."""
        self._run(self._stepper, operation)

    def end(self, operation: Operation) -> Operation:
        """Run slices until the operation has ended."""
        for _ in range(_MOST_SLICES):
            self._run(self._runner, operation)
            with self.transaction() as conn:
                found = get_operation(conn, operation_id=operation.id)
            if found.status.is_terminal:
                return found
        raise AssertionError(f"the operation does not end: {found}")

    def _run(self, runner: Runner, operation: Operation) -> None:
        runner.run_slice(
            organization_id=self.context.organization_id,
            operation_id=operation.id,
            lane=0,
            should_abort=lambda: False,
        )
