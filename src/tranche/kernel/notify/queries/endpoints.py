"""SQL of the endpoints of webhooks."""

from collections.abc import Sequence
from dataclasses import fields

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.notify.domain import Endpoint

_COLUMNS = ", ".join(entry.name for entry in fields(Endpoint))


def list_key_marks(conn: Connection) -> list[Row]:
    """By organization and key, how many endpoints have secrets of it; as the owner."""
    return conn.execute("""
        SELECT organization_id, key_mark, count(*) AS count FROM webhook_endpoints
        GROUP BY organization_id, key_mark ORDER BY organization_id, key_mark LIMIT 100000
    """).fetchall()


def insert_endpoint(
    conn: Connection,
    *,
    url: str,
    description: str,
    event_types: Sequence[str],
    disabled_reason: str | None,
    salt: bytes,
    key_mark: bytes,
    created_by: int | None,
) -> Endpoint:
    (row,) = conn.execute(
        f"""
        INSERT INTO webhook_endpoints (organization_id, url, description, event_types, is_enabled, disabled_reason,
            salt, key_mark, created_by)
        VALUES (current_organization(), %(url)s, %(description)s, %(event_types)s, %(disabled_reason)s::text IS NULL,
            %(disabled_reason)s::text, %(salt)s, %(key_mark)s, %(created_by)s)
        RETURNING {_COLUMNS}
        """,
        {
            "url": url,
            "description": description,
            "event_types": list(event_types),
            "disabled_reason": disabled_reason,
            "salt": salt,
            "key_mark": key_mark,
            "created_by": created_by,
        },
    ).fetchall()
    return _endpoint(row)


def find_endpoint(conn: Connection, *, endpoint_id: int) -> Endpoint | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": endpoint_id},
    ).fetchone()
    return _endpoint(row) if row else None


def lock_endpoint(conn: Connection, *, endpoint_id: int) -> Endpoint | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM webhook_endpoints
        WHERE organization_id = current_organization() AND id = %(id)s
        FOR NO KEY UPDATE
        """,
        {"id": endpoint_id},
    ).fetchone()
    return _endpoint(row) if row else None


def list_endpoints(conn: Connection, *, limit: int, offset: int) -> list[Endpoint]:
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM webhook_endpoints
        WHERE organization_id = current_organization()
        ORDER BY id LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"limit": limit, "offset": offset},
    ).fetchall()
    return [_endpoint(row) for row in rows]


def count_endpoints(conn: Connection) -> int:
    (row,) = conn.execute(
        "SELECT count(*) AS n FROM webhook_endpoints WHERE organization_id = current_organization()"
    ).fetchall()
    return int(row["n"])


def update_endpoint(
    conn: Connection,
    *,
    endpoint_id: int,
    url: str,
    description: str,
    event_types: Sequence[str],
    disabled_reason: str | None,
) -> Endpoint:
    """Enabling it, or another address, forgets the failures."""
    (row,) = conn.execute(
        f"""
        UPDATE webhook_endpoints SET
            failures = CASE WHEN %(disabled_reason)s::text IS NULL AND NOT is_enabled OR url <> %(url)s
                THEN 0 ELSE failures END,
            failing_since = CASE WHEN %(disabled_reason)s::text IS NULL AND NOT is_enabled OR url <> %(url)s
                THEN NULL ELSE failing_since END,
            url = %(url)s, description = %(description)s, event_types = %(event_types)s,
            is_enabled = %(disabled_reason)s::text IS NULL, disabled_reason = %(disabled_reason)s::text,
            updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        RETURNING {_COLUMNS}
        """,
        {
            "id": endpoint_id,
            "url": url,
            "description": description,
            "event_types": list(event_types),
            "disabled_reason": disabled_reason,
        },
    ).fetchall()
    return _endpoint(row)


def replace_salt(conn: Connection, *, endpoint_id: int, salt: bytes, key_mark: bytes, keep_seconds: float) -> Endpoint:
    """The old secret signs beside the new one for a while, unless it was made with another key."""
    (row,) = conn.execute(
        f"""
        UPDATE webhook_endpoints SET
            previous_salt = CASE WHEN key_mark = %(key_mark)s THEN salt END,
            previous_until = CASE WHEN key_mark = %(key_mark)s THEN now() + make_interval(secs => %(keep)s) END,
            salt = %(salt)s, key_mark = %(key_mark)s, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        RETURNING {_COLUMNS}
        """,
        {"id": endpoint_id, "salt": salt, "key_mark": key_mark, "keep": keep_seconds},
    ).fetchall()
    return _endpoint(row)


def delete_endpoint(conn: Connection, *, endpoint_id: int) -> None:
    conn.execute(
        "DELETE FROM webhook_endpoints WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": endpoint_id},
    )


def clear_failures(conn: Connection, *, endpoint_id: int) -> None:
    conn.execute(
        """
        UPDATE webhook_endpoints SET failures = 0, failing_since = NULL
        WHERE organization_id = current_organization() AND id = %(id)s AND failures > 0
        """,
        {"id": endpoint_id},
    )


def count_failure(conn: Connection, *, endpoint_id: int, most: int, patience_seconds: float) -> bool:
    """Count one more failure in a row; whether they have become too many over too long a time."""
    row = conn.execute(
        """
        UPDATE webhook_endpoints SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp())
        WHERE organization_id = current_organization() AND id = %(id)s
        RETURNING is_enabled AND failures >= %(most)s
            AND failing_since < clock_timestamp() - make_interval(secs => %(patience)s) AS is_hopeless
        """,
        {"id": endpoint_id, "most": most, "patience": patience_seconds},
    ).fetchone()
    return row is not None and bool(row["is_hopeless"])


def disable(conn: Connection, *, endpoint_id: int, reason: str) -> bool:
    """Whether it was enabled until now."""
    return (
        conn.execute(
            """
            UPDATE webhook_endpoints SET is_enabled = false, disabled_reason = %(reason)s, updated_at = now()
            WHERE organization_id = current_organization() AND id = %(id)s AND is_enabled
            """,
            {"id": endpoint_id, "reason": reason},
        ).rowcount
        > 0
    )


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(**{**row, "event_types": tuple(row["event_types"])})
