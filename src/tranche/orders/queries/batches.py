"""Order batches: made, found, counted, finished, deleted, adopted."""

from collections.abc import Sequence
from dataclasses import fields

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import Operation, Status
from tranche.orders.domain import LEGACY_NAME, BatchStats, BatchStatus, OrderBatch
from tranche.orders.queries.listing import BATCHES

_SELECT = f"SELECT {BATCHES.select} FROM {BATCHES.source} WHERE {BATCHES.where}"


def lock_file(conn: Connection, *, sha256: bytes) -> None:
    """Let one upload of these bytes at a time decide whether they were uploaded before."""
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(key)s || current_organization()::text, 0))",
        {"key": sha256.hex()},
    )


def find_same_file(conn: Connection, *, sha256: bytes) -> Row | None:
    """A batch of the same bytes that counts: running or completed, not deleted, not undone as a whole."""
    return conn.execute(
        """
        SELECT id, file_name, imported_at FROM order_batches
        WHERE organization_id = current_organization() AND sha256 = %(sha256)s AND deleted_at IS NULL
          AND status <> 'failed' AND (undone_at IS NULL OR kept_orders > 0)
        ORDER BY id DESC LIMIT 1
        """,
        {"sha256": sha256},
    ).fetchone()


def list_numbered(conn: Connection, *, ranges: Sequence[tuple[int, int]], limit: int) -> list[OrderBatch]:
    """Those whose number is in one of the ranges, the least first."""
    rows = conn.execute(
        f"""
        WITH found AS MATERIALIZED (
            SELECT f.id FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS r (low, high)
            CROSS JOIN LATERAL (
                SELECT id FROM order_batches
                WHERE organization_id = current_organization() AND id BETWEEN r.low AND r.high AND deleted_at IS NULL
                ORDER BY id LIMIT %(limit)s
            ) AS f
            ORDER BY f.id LIMIT %(limit)s
        )
        {_SELECT} AND b.id = ANY(ARRAY(SELECT id FROM found)) ORDER BY b.id
        """,
        {"lows": [low for low, _ in ranges], "highs": [high for _, high in ranges], "limit": limit},
    ).fetchall()
    return [batch_of(row) for row in rows]


def insert_batch(conn: Connection, *, user_id: int, file_name: str, file_size: int | None, sha256: bytes | None) -> int:
    row = conn.execute(
        """
        INSERT INTO order_batches (organization_id, user_id, file_name, file_size, sha256)
        VALUES (current_organization(), %(user_id)s, %(file_name)s, %(file_size)s, %(sha256)s)
        RETURNING id
        """,
        {"user_id": user_id, "file_name": file_name, "file_size": file_size, "sha256": sha256},
    ).fetchone()
    return int(_one(row)["id"])


def link_batch(conn: Connection, *, batch_id: int, import_id: int, operation_id: int | None) -> None:
    conn.execute(
        """
        UPDATE order_batches SET import_id = %(import_id)s, operation_id = %(operation_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "import_id": import_id, "operation_id": operation_id},
    )


def reopen_batch(conn: Connection, *, batch_id: int) -> bool:
    """A retried import is being processed again; False where the batch was deleted, or its undo has begun."""
    cursor = conn.execute(
        """
        UPDATE order_batches SET status = 'processing', completed_at = NULL, failure = NULL
        WHERE organization_id = current_organization() AND id = %(id)s AND deleted_at IS NULL
          AND undo_operation_id IS NULL
        """,
        {"id": batch_id},
    )
    return cursor.rowcount == 1


def finish_batch(conn: Connection, *, batch_id: int, operation: Operation, failure: str | None) -> None:
    """Take over the operation's counters; what was not tried because of its end counts as failed.

    A correction does so again, and leaves when the batch was completed.
    """
    is_failed = operation.status in {Status.FAILED, Status.CANCELLED}
    conn.execute(
        """
        UPDATE order_batches b SET
            status = %(status)s, failure = %(failure)s, completed_at = coalesce(completed_at, now()),
            total_orders = %(total)s, successful_orders = %(succeeded)s, skipped_orders = %(skipped)s,
            failed_orders = %(total)s - %(succeeded)s - %(skipped)s,
            error_count = (SELECT count(*) FROM import_errors e WHERE e.organization_id = b.organization_id
                AND e.import_id = b.import_id AND e.severity = 'error'),
            warning_count = (SELECT count(*) FROM import_errors e WHERE e.organization_id = b.organization_id
                AND e.import_id = b.import_id AND e.severity = 'warning')
        WHERE b.organization_id = current_organization() AND b.id = %(id)s
        """,
        {
            "id": batch_id,
            "status": BatchStatus.FAILED if is_failed else BatchStatus.COMPLETED,
            "failure": failure,
            "total": operation.total,
            "succeeded": operation.succeeded,
            "skipped": operation.skipped,
        },
    )


def fail_batch(conn: Connection, *, batch_id: int, failure: str) -> None:
    conn.execute(
        """
        UPDATE order_batches SET status = 'failed', failure = %(failure)s, completed_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "failure": failure},
    )


