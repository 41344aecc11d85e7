"""SQL of the audit log."""

from collections.abc import Mapping
from dataclasses import asdict

from psycopg.types.json import Jsonb

from tranche.kernel.audit.domain import JSON, AuditEntry, AuditFilter
from tranche.kernel.db.pool import Connection

_MATCHES = """
    a.organization_id = current_organization()
    AND (%(action)s::text IS NULL OR a.action = %(action)s)
    AND (%(user_id)s::bigint IS NULL OR a.user_id = %(user_id)s)
    AND (%(since)s::timestamptz IS NULL OR a.at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR a.at < %(until)s)
"""


def insert_entry(
    conn: Connection,
    *,
    user_id: int | None,
    actor: str,
    action: str,
    subject_id: int | None,
    detail: Mapping[str, JSON],
    request_id: str,
) -> int:
    (row,) = conn.execute(
        """
        INSERT INTO audit_entries (organization_id, user_id, actor, action, subject_id, detail, request_id)
        VALUES (
            current_organization(), %(user_id)s, %(actor)s, %(action)s, %(subject_id)s, %(detail)s, %(request_id)s
        )
        RETURNING id
        """,
        {
            "user_id": user_id,
            "actor": actor,
            "action": action,
            "subject_id": subject_id,
            "detail": Jsonb(detail),
            "request_id": request_id,
        },
    ).fetchall()
    return int(row["id"])


def list_entries(conn: Connection, *, wanted: AuditFilter, limit: int, offset: int) -> list[AuditEntry]:
    """Newest first."""
    rows = conn.execute(
        f"""
        SELECT a.id, a.at, a.user_id, a.actor, a.action, a.subject_id, a.detail, a.request_id
        FROM audit_entries a
        WHERE {_MATCHES}
        ORDER BY a.id DESC
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        {**asdict(wanted), "limit": limit, "offset": offset},
    ).fetchall()
    return [AuditEntry(**row) for row in rows]


def count_entries(conn: Connection, *, wanted: AuditFilter) -> int:
    (row,) = conn.execute(f"SELECT count(*) AS n FROM audit_entries a WHERE {_MATCHES}", asdict(wanted)).fetchall()
    return int(row["n"])
