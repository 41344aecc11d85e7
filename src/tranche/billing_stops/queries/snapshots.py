"""The batch log: runs, what they found, and which of them readers see."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tranche.billing_stops.domain import Changes, Snapshot, SnapshotStatus
from tranche.kernel.db.pool import Connection, Row

_COLUMNS = """
    s.id, s.data_set, s.operation_id, s.status, s.batch_date, s.is_forced, s.is_full, s.base_id, s.as_of, s.recipe,
    s.details_count, s.summary_count, s.read_count, s.totals::text AS totals, s.changes::text AS changes,
    s.has_details, s.has_summary, s.started_at, s.finished_at, s.error_code, s.error
"""
_OWN = "s.organization_id = current_organization()"


def insert_running(conn: Connection, *, data_set: str, is_forced: bool, is_full: bool) -> Snapshot | None:
    """A new run of today, in the organization's zone; None while another one is under way."""
    row = conn.execute(
        f"""
        INSERT INTO snapshots AS s (organization_id, data_set, batch_date, is_forced, is_full)
        SELECT current_organization(), %(data_set)s, (now() AT TIME ZONE g.zone)::date, %(is_forced)s, %(is_full)s
        FROM organizations g WHERE g.id = current_organization()
        ON CONFLICT (organization_id, data_set) WHERE status = 'running' DO NOTHING
        RETURNING {_COLUMNS}
        """,
        {"data_set": data_set, "is_forced": is_forced, "is_full": is_full},
    ).fetchone()
    return _snapshot(row) if row else None


def link_operation(conn: Connection, *, snapshot_id: int, operation_id: int) -> None:
    conn.execute(
        f"UPDATE snapshots s SET operation_id = %(operation_id)s WHERE {_OWN} AND s.id = %(id)s",
        {"id": snapshot_id, "operation_id": operation_id},
    )


def find_snapshot(conn: Connection, *, data_set: str, snapshot_id: int) -> Snapshot | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM snapshots s WHERE {_OWN} AND s.data_set = %(data_set)s AND s.id = %(id)s",
        {"data_set": data_set, "id": snapshot_id},
    ).fetchone()
    return _snapshot(row) if row else None


def find_running(conn: Connection, *, data_set: str) -> Snapshot | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM snapshots s WHERE {_OWN} AND s.data_set = %(data_set)s AND s.status = 'running'",
        {"data_set": data_set},
    ).fetchone()
    return _snapshot(row) if row else None


def find_published(conn: Connection, *, data_set: str) -> Snapshot | None:
    """What readers see, read once for a request."""
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM snapshot_sources p
        JOIN snapshots s ON s.organization_id = p.organization_id AND s.id = p.published_id
        WHERE p.organization_id = current_organization() AND p.data_set = %(data_set)s
        """,
        {"data_set": data_set},
    ).fetchone()
    return _snapshot(row) if row else None


def list_snapshots(
    conn: Connection, *, data_set: str, status: str | None = None, limit: int, offset: int = 0
) -> list[Snapshot]:
    """Newest first."""
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM snapshots s
        WHERE {_OWN} AND s.data_set = %(data_set)s AND (%(status)s::text IS NULL OR s.status = %(status)s)
        ORDER BY s.id DESC LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"data_set": data_set, "status": status, "limit": limit, "offset": offset},
    ).fetchall()
    return [_snapshot(row) for row in rows]


def count_snapshots(conn: Connection, *, data_set: str) -> int:
    (row,) = conn.execute(
        f"SELECT count(*) AS n FROM snapshots s WHERE {_OWN} AND s.data_set = %(data_set)s", {"data_set": data_set}
    ).fetchall()
    return int(row["n"])


def find_before(conn: Connection, *, snapshot: Snapshot, has_details: bool) -> Snapshot | None:
    """The last completed one before it."""
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM snapshots s
        WHERE {_OWN} AND s.data_set = %(data_set)s AND s.status = 'completed' AND s.id < %(id)s
          AND (s.has_details OR NOT %(has_details)s)
        ORDER BY s.id DESC LIMIT 1
        """,
        {"data_set": snapshot.data_set, "id": snapshot.id, "has_details": has_details},
    ).fetchone()
    return _snapshot(row) if row else None


def set_read(
    conn: Connection,
    *,
    snapshot_id: int,
    as_of: datetime | None,
    base_id: int | None,
    recipe: str,
    details: int,
    read: int,
) -> None:
    """What the reading brought: `details` rows in the part, `read` of them from the source by this recipe."""
    conn.execute(
        f"""
        UPDATE snapshots s SET as_of = %(as_of)s, base_id = %(base_id)s, is_full = %(base_id)s::bigint IS NULL,
            recipe = %(recipe)s, details_count = %(details)s, read_count = %(read)s
        WHERE {_OWN} AND s.id = %(id)s
        """,
        {
            "id": snapshot_id,
            "as_of": as_of,
            "base_id": base_id,
            "recipe": recipe,
            "details": details,
            "read": read,
        },
    )


