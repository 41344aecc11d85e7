"""A slice: about two seconds of one operation's work, chunk after chunk, then back into the queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.operations import dispatch, ledger
from tranche.kernel.operations.domain import Claim, Operation, adapted_size
from tranche.kernel.operations.handlers import (
    Fatal,
    Handler,
    OutsidePhase,
    RangePhase,
    Registry,
    Restart,
    Stopped,
    StreamPhase,
)
from tranche.kernel.operations.outside import OutsideRun
from tranche.kernel.operations.queries import claims, operations, progress
from tranche.kernel.operations.streams import StreamRun

log = structlog.get_logger(__name__)


class Step(Enum):
    """What came of one look at an operation."""

    WORKED = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Time limits of the engine, in seconds."""

    slice: float = 2.0
    chunk: float = 1.0
    dead_after: float = 8.0
    retry_delay: float = 0.5


class Runner:
    """Works slices of operations for one worker."""

    def __init__(self, database: Database, queue: Queue, registry: Registry, *, worker_id: UUID, pace: Pace) -> None:
        self._db = database
        self._queue = queue
        self._registry = registry
        self._worker_id = worker_id
        self._pace = pace
        self._stuck: list[tuple[int, Claim]] = []

    def run_slice(
        self, *, organization_id: int, operation_id: int, lane: int, should_abort: Callable[[], bool]
    ) -> None:
        """Work until the slice's time is over or nothing is left, and put the rest back into the queue."""
        ends = time.monotonic() + self._pace.slice
        try:
            self._open_lanes(organization_id, operation_id, lane)
            while not should_abort():
                step = self.run_step(organization_id, operation_id, should_abort)
                if step is Step.NOTHING:
                    return
                if time.monotonic() >= ends:
                    break
            with self._db.transaction(organization_id) as conn:
                dispatch.enqueue(
                    conn, self._queue, organization_id=organization_id, operation_id=operation_id, lane=lane
                )
        except Unavailable as error:
            # The sweep puts the slice back when the database answers again.
            log.warning("slice.interrupted", operation=operation_id, reason=error.error_code)

    def _open_lanes(self, organization_id: int, operation_id: int, lane: int) -> None:
        """The first lane asks for as many more as there are free workers' slots."""
        if lane != 0:
            return
        with self._db.transaction(organization_id) as conn:
            operation = operations.find_operation(conn, operation_id=operation_id)
            handler = self._registry.find(operation.kind) if operation else None
            if operation is None or handler is None or operation.status.is_terminal:
                return
            phase = handler.phase(operation.phase)
            left = (operation.phase_total or 0) - operation.phase_done
            if isinstance(phase, StreamPhase) or not phase.parallel or left <= operation.chunk_size:
                return
            slots = claims.count_slots(conn, dead_after=self._pace.dead_after)
            for other in range(1, slots):
                dispatch.enqueue(
                    conn, self._queue, organization_id=organization_id, operation_id=operation_id, lane=other
                )

    def run_step(
        self, organization_id: int, operation_id: int, should_abort: Callable[[], bool] = lambda: False
    ) -> Step:
        """Decide, claim and work one chunk; says whether there was anything to do."""
        with self._db.transaction(organization_id) as conn:
            taken = ledger.take(
                conn,
                self._registry,
                operation_id=operation_id,
                worker_id=self._worker_id,
                dead_after=self._pace.dead_after,
            )
        if taken.claim is None:
            return Step.WORKED if taken.again else Step.NOTHING
        handler = self._registry.find(taken.operation.kind)
        if handler is None:
            return Step.NOTHING
        self._work(handler, taken.operation, taken.claim, should_abort)
        return Step.WORKED

    def _work(self, handler: Handler, operation: Operation, claim: Claim, should_abort: Callable[[], bool]) -> None:
        try:
            self._run_phase(handler, operation, claim, should_abort)
        except Stopped:
            self._release(operation, claim, delay=0.0, error="stopped")
        except Restart as restart:
            with self._db.transaction(operation.organization_id) as conn:
                ledger.restart(conn, handler, operation=operation, phase=restart.phase)
        except Fatal as fatal:
            with self._db.transaction(operation.organization_id) as conn:
                ledger.fail(conn, handler, operation=operation, code=fatal.code, message=fatal.message)
        except Unavailable as error:
            if error.error_code == "busy" and claim.size > 1:
                self._isolate(handler, operation, claim, error)
                return
            self._release(operation, claim, delay=self._pace.retry_delay, error="unavailable")
            raise
        except Exception as error:  # the ledger keeps what went wrong; one bad chunk must not end the slice
            log.exception("chunk.failed", operation=operation.id, low=claim.low, high=claim.high)
            self._isolate(handler, operation, claim, error)

    def _run_phase(
        self, handler: Handler, operation: Operation, claim: Claim, should_abort: Callable[[], bool]
    ) -> None:
        phase = handler.phase(claim.phase)
        if isinstance(phase, OutsidePhase):
            run = OutsideRun(self._db, phase, operation, claim, worker_id=self._worker_id, should_abort=should_abort)
            run.run()
        elif isinstance(phase, RangePhase):
            self._run_range(phase, operation, claim)
        else:
            stream = StreamRun(self._db, operation, claim, should_abort=should_abort)
            phase.work(stream)
            stream.finish()

    def _run_range(self, phase: RangePhase, operation: Operation, claim: Claim) -> None:
        started = time.monotonic()
        with self._db.transaction(operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=claim):
                return
            counts = phase.run(conn, operation, claim)
            claims.delete_claim(conn, claim_id=claim.id)
            size = None
            if claim.is_fresh:
                size = adapted_size(
                    operation.chunk_size,
                    seconds=time.monotonic() - started,
                    wanted_seconds=self._pace.chunk,
                    most=phase.most_size,
                )
            progress.add_progress(conn, operation_id=operation.id, counts=counts, positions=claim.size, chunk_size=size)

    def _isolate(self, handler: Handler, operation: Operation, claim: Claim, error: Exception) -> None:
        with self._db.transaction(operation.organization_id) as conn:
            if claims.holds_claim(conn, claim=claim):
                ledger.isolate(
                    conn, handler, operation=operation, claim=claim, error=error, delay=self._pace.retry_delay
                )

    def _release(self, operation: Operation, claim: Claim, *, delay: float, error: str) -> None:
        try:
            with self._db.transaction(operation.organization_id) as conn:
                claims.release_claim(conn, claim=claim, attempts=claim.attempts, delay=delay, error=error)
        except Unavailable:
            # This worker lives, so nobody else takes the claim: give it back when the database answers.
            self._stuck.append((operation.organization_id, claim))
            raise

    def release_stuck(self) -> None:
        """Give back the claims that could not be given back while the database was away."""
        while self._stuck:
            organization_id, claim = self._stuck[-1]
            with self._db.transaction(organization_id) as conn:
                claims.release_claim(conn, claim=claim, attempts=claim.attempts, delay=0.0, error="unavailable")
            self._stuck.pop()
