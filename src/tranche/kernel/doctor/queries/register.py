"""The register of files, of all organizations."""

from collections.abc import Iterator

from tranche.kernel.db.pool import Connection, Row

_AT_ONCE = 10_000


def walk_files(conn: Connection) -> Iterator[Row]:
    """Every registered file (organization_id, sha256, size); as the owner."""
    after: dict[str, object] = {"organization_id": 0, "sha256": b""}
    while rows := _next_files(conn, after=after):
        yield from rows
        after = rows[-1]


def _next_files(conn: Connection, *, after: dict[str, object]) -> list[Row]:
    return conn.execute(
        """
        SELECT organization_id, sha256, size FROM files
        WHERE (organization_id, sha256) > (%(organization_id)s, %(sha256)s)
        ORDER BY organization_id, sha256 LIMIT %(limit)s
        """,
        {"organization_id": after["organization_id"], "sha256": after["sha256"], "limit": _AT_ONCE},
    ).fetchall()