def set_summed(conn: Connection, *, snapshot_id: int, groups: int, totals: Mapping[str, Decimal]) -> None:
    """What the summary says of the whole."""
    conn.execute(
        f"UPDATE snapshots s SET summary_count = %(groups)s, totals = %(totals)s::jsonb WHERE {_OWN} AND s.id = %(id)s",
        {
            "id": snapshot_id,
            "groups": groups,
            "totals": msgspec.json.Encoder(decimal_format="number").encode(totals).decode(),
        },
    )


def set_changes(conn: Connection, *, snapshot_id: int, changes: Changes) -> None:
    """What has changed since the one before."""
    conn.execute(
        f"UPDATE snapshots s SET changes = %(changes)s::jsonb WHERE {_OWN} AND s.id = %(id)s",
        {
            "id": snapshot_id,
            "changes": msgspec.json.Encoder(decimal_format="number").encode(changes).decode(),
        },
    )


def publish(conn: Connection, *, snapshot_id: int, data_set: str) -> None:
    """The switch: from this commit on readers see this one."""
    conn.execute(
        f"""
        UPDATE snapshots s SET status = 'completed', finished_at = clock_timestamp(), has_details = true,
            has_summary = true
        WHERE {_OWN} AND s.id = %(id)s
        """,
        {"id": snapshot_id},
    )
    conn.execute(
        """
        UPDATE snapshot_sources SET published_id = %(id)s, age_alerted_at = NULL
        WHERE organization_id = current_organization() AND data_set = %(data_set)s
        """,
        {"id": snapshot_id, "data_set": data_set},
    )


def fail(conn: Connection, *, snapshot_id: int, code: str, error: str) -> bool:
    """End a run that still runs without its data; whether it did."""
    return bool(
        conn.execute(
            f"""
            UPDATE snapshots s SET status = 'failed', finished_at = clock_timestamp(), error_code = %(code)s,
                error = %(error)s
            WHERE {_OWN} AND s.id = %(id)s AND s.status = 'running'
            """,
            {"id": snapshot_id, "code": code, "error": error},
        ).rowcount
    )


def list_droppable(conn: Connection, *, data_set: str, part: str, keep: int, most: int) -> list[int]:
    """Completed snapshots whose part is kept although so many newer ones are; never the published one."""
    rows = conn.execute(
        f"""
        SELECT s.id FROM (
            SELECT s.*, row_number() OVER (ORDER BY s.id DESC) AS place FROM snapshots s
            WHERE {_OWN} AND s.data_set = %(data_set)s AND s.has_{_part(part)}
        ) AS s
        WHERE s.place > %(keep)s AND NOT EXISTS (
            SELECT FROM snapshot_sources p WHERE p.organization_id = s.organization_id AND p.published_id = s.id
        )
        ORDER BY s.id LIMIT %(most)s
        """,
        {"data_set": data_set, "keep": keep, "most": most},
    ).fetchall()
    return [int(row["id"]) for row in rows]


def list_left(conn: Connection, *, data_set: str, most: int) -> list[int]:
    """Failed snapshots of which a part is still there, because it was in use when they ended."""
    rows = conn.execute(
        f"""
        SELECT s.id FROM snapshots s
        WHERE {_OWN} AND s.data_set = %(data_set)s AND s.status = 'failed'
          AND (to_regclass(format('public.snapshot_%%s_detail', s.id)) IS NOT NULL
            OR to_regclass(format('public.snapshot_%%s_summary', s.id)) IS NOT NULL)
        ORDER BY s.id LIMIT %(most)s
        """,
        {"data_set": data_set, "most": most},
    ).fetchall()
    return [int(row["id"]) for row in rows]


def mark_dropped(conn: Connection, *, snapshot_id: int, part: str) -> None:
    conn.execute(
        f"UPDATE snapshots s SET has_{_part(part)} = false WHERE {_OWN} AND s.id = %(id)s", {"id": snapshot_id}
    )


def list_trend(conn: Connection, *, data_set: str, most: int) -> list[Snapshot]:
    """The newest completed ones, oldest first."""
    return list(reversed(list_snapshots(conn, data_set=data_set, status="completed", limit=most)))


def count_incremental(conn: Connection, *, data_set: str, most: int) -> int:
    """How many of the newest completed ones were incremental without a full one between; at most `most`."""
    (row,) = conn.execute(
        f"""
        SELECT count(*) AS n FROM (
            SELECT s.is_full, bool_or(s.is_full) OVER (ORDER BY s.id DESC) AS seen FROM (
                SELECT s.id, s.is_full FROM snapshots s
                WHERE {_OWN} AND s.data_set = %(data_set)s AND s.status = 'completed'
                ORDER BY s.id DESC LIMIT %(most)s
            ) AS s
        ) AS s WHERE NOT s.seen
        """,
        {"data_set": data_set, "most": most},
    ).fetchall()
    return int(row["n"])


def _part(part: str) -> str:
    return {"detail": "details", "summary": "summary"}[part]


def _snapshot(row: Row) -> Snapshot:
    values: dict[str, Any] = {**row, "status": SnapshotStatus(row["status"])}
    if row["totals"] is not None:
        values["totals"] = msgspec.json.decode(row["totals"], type=dict[str, Decimal])
    if row["changes"] is not None:
        values["changes"] = msgspec.json.decode(row["changes"], type=Changes)
    return Snapshot(**values)
