"""SQL of the register of files."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.storage.domain import StoredFile


def record_file(conn: Connection, *, sha256: bytes, size: int) -> None:
    conn.execute(
        """
        INSERT INTO files (organization_id, sha256, size)
        VALUES (current_organization(), %(sha256)s, %(size)s)
        ON CONFLICT (organization_id, sha256) DO NOTHING
        """,
        {"sha256": sha256, "size": size},
    )


def list_registered(conn: Connection, *, hashes: list[bytes]) -> set[bytes]:
    """Which of these files the current organization has registered."""
    rows = conn.execute(
        """
        SELECT sha256 FROM files
        WHERE organization_id = current_organization() AND sha256 = ANY(%(hashes)s::bytea[])
        """,
        {"hashes": hashes},
    ).fetchall()
    return {bytes(row["sha256"]) for row in rows}


def find_file(conn: Connection, *, sha256: bytes) -> StoredFile | None:
    row = conn.execute(
        """
        SELECT sha256, size FROM files
        WHERE organization_id = current_organization() AND sha256 = %(sha256)s
        """,
        {"sha256": sha256},
    ).fetchone()
    return StoredFile(**row) if row else None
