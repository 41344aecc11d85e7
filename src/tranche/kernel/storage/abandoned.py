"""Files that no row names: an upload was refused, or ended before its transaction did."""

import time

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.storage import queries
from tranche.kernel.storage.domain import Storage

OLDER_THAN = 1_800.0
DISCARDED = 86_400.0

log = structlog.get_logger(__name__)


def clear_abandoned(database: Database, files: Storage, *, older_than: float = OLDER_THAN) -> int:
    """Remove files and parts of files older than so many seconds that are not registered; returns how many.

    Any process may call it at any time. A file comes before its row, so only old ones are looked at.
    """
    now = time.time()
    removed = 0
    for organization_id in files.organizations():
        removed += files.clear_parts(organization_id, before=now - older_than)
        removed += _discard(database, files, organization_id, before=now - older_than)
        _settle(database, files, organization_id, before=now - DISCARDED)
    if removed:
        log.info("storage.cleared", files=removed)
    return removed


def _discard(database: Database, files: Storage, organization_id: int, *, before: float) -> int:
    old = (kept.sha256 for kept in files.list_kept(organization_id) if kept.modified < before)
    removed = 0
    for sha256 in filter(None, old):
        with database.transaction(organization_id) as conn:
            if queries.find_file(conn, sha256=sha256) is None:
                removed += files.discard(organization_id, sha256, before=before)
    return removed


def _settle(database: Database, files: Storage, organization_id: int, *, before: float) -> None:
    """What was put and registered in the very moment in which it was discarded comes back, the rest is forgotten."""
    for sha256 in files.list_discarded(organization_id, before=before):
        with database.transaction(organization_id) as conn:
            is_registered = queries.find_file(conn, sha256=sha256) is not None
        files.settle(organization_id, sha256, keep=is_registered)
