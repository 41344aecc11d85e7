"""Running an Outside phase: lease and commit, cause the effect with no open transaction, record."""

import time
from collections.abc import Callable
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.operations.domain import MOST_ATTEMPTS, Counts, ItemStatus, Status
from tranche.kernel.operations.faults import describe, words_of
from tranche.kernel.operations.handlers import Outcome, OutsideItem, OutsidePhase, Stopped, following_stage
from tranche.kernel.operations.queries import claims, items, leases, operations, progress
from tranche.kernel.operations.taking import Taken

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_REPEAT_AFTER = 1.0


class OutsideRun:
    """Works the items of one claim, one after another."""

    def __init__(
        self,
        database: Database,
        phase: OutsidePhase,
        taken: Taken,
        *,
        worker_id: UUID,
        should_abort: Callable[[], bool],
        is_over: Callable[[], bool],
    ) -> None:
        """`is_over` says that the slice's time is over, which lets other operations have their turn."""
        self._db = database
        self._phase = phase
        self._operation = taken.operation
        self._claim = taken.claim
        self._worker_id = worker_id
        self._should_abort = should_abort
        self._is_over = is_over

    def run(self) -> None:
        """Work until no item of the claim is pending.

        Raises:
            Stopped: the slice or the process is to end, the operation was stopped, or the claim is no longer ours.
            Unavailable: the database is away; outcomes are kept as long as their lease lasts.
        """
        retry_in, last = 0.0, self._claim.low - 1
        try:
            while item := self._lease(last):
                kept_until = time.monotonic() + self._phase.lease_seconds
                last = item.position
                outcome = self._perform(item)
                retry_in = max(retry_in, outcome.retry_after or 0.0)
                self._record_surely(item, outcome, kept_until=kept_until)
        except Stopped:
            if retry_in:
                self._part(last, retry_in)
            raise
        self._close(retry_in)

    def _lease(self, after: int) -> OutsideItem | None:
        if self._should_abort() or (after >= self._claim.low and self._is_over()):
            raise Stopped
        with self._db.transaction(self._operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=self._claim):
                raise Stopped
            current = operations.find_operation(conn, operation_id=self._operation.id)
            if current is None or current.status is not Status.PROCESSING:
                raise Stopped
            return leases.lease_item(
                conn,
                claim=self._claim,
                after=after,
                worker_id=self._worker_id,
                seconds=self._phase.lease_seconds,
            )

    def _perform(self, item: OutsideItem) -> Outcome:
        try:
            return self._phase.perform(self._operation, item)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  # an effect that raised or panicked may have happened
            log.warning("effect.failed", operation=self._operation.id, position=item.position, **describe(error))
            code, message = words_of(error)
            if self._phase.repeatable:
                return Outcome(status=ItemStatus.FAILED, error_code=code, error=message, retry_after=_REPEAT_AFTER)
            return Outcome(
                status=ItemStatus.UNKNOWN,
                error_code="unknown_outcome",
                error=f"{message} The effect may have happened; check before you repeat it.",
            )

    def _record_surely(self, item: OutsideItem, outcome: Outcome, *, kept_until: float) -> None:
        """What was done outside must not be forgotten because the database is away for a moment."""
        pause = _FIRST_PAUSE
        while True:
            try:
                self._record(item, outcome)
            except Unavailable:
                if self._should_abort() or time.monotonic() + pause > kept_until:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    def _record(self, item: OutsideItem, outcome: Outcome) -> None:
        again = outcome.retry_after is not None and item.attempts < MOST_ATTEMPTS
        with self._db.transaction(self._operation.organization_id) as conn:
            recorded = leases.record_outcome(
                conn,
                operation_id=self._operation.id,
                stage=self._phase.name,
                position=item.position,
                worker_id=self._worker_id,
                outcome=outcome,
                is_again=again,
            )
            if recorded and not again:
                self._count(conn, item, outcome)

    def _count(self, conn: Connection, item: OutsideItem, outcome: Outcome) -> None:
        counts = _counts(outcome.status)
        following = following_stage(self._phase.following, self._operation)
        if following and counts.succeeded:
            counts = Counts()
            items.insert_following(
                conn,
                operation_id=self._operation.id,
                stage=self._phase.name,
                following=following,
                low=item.position,
                high=item.position,
            )
        progress.add_progress(conn, operation_id=self._operation.id, counts=counts, positions=1)

    def _close(self, retry_in: float) -> None:
        with self._db.transaction(self._operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=self._claim):
                return
            if leases.count_pending(conn, claim=self._claim):
                claims.release_claim(
                    conn, claim=self._claim, attempts=self._claim.attempts, delay=retry_in, error="transient"
                )
            else:
                claims.delete_claim(conn, claim_id=self._claim.id)

    def _part(self, last: int, retry_in: float) -> None:
        """Let what is to be tried again wait its time, although the rest goes on at once."""
        claim = self._claim
        with self._db.transaction(self._operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=claim):
                return
            claims.delete_claim(conn, claim_id=claim.id)
            claims.insert_free_claim(
                conn, operation_id=claim.operation_id, phase=claim.phase, low=claim.low, high=last, delay=retry_in
            )
            if last < claim.high:
                claims.insert_free_claim(
                    conn, operation_id=claim.operation_id, phase=claim.phase, low=last + 1, high=claim.high
                )


def _counts(status: ItemStatus) -> Counts:
    return Counts(
        succeeded=int(status is ItemStatus.SUCCEEDED),
        failed=int(status is ItemStatus.FAILED),
        skipped=int(status is ItemStatus.SKIPPED),
        unknown=int(status is ItemStatus.UNKNOWN),
    )
