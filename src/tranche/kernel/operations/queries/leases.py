"""Items of an Outside phase: leased, recorded, and what becomes of a lease that lapsed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Claim, ItemStatus
from tranche.kernel.operations.handlers import Outcome, OutsideItem

_LONGEST_ERROR = 2_000
_UNTOUCHED: Final = Outcome(status=ItemStatus.SUCCEEDED)  # what was not begun has nothing to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is written of a leased item. An `is_again` one stays pending; one that was not begun has its try back."""

    position: int
    outcome: Outcome | None
    is_again: bool

    @property
    def status(self) -> ItemStatus:
        """Where the item stands then."""
        return ItemStatus.PENDING if self.is_again or self.outcome is None else self.outcome.status


def lease_items(
    conn: Connection, *, claim: Claim, after: int, worker_id: UUID, seconds: float, limit: int
) -> list[OutsideItem]:
    """Lease the first pending items of the claim behind position `after`, in their order."""
    rows = conn.execute(
        """
        WITH picked AS (
            SELECT position FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
              AND position BETWEEN %(low)s AND %(high)s AND position > %(after)s AND status = 'pending'
            ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE operation_items i SET status = 'processing', lease_by = %(worker_id)s,
            lease_until = clock_timestamp() + make_interval(secs => %(seconds)s), attempts = i.attempts + 1,
            updated_at = now()
        WHERE i.organization_id = current_organization() AND i.operation_id = %(operation_id)s AND i.stage = %(stage)s
          AND i.position = ANY (ARRAY(SELECT position FROM picked))
        RETURNING i.position, i.reference, i.label, i.attempts
        """,
        {
            "operation_id": claim.operation_id,
            "stage": claim.phase,
            "low": claim.low,
            "high": claim.high,
            "after": after,
            "worker_id": worker_id,
            "seconds": seconds,
            "limit": limit,
        },
    ).fetchall()
    return sorted((OutsideItem(**row) for row in rows), key=lambda item: item.position)


def record_outcomes(
    conn: Connection, *, operation_id: int, stage: str, worker_id: UUID, records: Sequence[Record]
) -> set[int]:
    """Write what became of leased items; returns the positions whose lease had not passed to somebody else."""
    told = [(one, one.outcome or _UNTOUCHED) for one in records]
    rows = conn.execute(
        """
        UPDATE operation_items i SET status = r.status, error_code = r.error_code, error = r.error,
            result = r.result::jsonb, attempts = i.attempts - r.untouched, lease_until = NULL, lease_by = NULL,
            updated_at = now()
        FROM unnest(%(positions)s::bigint[], %(statuses)s::text[], %(codes)s::text[], %(errors)s::text[],
            %(results)s::text[], %(untouched)s::integer[]) AS r (position, status, error_code, error, result, untouched)
        WHERE i.organization_id = current_organization() AND i.operation_id = %(operation_id)s
          AND i.stage = %(stage)s AND i.position = ANY (%(positions)s) AND i.position = r.position
          AND i.status = 'processing' AND i.lease_by = %(worker_id)s
        RETURNING i.position
        """,
        {
            "operation_id": operation_id,
            "stage": stage,
            "worker_id": worker_id,
            "positions": [one.position for one in records],
            "statuses": [one.status for one in records],
            "codes": [outcome.error_code for _, outcome in told],
            "errors": [_storable(outcome.error) for _, outcome in told],
            "results": [None if outcome.result is None else json.dumps(outcome.result) for _, outcome in told],
            "untouched": [int(one.outcome is None) for one in records],
        },
    ).fetchall()
    return {row["position"] for row in rows}


def settle_lapsed(conn: Connection, *, claim: Claim, repeatable: bool) -> list[int]:
    """Leased items of a claim whose worker is gone: pending again where repeating is harmless, else unknown.

    Returns the positions that became unknown.
    """
    rows = conn.execute(
        """
        UPDATE operation_items SET
            status = CASE WHEN %(repeatable)s THEN 'pending' ELSE 'unknown' END,
            error_code = CASE WHEN %(repeatable)s THEN NULL ELSE 'unknown_outcome' END,
            error = CASE WHEN %(repeatable)s THEN NULL
                ELSE 'The worker ended before it could record the outcome; check before you repeat it.' END,
            lease_until = NULL, lease_by = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
          AND position BETWEEN %(low)s AND %(high)s AND status = 'processing'
        RETURNING position
        """,
        {
            "operation_id": claim.operation_id,
            "stage": claim.phase,
            "low": claim.low,
            "high": claim.high,
            "repeatable": repeatable,
        },
    ).fetchall()
    return [] if repeatable else sorted(row["position"] for row in rows)


def park_worn_out(conn: Connection, *, claim: Claim, attempts: int, code: str, message: str) -> int:
    """Fail pending items of a claim whose tries are used up; returns how many."""
    return conn.execute(
        """
        UPDATE operation_items SET status = 'failed', error_code = %(code)s, error = %(message)s, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
          AND position BETWEEN %(low)s AND %(high)s AND status = 'pending' AND attempts >= %(attempts)s
        """,
        {
            "operation_id": claim.operation_id,
            "stage": claim.phase,
            "low": claim.low,
            "high": claim.high,
            "attempts": attempts,
            "code": code,
            "message": message,
        },
    ).rowcount


def settle_unknown(conn: Connection, *, operation_id: int, positions: Sequence[int]) -> int:
    """Unknown items have succeeded after all; returns how many."""
    return conn.execute(
        """
        UPDATE operation_items SET status = 'succeeded', error_code = NULL, error = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND status = 'unknown'
          AND position = ANY (%(positions)s)
        """,
        {"operation_id": operation_id, "positions": list(positions)},
    ).rowcount


def count_pending(conn: Connection, *, claim: Claim) -> int:
    row = conn.execute(
        """
        SELECT count(*) AS count FROM operation_items
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
          AND position BETWEEN %(low)s AND %(high)s AND status = 'pending'
        """,
        {"operation_id": claim.operation_id, "stage": claim.phase, "low": claim.low, "high": claim.high},
    ).fetchone()
    return int(row["count"]) if row else 0


def _storable(text: str | None) -> str | None:
    """What a mail server or the like said, as the database can hold it."""
    if text is None:
        return None
    return text.replace("\0", "").encode(errors="replace").decode()[:_LONGEST_ERROR]
