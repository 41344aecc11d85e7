"""Items of an Outside phase: leased, recorded, and what becomes of a lease that lapsed."""

from uuid import UUID

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Claim, ItemStatus
from tranche.kernel.operations.handlers import Outcome, OutsideItem

_LONGEST_ERROR = 2_000


def lease_item(conn: Connection, *, claim: Claim, after: int, worker_id: UUID, seconds: float) -> OutsideItem | None:
    """Lease the first pending item of the claim behind position `after`."""
    row = conn.execute(
        """
        WITH picked AS (
            SELECT organization_id, operation_id, position, stage FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
              AND position BETWEEN %(low)s AND %(high)s AND position > %(after)s AND status = 'pending'
            ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE operation_items i SET status = 'processing', lease_by = %(worker_id)s,
            lease_until = clock_timestamp() + make_interval(secs => %(seconds)s), attempts = i.attempts + 1,
            updated_at = now()
        FROM picked p
        WHERE i.organization_id = p.organization_id AND i.operation_id = p.operation_id
          AND i.position = p.position AND i.stage = p.stage
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
        },
    ).fetchone()
    return OutsideItem(**row) if row else None


def record_outcome(
    conn: Connection,
    *,
    operation_id: int,
    stage: str,
    position: int,
    worker_id: UUID,
    outcome: Outcome,
    is_again: bool,
) -> bool:
    """Write what became of a leased item; False when the lease has passed to somebody else.

    `is_again` leaves it pending, because the fault is passing and tries are left.
    """
    cursor = conn.execute(
        """
        UPDATE operation_items SET status = %(status)s, error_code = %(error_code)s, error = %(error)s,
            result = %(result)s, lease_until = NULL, lease_by = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND stage = %(stage)s AND position = %(position)s AND status = 'processing' AND lease_by = %(worker_id)s
        """,
        {
            "operation_id": operation_id,
            "stage": stage,
            "position": position,
            "worker_id": worker_id,
            "status": ItemStatus.PENDING if is_again else outcome.status,
            "error_code": outcome.error_code,
            "error": _storable(outcome.error),
            "result": None if outcome.result is None else Jsonb(outcome.result),
        },
    )
    return cursor.rowcount == 1


def settle_lapsed(conn: Connection, *, claim: Claim, repeatable: bool) -> int:
    """Leased items of a claim whose worker is gone: pending again where repeating is harmless, else unknown.

    Returns how many became unknown.
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
        """,
        {
            "operation_id": claim.operation_id,
            "stage": claim.phase,
            "low": claim.low,
            "high": claim.high,
            "repeatable": repeatable,
        },
    )
    return 0 if repeatable else rows.rowcount


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
