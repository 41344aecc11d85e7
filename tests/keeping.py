"""Files kept and registered, as an upload leaves them."""

import io

from tranche.kernel.db.pool import Connection
from tranche.kernel.storage import service
from tranche.kernel.storage.domain import Files, StoredFile


def keep(conn: Connection, files: Files, organization_id: int, content: bytes) -> StoredFile:
    """Keep a file of this content, and register it in the running transaction."""
    stored = files.put(organization_id, io.BytesIO(content), limit=10_000_000)
    service.register(conn, stored=stored)
    return stored
