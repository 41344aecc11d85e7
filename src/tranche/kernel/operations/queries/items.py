"""The items of an operation: added, chunked, judged, leased, retried, listed."""

from collections.abc import Sequence
from dataclasses import fields

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import Claim, Counts, Item, ItemStatus, Verdict

COLUMNS = ", ".join(f.name for f in fields(Item))


def insert_items(conn: Connection, *, operation_id: int, stage: str, references: list[int]) -> None:
    """Add pending items; their positions follow the order of the references."""
    conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference)
        SELECT current_organization(), %(operation_id)s, position, %(stage)s, reference
        FROM unnest(%(references)s::bigint[]) WITH ORDINALITY AS r (reference, position)
        """,
        {"operation_id": operation_id, "stage": stage, "references": references},
    )


def insert_wanted(conn: Connection, *, operation_id: int, stage: str) -> int:
    """Add pending items from temp table `wanted_references`; their positions follow the references."""
    return conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT current_organization(), %(operation_id)s, row_number() OVER (ORDER BY reference), %(stage)s, reference,
            label
        FROM pg_temp.wanted_references
        """,
        {"operation_id": operation_id, "stage": stage},
    ).rowcount


def insert_placed(conn: Connection, *, operation_id: int, stage: str) -> None:
    """Add pending items from temp table `wanted_items(position, reference, label)`."""
    conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT current_organization(), %(operation_id)s, position, %(stage)s, reference, label
        FROM pg_temp.wanted_items
        """,
        {"operation_id": operation_id, "stage": stage},
    )


def count_open_items(conn: Connection, *, operation_id: int, stage: str | None = None) -> int:
    """How many positions have no outcome yet, in one stage or in all; those in blocks too."""
    row = conn.execute(
        """
        SELECT (
            SELECT count(*) FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND (%(stage)s::text IS NULL OR stage = %(stage)s) AND status IN ('pending', 'processing')
        ) + (
            SELECT coalesce(sum(cardinality(refs)), 0) FROM operation_blocks
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND (%(stage)s::text IS NULL OR stage = %(stage)s)
        ) AS count
        """,
        {"operation_id": operation_id, "stage": stage},
    ).fetchone()
    return int(row["count"]) if row else 0


def find_next_high(conn: Connection, *, operation_id: int, stage: str, low: int, size: int) -> int | None:
    """The position of the `size`-th pending item from `low` on, or the last one."""
    row = conn.execute(
        """
        SELECT max(position) AS high FROM (
            SELECT position FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND stage = %(stage)s AND status = 'pending' AND position >= %(low)s
            ORDER BY position LIMIT %(size)s
        ) AS next
        """,
        {"operation_id": operation_id, "stage": stage, "low": low, "size": size},
    ).fetchone()
    return row["high"] if row else None


def create_chunk(conn: Connection, *, claim: Claim) -> None:
    """Lock the claim's pending items into temp table `chunk`, with an open verdict for each."""
    _create_judging_tables(conn)
    conn.execute(
        """
        INSERT INTO chunk
        SELECT position, reference, label FROM operation_items
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = %(stage)s
          AND position BETWEEN %(low)s AND %(high)s AND status = 'pending'
        ORDER BY position FOR UPDATE
        """,
        {"operation_id": claim.operation_id, "stage": claim.phase, "low": claim.low, "high": claim.high},
    )
    conn.execute("INSERT INTO verdicts (position) SELECT position FROM chunk")


def create_trial_chunk(conn: Connection) -> None:
    """The rows of temp table `wanted_items` as a chunk that belongs to no operation, for judging them only."""
    _create_judging_tables(conn)
    conn.execute("INSERT INTO chunk SELECT position, reference, label FROM pg_temp.wanted_items")
    conn.execute("INSERT INTO verdicts (position) SELECT position FROM chunk")
    conn.execute("ANALYZE pg_temp.chunk")
    conn.execute("ANALYZE pg_temp.verdicts")


def _create_judging_tables(conn: Connection) -> None:
    conn.execute(
        """
        CREATE TEMP TABLE chunk (position bigint PRIMARY KEY, reference bigint, label text NOT NULL) ON COMMIT DROP
        """
    )
    conn.execute(
        """
        CREATE TEMP TABLE verdicts (
            position bigint PRIMARY KEY,
            status text NOT NULL DEFAULT 'succeeded' CHECK (status IN ('succeeded', 'failed', 'skipped')),
            error_code text, error text, result jsonb
        ) ON COMMIT DROP
        """
    )


def find_verdict(conn: Connection, *, position: int) -> Verdict:
    (row,) = conn.execute(
        "SELECT status, error_code, error, result FROM verdicts WHERE position = %(position)s", {"position": position}
    ).fetchall()
    return Verdict(**{**row, "status": ItemStatus(row["status"])})


