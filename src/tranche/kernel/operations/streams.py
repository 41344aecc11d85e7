"""Running a Stream phase: one worker, many committed parts, each fenced by the claim."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Counts, Status
from tranche.kernel.operations.handlers import Stopped, StreamPhase
from tranche.kernel.operations.queries import claims, operations, progress
from tranche.kernel.operations.taking import Taken


class StreamRun:
    """See handlers.StreamWork."""

    def __init__(self, database: Database, taken: Taken, *, should_abort: Callable[[], bool]) -> None:
        self.operation = taken.operation
        self._db = database
        self._claim = taken.claim
        self._should_abort = should_abort

    def run(self, phase: StreamPhase) -> None:
        """Do the phase and remove the claim; progress stays as the phase left it."""
        phase.work(self)
        with self._db.transaction(self.operation.organization_id) as conn:
            if claims.holds_claim(conn, claim=self._claim):
                claims.delete_claim(conn, claim_id=self._claim.id)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in which the phase is still ours and nobody asked to stop; else Stopped."""
        with self._db.transaction(self.operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=self._claim):
                raise Stopped
            current = operations.find_operation(conn, operation_id=self.operation.id)
            if current is None or current.status is not Status.PROCESSING:
                raise Stopped
            yield conn

    def progress(self, conn: Connection, *, done: int, total: int | None) -> None:
        """Record how far the phase is, in its own unit."""
        progress.set_phase_progress(conn, operation_id=self.operation.id, done=done, total=total)

    def count(self, conn: Connection, *, total: int, counts: Counts, summary: dict[str, Any]) -> None:
        """Replace the counters, add to the summary."""
        progress.set_judgement(conn, operation_id=self.operation.id, total=total, counts=counts, summary=summary)

    def should_stop(self) -> bool:
        """Whether the process is to end."""
        return self._should_abort()
