"""The operation's own row: made, found, locked, moved from state to state."""

from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import MOST_ATTEMPTS, AnotherTry, Operation, Status
from tranche.kernel.operations.queries.progress import notify

# Nothing has changed for a minute, and no living worker holds a part of it.
_STALLED = """
    (o.status IN ('pending', 'processing', 'cancelling') AND o.updated_at < now() - interval '60 seconds'
     AND NOT EXISTS (
        SELECT FROM operation_claims c
        JOIN workers w ON w.id = c.worker_id AND w.beat_at > now() - interval '15 seconds'
        WHERE c.organization_id = o.organization_id AND c.operation_id = o.id
     )) AS is_stalled
"""
# The try that is under way or comes next of what failed in the present phase; the latest where there are several.
_ANOTHER_TRY = """
    CASE WHEN o.status = 'processing' THEN (
        SELECT jsonb_build_object(
            'number', c.attempts + 1, 'at', extract(epoch FROM c.not_before), 'reason', c.last_error)
        FROM operation_claims c
        WHERE c.organization_id = o.organization_id AND c.operation_id = o.id AND c.attempts > 0
        ORDER BY c.not_before DESC, c.id LIMIT 1
    ) END AS another_try
"""
# As everywhere a person is called what they are called now; who is no person keeps the name of then.
STARTER = """
    coalesce((SELECT u.name FROM users u WHERE u.organization_id = o.organization_id AND u.id = o.created_by),
        o.created_by_name)
"""
_MADE = {"is_stalled": _STALLED, "another_try": _ANOTHER_TRY, "created_by_name": f"{STARTER} AS created_by_name"}
COLUMNS = ", ".join(_MADE.get(f.name, f"o.{f.name}") for f in fields(Operation))

Detail: TypeAlias = dict[str, Any]


def insert_operation(
    conn: Connection,
    *,
    uuid: UUID,
    kind: str,
    label: str,
    phase: str,
    priority: int,
    total: int,
    payload: Detail,
    created_by: int | None,
    created_by_name: str,
) -> Operation:
    row = conn.execute(
        f"""
        INSERT INTO operations AS o
            (organization_id, uuid, kind, label, phase, priority, total, payload, created_by, created_by_name)
        VALUES (current_organization(), %(uuid)s, %(kind)s, %(label)s, %(phase)s, %(priority)s, %(total)s,
            %(payload)s, %(created_by)s, %(created_by_name)s)
        RETURNING {COLUMNS}
        """,
        {
            "uuid": uuid,
            "kind": kind,
            "label": label,
            "phase": phase,
            "priority": priority,
            "total": total,
            "payload": Jsonb(payload),
            "created_by": created_by,
            "created_by_name": created_by_name,
        },
    ).fetchone()
    return operation_of(_one(row))


def find_operation(conn: Connection, *, operation_id: int) -> Operation | None:
    row = conn.execute(
        f"SELECT {COLUMNS} FROM operations o WHERE o.organization_id = current_organization() AND o.id = %(id)s",
        {"id": operation_id},
    ).fetchone()
    return operation_of(row) if row else None


def find_operation_by_uuid(conn: Connection, *, uuid: UUID) -> Operation | None:
    row = conn.execute(
        f"SELECT {COLUMNS} FROM operations o WHERE o.organization_id = current_organization() AND o.uuid = %(uuid)s",
        {"uuid": uuid},
    ).fetchone()
    return operation_of(row) if row else None


def lock_operation(conn: Connection, *, operation_id: int) -> Operation | None:
    """Lock against other takers; children may still be written (no key update)."""
    row = conn.execute(
        f"""
        SELECT {COLUMNS} FROM operations o
        WHERE o.organization_id = current_organization() AND o.id = %(id)s
        FOR NO KEY UPDATE
        """,
        {"id": operation_id},
    ).fetchone()
    return operation_of(row) if row else None


def set_status(
    conn: Connection,
    *,
    operation_id: int,
    status: Status,
    error_code: str | None = None,
    error: str | None = None,
) -> None:
    """Move to a state, and tell watchers; the error of the last end is dropped on any other move.

    The time for which it stood ended is kept as time that it waited.
    """
    conn.execute(
        """
        UPDATE operations SET
            status = %(status)s, version = version + 1, updated_at = clock_timestamp(), notified_at = clock_timestamp(),
            error_code = %(error_code)s, error = %(error)s,
            started_at = CASE WHEN %(status)s = 'processing' THEN coalesce(started_at, now()) ELSE started_at END,
            waited = CASE WHEN %(terminal)s OR finished_at IS NULL THEN waited
                ELSE waited + greatest(clock_timestamp() - finished_at, '0') END,
            finished_at = CASE WHEN %(terminal)s THEN clock_timestamp() END
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {
            "id": operation_id,
            "status": status,
            "terminal": status.is_terminal,
            "error_code": error_code,
            "error": error,
        },
    )
    notify(conn, operation_id=operation_id)


def set_end(conn: Connection, *, operation_id: int, status: Status, error_code: str | None, error: str | None) -> None:
    """Change how an ended operation has ended, and leave when."""
    conn.execute(
        """
        UPDATE operations SET status = %(status)s, error_code = %(error_code)s, error = %(error)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id, "status": status, "error_code": error_code, "error": error},
    )


