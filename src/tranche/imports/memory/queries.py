"""Every SQL statement on remembered mappings."""

from dataclasses import fields
from typing import Any

from psycopg.types.json import Jsonb

from tranche.imports.memory.domain import Memory
from tranche.kernel.db.pool import Connection

_COLUMNS = ", ".join(f.name for f in fields(Memory))


def list_memories(conn: Connection, *, target: str | None, limit: int, offset: int) -> list[Memory]:
    """Those used last come first."""
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM import_mappings
        WHERE organization_id = current_organization() AND (%(target)s::text IS NULL OR target = %(target)s)
        ORDER BY used_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"target": target, "limit": limit, "offset": offset},
    ).fetchall()
    return [Memory(**row) for row in rows]


def count_memories(conn: Connection, *, target: str | None) -> int:
    (row,) = conn.execute(
        """
        SELECT count(*) AS count FROM import_mappings
        WHERE organization_id = current_organization() AND (%(target)s::text IS NULL OR target = %(target)s)
        """,
        {"target": target},
    ).fetchall()
    return int(row["count"])


def upsert_memory(
    conn: Connection,
    *,
    target: str,
    fingerprint: bytes,
    header: list[str],
    columns: dict[str, Any],
    options: dict[str, Any],
    user_id: int | None,
    uses: int,
) -> None:
    """Keep what was said last about this header; who said it first stays named."""
    conn.execute(
        """
        INSERT INTO import_mappings AS m
            (organization_id, target, fingerprint, header, columns, options, created_by, uses)
        VALUES (current_organization(), %(target)s, %(fingerprint)s, %(header)s, %(columns)s, %(options)s,
            %(user_id)s, %(uses)s)
        ON CONFLICT (organization_id, target, fingerprint) DO UPDATE SET header = excluded.header,
            columns = excluded.columns, options = excluded.options, uses = m.uses + excluded.uses, used_at = now()
        """,
        {
            "target": target,
            "fingerprint": fingerprint,
            "header": Jsonb(header),
            "columns": Jsonb(columns),
            "options": Jsonb(options),
            "user_id": user_id,
            "uses": uses,
        },
    )


def count_use(conn: Connection, *, memory_id: int) -> None:
    conn.execute(
        """
        UPDATE import_mappings SET uses = uses + 1, used_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": memory_id},
    )


def delete_memory(conn: Connection, *, memory_id: int) -> bool:
    cursor = conn.execute(
        "DELETE FROM import_mappings WHERE organization_id = current_organization() AND id = %(id)s", {"id": memory_id}
    )
    return cursor.rowcount == 1
