"""A slice: about two seconds of one operation's work, chunk after chunk, then back into the queue."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.faults import describe
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.metrics import Observe
from tranche.kernel.operations import dispatch, ledger
from tranche.kernel.operations.domain import Status, adapted_size
from tranche.kernel.operations.handlers import OutsidePhase, RangePhase, Registry, Stopped, StreamPhase
from tranche.kernel.operations.observing import observed
from tranche.kernel.operations.outside import OutsideRun
from tranche.kernel.operations.queries import claims, operations
from tranche.kernel.operations.settling import is_outage, settle
from tranche.kernel.operations.streams import StreamRun
from tranche.kernel.operations.taking import Later, Taken, has_more, take_on

log = structlog.get_logger(__name__)

_NAP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Time limits of the engine, in seconds."""

    slice: float = 2.0
    chunk: float = 1.0
    dead_after: float = 8.0
    retry_delay: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    organization_id: int
    operation_id: int
    lane: int
    ends: float
    should_abort: Callable[[], bool]
    express: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the next piece of work belongs to the next slice."""
        return time.monotonic() >= self.ends or self.should_abort()


class Runner:
    """Works slices of operations for one worker, in as many threads as it has slots."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        registry: Registry,
        *,
        worker_id: UUID,
        pace: Pace,
        observe: Observe | None = None,
    ) -> None:
        """`observe` hears of every piece of work: kind, phase, seconds, outcome."""
        self._db = database
        self._queue = queue
        self._registry = registry
        self._worker_id = worker_id
        self._pace = pace
        self._observe = observe
        self._lock = threading.Lock()
        self._working_on: set[int] = set()
        self._in_doubt: set[tuple[int, int]] = set()

    def run_slice(
        self,
        *,
        organization_id: int,
        operation_id: int,
        lane: int,
        should_abort: Callable[[], bool],
        express: bool = False,
    ) -> None:
        """Work until the slice's time is over or nothing is left, and put the rest back into the queue.

        No fault is raised: the ledger and the log keep what went wrong, and the sweep brings the slice back.
        """
        ends = time.monotonic() + self._pace.slice
        piece = _Slice(
            organization_id=organization_id,
            operation_id=operation_id,
            lane=lane,
            express=express,
            ends=ends,
            should_abort=should_abort,
        )
        try:
            if lane == 0:
                self._open_lanes(piece)
            if self._work(piece):
                self._enqueue(piece)
        except BaseException as error:
            self._doubt(piece, error)
            if not isinstance(error, Exception):
                raise  # a slice that ends badly must not take the worker with it, but the worker may end

    def release_stuck(self) -> None:
        """Give back the claims that this living worker holds without knowing, because the database was away.

        Call it with every heartbeat.

        Raises:
            Unavailable: the database is still away.
        """
        with self._lock:
            in_doubt = list(self._in_doubt)
        for organization_id, operation_id in in_doubt:
            with self._lock:
                working_on = sorted(self._working_on)
            with self._db.transaction(organization_id) as conn:
                is_settled = claims.release_lost(
                    conn, operation_id=operation_id, worker_id=self._worker_id, working_on=working_on
                )
            if is_settled:
                with self._lock:
                    self._in_doubt.discard((organization_id, operation_id))

    def _doubt(self, piece: _Slice, error: BaseException) -> None:
        with self._lock:
            self._in_doubt.add((piece.organization_id, piece.operation_id))
        if isinstance(error, Unavailable):
            log.warning("slice.interrupted", operation=piece.operation_id, reason=error.error_code)
        else:
            log.error("slice.failed", operation=piece.operation_id, **describe(error))

    def _work(self, piece: _Slice) -> bool:
        """Work chunk after chunk; whether something is left for another slice."""
        while not piece.should_abort():
            later = self._step(piece)
            if later is None:
                return False
            if later.seconds and (piece.lane or later.seconds > self._pace.slice):
                return False  # one lane waits for what comes soon; the sweep sees to the rest
            if not _wait(piece, later.seconds):
                return True
        return True

    def _step(self, piece: _Slice) -> Later | None:
        """Do one thing; after how many seconds to look again, None when nothing is left."""
        try:
            with self._db.transaction(piece.organization_id) as conn:
                taken, has_entered = take_on(
                    conn,
                    self._registry,
                    operation_id=piece.operation_id,
                    worker_id=self._worker_id,
                    dead_after=self._pace.dead_after,
                    is_over=lambda: piece.is_over,
                )
                if taken is None:  # it may have ended just now
                    dispatch.wake_post(conn, self._queue, organization_id=piece.organization_id)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # a domain's fault; the ledger counts it
            return self._note_fault(piece, error)
        if isinstance(taken, Taken):
            if has_entered and not isinstance(taken.phase, StreamPhase):
                self._open_lanes(piece)
            return self._run_claim(piece, taken)
        if taken is not None and not taken.seconds:
            self._open_lanes(piece)
        return taken

    def _run_claim(self, piece: _Slice, taken: Taken) -> Later | None:
        with self._lock:
            self._working_on.add(taken.claim.id)
        try:
            with observed(self._observe, taken):
                self._run_phase(piece, taken)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  # one bad chunk must not end the slice; a panic is no Exception
            return self._settle(piece, taken, error)
        finally:
            with self._lock:
                self._working_on.discard(taken.claim.id)
        return Later()

    def _run_phase(self, piece: _Slice, taken: Taken) -> None:
        phase = taken.phase
        if isinstance(phase, RangePhase):
            self._run_range(phase, taken)
        elif isinstance(phase, OutsidePhase):
            OutsideRun(
                self._db,
                phase,
                taken,
                worker_id=self._worker_id,
                should_abort=piece.should_abort,
                is_over=lambda: piece.is_over,
            ).run()
        else:
            StreamRun(self._db, taken, should_abort=piece.should_abort).run(phase)

    def _run_range(self, phase: RangePhase, taken: Taken) -> None:
        started = time.monotonic()
        operation, claim = taken.operation, taken.claim
        with self._db.transaction(operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=claim):
                return
            counts = phase.run(conn, operation, claim)
            size = None
            if claim.is_fresh:
                size = adapted_size(
                    operation.chunk_size,
                    seconds=time.monotonic() - started,
                    wanted_seconds=self._pace.chunk,
                    bounds=(phase.first_size, phase.most_size),
                )
            ledger.count_chunk(conn, operation=operation, claim=claim, counts=counts, chunk_size=size)

    def _settle(self, piece: _Slice, taken: Taken, error: BaseException) -> Later | None:
        if not isinstance(error, Stopped):
            log.warning(
                "chunk.failed",
                operation=piece.operation_id,
                low=taken.claim.low,
                high=taken.claim.high,
                **describe(error),
            )
        try:
            with self._db.transaction(piece.organization_id) as conn:
                settle(conn, taken, error=error, delay=self._pace.retry_delay)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001  # the domain could not even set a position aside
            return self._note_fault(piece, fault, taken=taken)
        if is_outage(error):
            raise error
        return Later()

    def _note_fault(self, piece: _Slice, error: Exception, *, taken: Taken | None = None) -> Later | None:
        log.error("operation.fault", operation=piece.operation_id, **describe(error))
        delay = self._pace.retry_delay
        with self._db.transaction(piece.organization_id) as conn:
            if taken is not None and not claims.release_claim(
                conn, claim=taken.claim, attempts=taken.claim.attempts, delay=delay, error=type(error).__name__
            ):
                return Later()
            operation = operations.lock_operation(conn, operation_id=piece.operation_id)
            handler = self._registry.find(operation.kind) if operation else None
            if handler is None:
                return None
            ledger.note_fault(conn, handler, operation_id=piece.operation_id, error=error)
        return Later(seconds=delay)

    def _open_lanes(self, piece: _Slice) -> None:
        """Ask for as many slices beside this one as there are workers' slots, if the phase has work for them."""
        with self._db.transaction(piece.organization_id) as conn:
            operation = operations.find_operation(conn, operation_id=piece.operation_id)
            handler = self._registry.find(operation.kind) if operation else None
            if operation is None or handler is None or operation.status is not Status.PROCESSING:
                return
            phase = handler.phase(operation.phase)
            if isinstance(phase, StreamPhase) or not phase.parallel or not has_more(conn, phase, operation):
                return
            slots = claims.count_slots(conn, dead_after=self._pace.dead_after)
            dispatch.open_lanes(
                conn,
                self._queue,
                organization_id=piece.organization_id,
                operation_id=piece.operation_id,
                lanes=range(slots),
            )

    def _enqueue(self, piece: _Slice) -> None:
        with self._db.transaction(piece.organization_id) as conn:
            dispatch.enqueue(
                conn,
                self._queue,
                organization_id=piece.organization_id,
                operation_id=piece.operation_id,
                lane=piece.lane,
                express=piece.express,
            )


def _wait(piece: _Slice, seconds: float) -> bool:
    """Wait within the slice; False when the slice is over."""
    until = time.monotonic() + seconds
    while not piece.is_over:
        if time.monotonic() >= until:
            return True
        time.sleep(_NAP)
    return False
