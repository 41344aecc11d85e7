"""SQL of the entries of the audit log."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from tranche.kernel.audit.domain import JSON, AuditEntry
from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.db.pool import Connection, Row

ENTRIES = Listing(
    name="audit_entries",
    select="a.id, a.at, a.user_id, a.actor, a.action, a.subject_id, a.detail, a.request_id",
    source="audit_entries a",
    counted="audit_entries a",
    where="a.organization_id = current_organization()",
    filters={
        "action": "a.action = %(action)s",
        "user_id": "a.user_id = %(user_id)s",
        "since": "a.at >= %(since)s",
        "until": "a.at < %(until)s",
    },
    sorts={"id": (Key("a.id"),), "at": (Key("a.at", "timestamptz"), Key("a.id"))},
    default_sort="-id",
    export=(
        Column("id", "a.id", Kind.NUMBER),
        Column("at", "a.at", Kind.MOMENT),
        Column("userId", "a.user_id", Kind.NUMBER),
        Column("actor", "a.actor"),
        Column("action", "a.action"),
        Column("subjectId", "a.subject_id", Kind.NUMBER),
        Column("detail", "a.detail::text"),
        Column("requestId", "a.request_id"),
    ),
)


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
    """Add an entry; where the database's clock was set back, it stands at the end of what is sealed."""
    (row,) = conn.execute(
        """
        INSERT INTO audit_entries (organization_id, at, user_id, actor, action, subject_id, detail, request_id)
        VALUES (
            current_organization(),
            greatest(now(), (
                SELECT s.until FROM audit_seals s WHERE s.organization_id = current_organization()
                ORDER BY s.number DESC LIMIT 1
            )),
            %(user_id)s, %(actor)s, %(action)s, %(subject_id)s, %(detail)s, %(request_id)s
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


def entry_of(row: Row) -> AuditEntry:
    """The entry that a row of the list is."""
    return AuditEntry(**row)
