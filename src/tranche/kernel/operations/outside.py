"""Running an Outside phase: lease and commit, cause the effect with no open transaction, record."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

import structlog

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.faults import describe, words_of
from tranche.kernel.operations.domain import MOST_ATTEMPTS, Counts, ItemStatus, Status
from tranche.kernel.operations.handlers import (
    Group,
    GroupPhase,
    Outcome,
    OutsideItem,
    OutsidePhase,
    SinglePhase,
    Stopped,
    following_stage,
    note_nothing,
)
from tranche.kernel.operations.queries import claims, items, leases, operations, progress
from tranche.kernel.operations.taking import Taken

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_REPEAT_AFTER = 1.0
_FIRST_GROUP = 8
_BRISK, _SLOW = 0.25, 1.0


class OutsideRun:
    """Works the items of one claim, one after another, or in groups where the phase performs them together."""

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
        self._most = phase.most_at_once if isinstance(phase, GroupPhase) else 1
        self._size = min(self._most, _FIRST_GROUP)

    def run(self) -> None:
        """Work until no item of the claim is pending.

        Raises:
            Stopped: the slice or the process is to end, the operation was stopped, or the claim is no longer ours.
            Unavailable: the database is away; outcomes are kept as long as their lease lasts.
        """
        retry_in, last, is_paused = 0.0, self._claim.low - 1, False
        try:
            while not is_paused and (items := self._lease(last)):
                began = time.monotonic()
                last = items[-1].position
                group = self._perform(items)
                is_paused = group.pause > 0
                pauses = [outcome.retry_after or 0.0 for outcome in group.outcomes.values()]
                retry_in = max(retry_in, group.pause, *pauses)
                self._record_surely(items, group, kept_until=began + self._phase.lease_seconds)
                self._adapt(time.monotonic() - began)
        except Stopped:
            if retry_in:
                self._part(last, retry_in)
            raise
        self._close(retry_in)

    def _lease(self, after: int) -> list[OutsideItem]:
        if self._should_abort() or (after >= self._claim.low and self._is_over()):
            raise Stopped
        with self._db.transaction(self._operation.organization_id) as conn:
            if not claims.holds_claim(conn, claim=self._claim):
                raise Stopped
            current = operations.find_operation(conn, operation_id=self._operation.id)
            if current is None or current.status is not Status.PROCESSING:
                raise Stopped
            return leases.lease_items(
                conn,
                claim=self._claim,
                after=after,
                worker_id=self._worker_id,
                seconds=self._phase.lease_seconds,
                limit=self._size,
            )

    def _adapt(self, seconds: float) -> None:
        """What is slow is done in small groups, so that a lost worker leaves little in doubt and a cancel is felt."""
        if seconds < _BRISK:
            self._size = min(self._most, self._size * 4)
        elif seconds > _SLOW:
            self._size = max(1, self._size // 2)

    def _perform(self, items: Sequence[OutsideItem]) -> Group:
        try:
            if isinstance(self._phase, GroupPhase):
                return self._phase.perform_all(self._operation, items, is_over=self._is_over)
            phase = cast("SinglePhase", self._phase)
            return Group(outcomes={item.position: phase.perform(self._operation, item) for item in items})
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  # an effect that raised or panicked may have happened
            log.warning("effect.failed", operation=self._operation.id, position=items[0].position, **describe(error))
            return Group(outcomes={item.position: self._fault(error) for item in items})

    def _fault(self, error: BaseException) -> Outcome:
        code, message = words_of(error)
        if self._phase.repeatable:
            return Outcome(status=ItemStatus.FAILED, error_code=code, error=message, retry_after=_REPEAT_AFTER)
        return Outcome(
            status=ItemStatus.UNKNOWN,
            error_code="unknown_outcome",
            error=f"{message} The effect may have happened; check before you repeat it.",
        )

    def _record_surely(self, items: Sequence[OutsideItem], group: Group, *, kept_until: float) -> None:
        """What was done outside must not be forgotten because the database is away for a moment."""
        pause = _FIRST_PAUSE
        while True:
            try:
                self._record(items, group)
            except Unavailable:
                if self._should_abort() or time.monotonic() + pause > kept_until:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception as error:  # the domain could not write down what it knows
                if group.note is note_nothing:
                    raise
                log.warning("effect.unrecorded", operation=self._operation.id, **describe(error))
                group = Group(outcomes={item.position: self._fault(error) for item in items})
            else:
                return

    def _record(self, items: Sequence[OutsideItem], group: Group) -> None:
        records = [_write(item, group.outcomes.get(item.position)) for item in items]
        with self._db.transaction(self._operation.organization_id) as conn:
            group.note(conn)
            recorded = leases.record_outcomes(
                conn,
                operation_id=self._operation.id,
                stage=self._phase.name,
                worker_id=self._worker_id,
                records=records,
            )
            self._count(conn, [one for one in records if one.position in recorded])

    def _count(self, conn: Connection, records: Sequence[leases.Record]) -> None:
        ended = [one for one in records if one.status is not ItemStatus.PENDING]
        if not ended:
            return
        counts = _counts(ended)
        following = following_stage(self._phase.following, self._operation)
        if following and counts.succeeded:
            counts = replace(counts, succeeded=0)
            items.insert_following(
                conn,
                operation_id=self._operation.id,
                stage=self._phase.name,
                following=following,
                low=ended[0].position,
                high=ended[-1].position,
            )
        progress.add_progress(conn, operation_id=self._operation.id, counts=counts, positions=len(ended))

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


def _write(item: OutsideItem, outcome: Outcome | None) -> leases.Record:
    is_again = outcome is not None and outcome.retry_after is not None and item.attempts < MOST_ATTEMPTS
    return leases.Record(position=item.position, outcome=outcome, is_again=is_again)


def _counts(records: Sequence[leases.Record]) -> Counts:
    found = Counter(one.status for one in records)
    return Counts(
        succeeded=found[ItemStatus.SUCCEEDED],
        failed=found[ItemStatus.FAILED],
        skipped=found[ItemStatus.SKIPPED],
        unknown=found[ItemStatus.UNKNOWN],
    )
