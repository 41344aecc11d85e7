"""The register of files: which ones each organization has. The files themselves lie behind `Files`."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.storage import queries
from tranche.kernel.storage.domain import StoredFile


def register(conn: Connection, *, stored: StoredFile) -> None:
    """Note that the current organization has this file; the same file again changes nothing.

    `Files.put` comes first, before the transaction where the source is slow: should the transaction roll back, an
    unregistered file remains, never a row without its file.
    """
    queries.record_file(conn, sha256=stored.sha256, size=stored.size)


def find(conn: Connection, *, sha256: bytes) -> StoredFile | None:
    """The registered file of the current organization, if there is one."""
    return queries.find_file(conn, sha256=sha256)
