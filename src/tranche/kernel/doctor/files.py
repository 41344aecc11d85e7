"""Whether the files of an installation are those that its register names, and whether there is room for more."""

import hashlib
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.doctor.domain import MOST_FINDINGS, Finding
from tranche.kernel.doctor.queries.register import walk_files
from tranche.kernel.errors import NotFound
from tranche.kernel.storage.domain import Storage
from tranche.kernel.storage.local import find_free
from tranche.kernel.text import plural

LEAST_FREE = 1_000_000_000  # bytes
_ORPHAN_SECONDS = 3_600.0
_PIECE = 1 << 20


def missing_files(conn: Connection, storage: Storage, *, deep: bool) -> list[Finding]:
    """Registered files that are not there, or not as they were; `deep` reads each of them and compares its hash."""
    return list(islice(_faults(conn, storage, deep=deep), MOST_FINDINGS + 1))


def orphans(conn: Connection, storage: Storage, *, now: float) -> list[Finding]:
    """Files that no register names, `now` being the clock: older than an hour, because a file comes before its row."""
    known = {(row["organization_id"], row["sha256"]) for row in walk_files(conn)}
    found = (
        Finding(organization_id, f"{kept.name} ({plural(kept.size, 'byte')}) is in no register")
        for organization_id in storage.organizations()
        for kept in storage.list_kept(organization_id)
        if (organization_id, kept.sha256) not in known and now - kept.modified > _ORPHAN_SECONDS
    )
    return list(islice(found, MOST_FINDINGS + 1))


def closed_storage(storage: Storage) -> list[Finding]:
    """A storage that takes no file now; a small one is written, read and removed."""
    fault = storage.find_fault()
    return [Finding(None, fault)] if fault else []


def full_disk(folder: Path, *, least: int = LEAST_FREE) -> list[Finding]:
    """Less than `least` bytes free where the data are."""
    place, free = find_free(folder)
    return [Finding(None, f"{place} has {free:,} bytes left; make room for at least {least:,}")] if free < least else []


def _faults(conn: Connection, storage: Storage, *, deep: bool) -> Iterator[Finding]:
    """One listing of each organization, instead of a question for each file."""
    for organization_id, rows in groupby(walk_files(conn), key=lambda row: row["organization_id"]):
        sizes = {kept.sha256: kept.size for kept in storage.list_kept(organization_id)}
        for row in rows:
            fault = _fault(storage, row, size=sizes.get(row["sha256"]), deep=deep)
            if fault:
                yield Finding(organization_id, f"file {row['sha256'].hex()[:12]}... {fault}")


def _fault(storage: Storage, row: Row, *, size: int | None, deep: bool) -> str | None:
    if size is None and not storage.exists(row["organization_id"], row["sha256"]):
        return "is missing"
    if size is not None and size != row["size"]:
        return f"has {plural(size, 'byte')} instead of {row['size']:,}"
    return "does not hold what was stored" if deep and _hash(storage, row) != row["sha256"] else None


def _hash(storage: Storage, row: Row) -> bytes | None:
    digest = hashlib.sha256()
    try:
        with storage.stream(row["organization_id"], row["sha256"]) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except NotFound:
        return None
    return digest.digest()
