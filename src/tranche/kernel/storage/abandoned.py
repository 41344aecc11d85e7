"""Files that no row names: an upload was refused, or ended before its transaction did."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

import structlog

from tranche.kernel.db.pool import Database
from tranche.kernel.storage import queries
from tranche.kernel.storage.domain import Storage

OLDER_THAN = 1_800.0
DISCARDED = 86_400.0
_AT_ONCE = 1_000

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
    for hashes in _some(sha256 for sha256 in old if sha256 is not None):
        registered = _registered(database, organization_id, hashes)
        removed += sum(
            files.discard(organization_id, sha256, before=before) for sha256 in hashes if sha256 not in registered
        )
    return removed


def _settle(database: Database, files: Storage, organization_id: int, *, before: float) -> None:
    """What was put and registered in the very moment in which it was discarded comes back, the rest is forgotten."""
    for hashes in _some(files.list_discarded(organization_id, before=before)):
        registered = _registered(database, organization_id, hashes)
        for sha256 in hashes:
            files.settle(organization_id, sha256, keep=sha256 in registered)


def _registered(database: Database, organization_id: int, hashes: list[bytes]) -> set[bytes]:
    with database.transaction(organization_id) as conn:
        return queries.list_registered(conn, hashes=hashes)


def _some(hashes: Iterable[bytes]) -> Iterator[list[bytes]]:
    """A thousand at a time, so that a question to the database is asked for many."""
    source = iter(hashes)
    while some := list(islice(source, _AT_ONCE)):
        yield some