def apply_verdicts(conn: Connection, *, claim: Claim, following: str | None) -> Counts:
    """Write the verdicts into the ledger; what succeeded goes on to the following stage, which will count it."""
    conn.execute(
        """
        UPDATE operation_items i SET status = v.status, error_code = v.error_code, error = v.error,
            result = v.result, attempts = i.attempts + 1, updated_at = now()
        FROM verdicts v
        WHERE i.organization_id = current_organization() AND i.operation_id = %(operation_id)s
          AND i.stage = %(stage)s AND i.position = v.position AND i.position BETWEEN %(low)s AND %(high)s
        """,
        {"operation_id": claim.operation_id, "stage": claim.phase, "low": claim.low, "high": claim.high},
    )
    if following:
        insert_following(
            conn,
            operation_id=claim.operation_id,
            stage=claim.phase,
            following=following,
            low=claim.low,
            high=claim.high,
        )
    row = conn.execute(
        """
        SELECT count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
            count(*) FILTER (WHERE status = 'failed') AS failed,
            count(*) FILTER (WHERE status = 'skipped') AS skipped
        FROM verdicts
        """
    ).fetchone()
    counts = row or {"succeeded": 0, "failed": 0, "skipped": 0}
    return Counts(
        succeeded=0 if following else counts["succeeded"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        worked=sum(counts.values()),
    )


def insert_following(conn: Connection, *, operation_id: int, stage: str, following: str, low: int, high: int) -> None:
    """Items that succeeded in a stage begin the following one; those that have it already keep it."""
    conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT organization_id, operation_id, position, %(following)s, reference, label FROM operation_items
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND stage = %(stage)s AND position BETWEEN %(low)s AND %(high)s AND status = 'succeeded'
        ON CONFLICT DO NOTHING
        """,
        {"operation_id": operation_id, "stage": stage, "following": following, "low": low, "high": high},
    )


def park_item(conn: Connection, *, operation_id: int, stage: str, position: int, code: str, message: str) -> int:
    return conn.execute(
        """
        UPDATE operation_items SET status = 'failed', error_code = %(code)s, error = %(message)s,
            attempts = attempts + 1, lease_until = NULL, lease_by = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND stage = %(stage)s AND position = %(position)s AND status = 'pending'
        """,
        {"operation_id": operation_id, "stage": stage, "position": position, "code": code, "message": message},
    ).rowcount


def cancel_open(conn: Connection, *, operation_id: int, unrepeatable: list[str]) -> int:
    """Close what has no outcome: an effect in the middle of an `unrepeatable` stage is unknown, the rest cancelled.

    Returns how many became unknown.
    """
    conn.execute(
        """
        UPDATE operation_items SET status = 'cancelled', lease_until = NULL, lease_by = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND (status = 'pending' OR status = 'processing' AND NOT stage = ANY(%(unrepeatable)s))
        """,
        {"operation_id": operation_id, "unrepeatable": unrepeatable},
    )
    return conn.execute(
        """
        UPDATE operation_items SET status = 'unknown', error_code = 'unknown_outcome',
            error = 'The operation ended before the outcome was recorded; check before you repeat it.',
            lease_until = NULL, lease_by = NULL, updated_at = now()
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND status = 'processing'
        """,
        {"operation_id": operation_id},
    ).rowcount


def reset_failed(
    conn: Connection, *, operation_id: int, code: str | None, positions: Sequence[int] | None = None
) -> list[Row]:
    """Make failed, unknown and cancelled items pending again; returns per stage and former state how many.

    With `positions` the unknown ones of these only.
    """
    return conn.execute(
        """
        WITH reset AS (
            SELECT organization_id, operation_id, position, stage, status FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND (status IN ('failed', 'unknown') AND (%(code)s::text IS NULL OR error_code = %(code)s)
                   OR status = 'cancelled' AND %(code)s::text IS NULL)
              AND (%(positions)s::bigint[] IS NULL OR status = 'unknown' AND position = ANY (%(positions)s))
            FOR UPDATE
        ), changed AS (
            UPDATE operation_items i SET status = 'pending', error_code = NULL, error = NULL, result = NULL,
                attempts = 0, updated_at = now()
            FROM reset r
            WHERE i.organization_id = r.organization_id AND i.operation_id = r.operation_id
              AND i.position = r.position AND i.stage = r.stage
        )
        SELECT stage, status, count(*) AS count FROM reset GROUP BY stage, status ORDER BY stage, status
        """,
        {"operation_id": operation_id, "code": code, "positions": None if positions is None else list(positions)},
    ).fetchall()


def list_failure_groups(conn: Connection, *, operation_id: int, limit: int) -> list[Row]:
    """Why items failed: code, count, an example and whether all say the same, the commonest first."""
    return _list_groups(conn, "status IN ('failed', 'unknown')", operation_id=operation_id, limit=limit)


def list_skip_groups(conn: Connection, *, operation_id: int, limit: int) -> list[Row]:
    """Why items were passed over, in the same form; those without a reason are left out."""
    return _list_groups(conn, "status = 'skipped' AND error_code IS NOT NULL", operation_id=operation_id, limit=limit)


def _list_groups(conn: Connection, condition: str, *, operation_id: int, limit: int) -> list[Row]:
    return conn.execute(
        f"""
        SELECT error_code AS code, count(*) AS count, min(error) AS example,
            min(error) IS NOT DISTINCT FROM max(error) AS is_same
        FROM operation_items
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND {condition}
        GROUP BY error_code ORDER BY count(*) DESC, error_code LIMIT %(limit)s
        """,
        {"operation_id": operation_id, "limit": limit},
    ).fetchall()


def list_items(
    conn: Connection,
    *,
    operation_id: int,
    statuses: Sequence[str] | None,
    code: str | None,
    after: tuple[int, str],
    limit: int,
) -> list[Item]:
    """By position and stage, behind the given ones (keyset)."""
    wanted = {"statuses": None if statuses is None else list(statuses), "code": code}
    rows = conn.execute(
        f"""
        SELECT {COLUMNS} FROM operation_positions
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND position >= %(position)s AND (position, stage) > (%(position)s, %(stage)s)
          AND (%(statuses)s::text[] IS NULL OR status = ANY (%(statuses)s))
          AND (%(code)s::text IS NULL OR error_code = %(code)s)
        ORDER BY position, stage LIMIT %(limit)s
        """,
        {**wanted, "operation_id": operation_id, "position": after[0], "stage": after[1], "limit": limit},
    ).fetchall()
    return [Item(**{**row, "status": ItemStatus(row["status"])}) for row in rows]
