"""Files that no row names: an upload was refused, or ended before its transaction did."""

import time

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.storage import queries
from tranche.kernel.storage.local import LocalFiles

OLDER_THAN = 1_800.0

log = structlog.get_logger(__name__)


def clear_abandoned(database: Database, files: LocalFiles, *, older_than: float = OLDER_THAN) -> int:
    """Remove files and parts of files older than so many seconds that are not registered; returns how many.

    Any process may call it at any time. A file comes before its row, so only old ones are looked at.
    """
    before = time.time() - older_than
    removed = 0
    for organization_id in files.organizations():
        removed += files.clear_parts(organization_id, before=before)
        for sha256 in files.list_old(organization_id, before=before):
            with database.transaction(organization_id) as conn:
                if queries.find_file(conn, sha256=sha256) is None:
                    removed += files.discard(organization_id, sha256, before=before)
    if removed:
        log.info("storage.cleared", files=removed)
    return removed
