"""Whether the files of an installation are those that its register names, and whether there is room for more."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.doctor.domain import MOST_FINDINGS, Finding
from tranche.kernel.doctor.queries.register import walk_files

LEAST_FREE = 1_000_000_000  # bytes
_ORPHAN_SECONDS = 3_600.0
_HASH = re.compile(r"[0-9a-f]{64}")


def missing_files(conn: Connection, root: Path, *, deep: bool) -> list[Finding]:
    """Registered files that are not there, or not as they were; `deep` reads each of them and compares its hash."""
    found = (
        Finding(row["organization_id"], f"file {row['sha256'].hex()[:12]}... {fault}")
        for row in walk_files(conn)
        if (fault := _fault(_place(root, row), row, deep=deep))
    )
    return list(islice(found, MOST_FINDINGS + 1))


def orphans(conn: Connection, root: Path, *, now: float) -> list[Finding]:
    """Files that no register names, `now` being the clock: older than an hour, because a file comes before its row."""
    known = {(row["organization_id"], row["sha256"].hex()) for row in walk_files(conn)}
    found = (
        Finding(organization_id, f"{path.relative_to(root)} ({path.stat().st_size:,} bytes) is in no register")
        for organization_id, path in _stored(root)
        if (organization_id, path.name) not in known and now - path.stat().st_mtime > _ORPHAN_SECONDS
    )
    return list(islice(found, MOST_FINDINGS + 1))


def full_disk(folder: Path, *, least: int = LEAST_FREE) -> list[Finding]:
    """Less than `least` bytes free where the data are."""
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    return [Finding(None, f"{place} has {free / 1e9:.1f} GB left")] if free < least else []


def _place(root: Path, row: Row) -> Path:
    """As `kernel.storage.local` keeps them: organization, two digits, hash."""
    name: str = row["sha256"].hex()
    return root / str(row["organization_id"]) / name[:2] / name


def _stored(root: Path) -> Iterator[tuple[int, Path]]:
    for folder in sorted(root.glob("*/")):
        if folder.name.isdigit():
            yield from ((int(folder.name), path) for path in sorted(folder.glob("*/*")) if _HASH.fullmatch(path.name))
            yield from ((int(folder.name), path) for path in sorted(folder.glob(".part-*")))


def _fault(path: Path, row: Row, *, deep: bool) -> str | None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return "is missing"
    if size != row["size"]:
        return f"has {size:,} bytes instead of {row['size']:,}"
    if deep and _hash(path) != row["sha256"]:
        return "does not hold what was stored"
    return None


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