def find_batch(conn: Connection, *, batch_id: int) -> OrderBatch | None:
    row = conn.execute(f"{_SELECT} AND b.id = %(id)s", {"id": batch_id}).fetchone()
    return batch_of(row) if row else None


def lock_batch(conn: Connection, *, batch_id: int) -> bool:
    row = conn.execute(
        """
        SELECT FROM order_batches
        WHERE organization_id = current_organization() AND id = %(id)s AND deleted_at IS NULL FOR UPDATE
        """,
        {"id": batch_id},
    ).fetchone()
    return row is not None


def find_stats(conn: Connection) -> BatchStats:
    """Undone orders are not imported; averages are over ended batches that held at least one order."""
    row = conn.execute(
        """
        SELECT count(*) AS total_batches,
            count(*) FILTER (WHERE status = 'completed') AS completed_batches,
            count(*) FILTER (WHERE status = 'failed') AS failed_batches,
            count(*) FILTER (WHERE status = 'failed' AND undone_at IS NULL) AS left_failed_batches,
            count(*) FILTER (WHERE status = 'processing') AS processing_batches,
            coalesce(sum(c.successful_orders - b.undone_orders), 0)::bigint AS total_orders_imported,
            coalesce(round(avg(100.0 * b.successful_orders / b.total_orders)
                FILTER (WHERE b.status <> 'processing' AND b.total_orders > 0), 2), 0) AS average_success_rate
        FROM order_batches b
        JOIN order_batch_counts c ON c.organization_id = b.organization_id AND c.id = b.id
        WHERE b.organization_id = current_organization() AND b.deleted_at IS NULL
        """
    ).fetchone()
    return BatchStats(**_one(row))


def mark_deleted(conn: Connection, *, batch_id: int, user_id: int | None) -> None:
    conn.execute(
        """
        UPDATE order_batches SET deleted_at = now(), deleted_by = %(user_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "user_id": user_id},
    )


def find_legacy(conn: Connection) -> OrderBatch | None:
    row = conn.execute(
        f"{_SELECT} AND b.file_name = %(name)s AND b.import_id IS NULL ORDER BY b.id LIMIT 1", {"name": LEGACY_NAME}
    ).fetchone()
    return batch_of(row) if row else None


def find_or_insert_legacy(conn: Connection, *, user_id: int) -> int:
    """The batch named legacy_import, made if there is none."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('legacy' || current_organization()::text, 0))")
    row = conn.execute(
        """
        SELECT id FROM order_batches
        WHERE organization_id = current_organization() AND file_name = %(name)s AND import_id IS NULL
          AND deleted_at IS NULL
        ORDER BY id LIMIT 1
        """,
        {"name": LEGACY_NAME},
    ).fetchone()
    if row:
        return int(row["id"])
    return insert_batch(conn, user_id=user_id, file_name=LEGACY_NAME, file_size=None, sha256=None)


def adopt_orders(conn: Connection, *, batch_id: int) -> int:
    """Give the orders without a batch to this one; returns how many."""
    adopted = conn.execute(
        """
        UPDATE orders SET batch_id = %(id)s
        WHERE organization_id = current_organization() AND batch_id IS NULL
        """,
        {"id": batch_id},
    ).rowcount
    conn.execute(
        """
        UPDATE order_batches SET status = 'completed', completed_at = coalesce(completed_at, now()),
            total_orders = total_orders + %(adopted)s, successful_orders = successful_orders + %(adopted)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": batch_id, "adopted": adopted},
    )
    return adopted


def find_currency(conn: Connection) -> str:
    row = conn.execute("SELECT currency FROM organizations WHERE id = current_organization()").fetchone()
    return str(_one(row)["currency"])


def batch_of(row: Row) -> OrderBatch:
    """The batch that a row of its list is."""
    return OrderBatch(**{**{f.name: row[f.name] for f in fields(OrderBatch)}, "status": BatchStatus(row["status"])})


def _one(row: Row | None) -> Row:
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
