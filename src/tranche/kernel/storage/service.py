"""The verbs of storage: keep a file and register it."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.storage import queries
from tranche.kernel.storage.domain import Files, Readable, StoredFile


def store(conn: Connection, files: Files, organization_id: int, *, stream: Readable, limit: int) -> StoredFile:
    """Keep the stream and register it, for streams that are already at hand, such as a spooled upload.

    The file is kept first: should the transaction roll back, an unregistered file remains, never a row without
    its file. A slow source must be `put` before the transaction is opened, and then `register`ed.

    Raises:
        FileTooLarge: more than `limit` bytes.
        StorageFull: no room on the disk.
    """
    stored = files.put(organization_id, stream, limit=limit)
    register(conn, stored=stored)
    return stored


def register(conn: Connection, *, stored: StoredFile) -> None:
    """Note that the current organization has this file; the same file again changes nothing."""
    queries.record_file(conn, sha256=stored.sha256, size=stored.size)


def find(conn: Connection, *, sha256: bytes) -> StoredFile | None:
    """The registered file of the current organization, if there is one."""
    return queries.find_file(conn, sha256=sha256)