def set_next_position(conn: Connection, *, operation_id: int, next_position: int) -> None:
    conn.execute(
        """
        UPDATE operations SET next_position = %(next_position)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id, "next_position": next_position},
    )


def shrink_chunks(conn: Connection, *, operation_id: int) -> None:
    """Make the next chunks a quarter as large; chunks that go well let them grow again."""
    conn.execute(
        """
        UPDATE operations SET chunk_size = greatest(1, chunk_size / 4)
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id},
    )


def tell(conn: Connection, *, operation_id: int) -> None:
    """Let watchers look again though the row itself has nothing new."""
    conn.execute(
        """
        UPDATE operations SET version = version + 1, notified_at = clock_timestamp()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": operation_id},
    )
    notify(conn, operation_id=operation_id)


def insert_event(conn: Connection, *, operation_id: int, event: str, actor: str = "", detail: str = "") -> None:
    conn.execute(
        """
        INSERT INTO operation_events (organization_id, operation_id, event, actor, detail)
        VALUES (current_organization(), %(id)s, %(event)s, %(actor)s, %(detail)s)
        """,
        {"id": operation_id, "event": event, "actor": actor, "detail": detail},
    )


def count_events(conn: Connection, *, operation_id: int, event: str) -> int:
    """How often something happened since a person last started the operation, retried it or began it anew."""
    row = conn.execute(
        """
        SELECT count(*) AS count FROM operation_events
        WHERE organization_id = current_organization() AND operation_id = %(id)s AND event = %(event)s
          AND id > (
            SELECT coalesce(max(id), 0) FROM operation_events
            WHERE organization_id = current_organization() AND operation_id = %(id)s
              AND event IN ('retried', 'confirmed', 'judged_again')
          )
        """,
        {"id": operation_id, "event": event},
    ).fetchone()
    return int(_one(row)["count"])


def has_succeeded(conn: Connection, *, operation_id: int, stages: Collection[str]) -> bool:
    """Whether an item has succeeded in one of these stages."""
    row = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM operation_items
            WHERE organization_id = current_organization() AND operation_id = %(id)s AND status = 'succeeded'
              AND stage = ANY (%(stages)s)
        ) AS has_succeeded
        """,
        {"id": operation_id, "stages": list(stages)},
    ).fetchone()
    return bool(_one(row)["has_succeeded"])


def list_events(conn: Connection, *, operation_id: int, limit: int) -> list[Row]:
    return conn.execute(
        """
        SELECT id, at, event, actor, detail FROM operation_events
        WHERE organization_id = current_organization() AND operation_id = %(id)s
        ORDER BY id LIMIT %(limit)s
        """,
        {"id": operation_id, "limit": limit},
    ).fetchall()


def list_runnable(conn: Connection, *, most: int) -> list[Row]:
    """Across organizations, by a definer function: what has work for a worker."""
    return conn.execute(
        "SELECT organization_id, operation_id, kind FROM list_runnable_operations(%(most)s)", {"most": most}
    ).fetchall()


def list_own_runnable(conn: Connection, *, most: int) -> list[int]:
    """The operations of this organization that have work for a worker, the longest untouched first."""
    rows = conn.execute(
        """
        SELECT id FROM operations
        WHERE organization_id = current_organization() AND status IN ('pending', 'processing', 'cancelling')
        ORDER BY updated_at, id LIMIT %(most)s
        """,
        {"most": most},
    ).fetchall()
    return [row["id"] for row in rows]


def try_sweep_lock(conn: Connection) -> bool:
    """Hold the sweep's lock to the end of the transaction, or learn that another worker has it."""
    row = conn.execute("SELECT pg_try_advisory_xact_lock(hashtext('tranche.sweep')) AS is_ours").fetchone()
    return bool(_one(row)["is_ours"])


def operation_of(row: Row) -> Operation:
    """The operation that a row of the list is."""
    return Operation(**{**row, "status": Status(row["status"]), "another_try": _try_of(row["another_try"])})


def _try_of(found: Detail | None) -> AnotherTry | None:
    if found is None:
        return None
    at = datetime.fromtimestamp(float(found["at"]), UTC)
    return AnotherTry(number=found["number"], of=MOST_ATTEMPTS, at=at, reason=found["reason"] or "")


def _one(row: Row | None) -> Row:
    if row is None:
        raise LookupError("a statement that always returns a row returned none")
    return row
