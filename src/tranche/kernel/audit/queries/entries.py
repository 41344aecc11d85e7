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


def add_entry(*, subject: str = "%(entry_subject_id)s") -> str:
    """The statement that adds what `write_entry` made; `subject` is SQL, for a deed that is a part of the statement.

    Where the database's clock was set back, the entry stands at the end of what is sealed.
    """
    return f"""
        INSERT INTO audit_entries (organization_id, at, user_id, actor, action, subject_id, detail, request_id)
        VALUES (
            current_organization(),
            greatest(now(), (
                SELECT s.until FROM audit_seals s WHERE s.organization_id = current_organization()
                ORDER BY s.number DESC LIMIT 1
            )),
            %(entry_user_id)s, %(entry_actor)s, %(entry_action)s, {subject}, %(entry_detail)s, %(entry_request_id)s
        )
    """


def insert_entry(conn: Connection, entry: Mapping[str, object]) -> int:
    """Add an entry made by `write_entry`."""
    (row,) = conn.execute(f"{add_entry()} RETURNING id", entry).fetchall()
    return int(row["id"])


def write_entry(
    *,
    user_id: int | None,
    actor: str,
    action: str,
    subject_id: int | None,
    detail: Mapping[str, JSON],
    request_id: str,
) -> Mapping[str, object]:
    """An entry as the parameters of `add_entry`."""
    return {
        "entry_user_id": user_id,
        "entry_actor": actor,
        "entry_action": action,
        "entry_subject_id": subject_id,
        "entry_detail": Jsonb(detail),
        "entry_request_id": request_id,
    }


def entry_of(row: Row) -> AuditEntry:
    """The entry that a row of the list is."""
    return AuditEntry(**row)
