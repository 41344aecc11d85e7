"""Running an Outside phase: lease and commit, cause the effect with no open transaction, record."""

from collections.abc import Callable
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import MOST_ATTEMPTS, Claim, Counts, ItemStatus, Operation, Status
from tranche.kernel.operations.handlers import Outcome, OutsideItem, OutsidePhase, Stopped
from tranche.kernel.operations.queries import claims, items, leases, operations, progress

log = structlog.get_logger(__name__)


class OutsideRun:
    """Works the items of one claim, one after another."""

    def __init__(
        self,
        database: Database,
        phase: OutsidePhase,
        operation: Operation,
        claim: Claim,
        *,
        worker_id: UUID,
        should_abort: Callable[[], bool],
    ) -> None:
        self._db = database
        self._phase = phase
        self._operation = operation
        self._claim = claim
        self._worker_id = worker_id
        self._should_abort = should_abort

    def run(self) -> None:
        """Work until no item of the claim is pending.

        Raises:
            Stopped: the process is to end, the operation was stopped, or the claim is no longer ours.
        """
        retry_in, last = 0.0, 0
        while item := self._lease(last):
            last = item.position
            outcome = self._perform(item)
            retry_in = max(retry_in, outcome.retry_after or 0.0)
            self._record(item, outcome)
        self._close(retry_in)

    def _lease(self, after: int) -> OutsideItem | None:
        if self._should_abort():
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
        except Exception as error:  # an effect that raised may or may not have happened
            log.exception("effect.failed", operation=self._operation.id, position=item.position)
            kind = type(error).__name__
            if self._phase.repeatable:
                return Outcome(status=ItemStatus.FAILED, error_code="unexpected", error=kind, retry_after=1.0)
            return Outcome(
                status=ItemStatus.UNKNOWN,
                error_code="unknown_outcome",
                error=f"The effect ended with {kind}; check before you repeat it.",
            )

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
        if self._phase.following and counts.succeeded:
            counts = Counts()
            items.insert_following(
                conn,
                operation_id=self._operation.id,
                stage=self._phase.name,
                following=self._phase.following,
                low=item.position,
                high=item.position,
            )
        progress.add_progress(conn, operation_id=self._operation.id, counts=counts, positions=1, chunk_size=None)

    def _close(self, retry_in: float) -> None:
        with self._db.transaction(self._operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=self._claim):
                return
            if retry_in and leases.count_pending(conn, claim=self._claim):
                claims.release_claim(
                    conn, claim=self._claim, attempts=self._claim.attempts, delay=retry_in, error="transient"
                )
            else:
                claims.delete_claim(conn, claim_id=self._claim.id)


def _counts(status: str) -> Counts:
    return Counts(
        succeeded=int(status == ItemStatus.SUCCEEDED),
        failed=int(status == ItemStatus.FAILED),
        skipped=int(status == ItemStatus.SKIPPED),
        unknown=int(status == ItemStatus.UNKNOWN),
    )
