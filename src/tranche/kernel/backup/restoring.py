"""A backup brought back: files first, because a file comes before its row, then the database wholly or not at all."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.kernel.audit.anchors import NOTE, replace_anchor
from tranche.kernel.audit.domain import Seal
from tranche.kernel.audit.queries.seals import find_seals
from tranche.kernel.backup import queries
from tranche.kernel.backup.domain import Damaged, Done, ForeignBackup, Manifest, Occupied, Progress
from tranche.kernel.backup.places import Source, hash_of
from tranche.kernel.db.grants import APP_ROLE, require_can_make
from tranche.kernel.db.migrate import MigrationReport, migrate, migrations
from tranche.kernel.db.pool import Connection
from tranche.kernel.db.programs import Programs
from tranche.kernel.doctor.queries.register import walk_files
from tranche.kernel.storage.domain import Storage

_LEAVE_SECONDS: Final = 3.0  # a session that its process has closed is still there for a moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """Where a backup goes."""

    owner_url: str
    storage: Storage
    programs: Programs
    environ: Mapping[str, str]


def require_fitting(conn: Connection, manifest: Manifest, *, replace: bool) -> None:
    """Refuse before anything is changed.

    Raises:
        ForeignBackup: a newer Tranche made it.
        Occupied: there is something in the database already, or somebody is connected to it.
        CannotMakeRole: the plain role is missing and may not be made.
    """
    unknown = sorted(set(manifest.migrations) - {migration.name for migration in migrations()})
    if unknown:
        raise ForeignBackup(
            f"The backup is of Tranche {manifest.tranche}, newer than this one: it knows {', '.join(unknown)}. Install "
            "that version here."
        )
    if not replace and not queries.is_empty(conn):
        raise Occupied(
            "The database is not empty. Name an empty one, or a new TRANCHE_HOME; --replace drops what is there."
        )
    ends = time.monotonic() + _LEAVE_SECONDS
    while queries.count_others(conn):
        if time.monotonic() > ends:
            raise Occupied("Others are connected to the database. End its servers and workers first.")
        time.sleep(0.1)
    require_can_make(conn, role=APP_ROLE)


def restore(
    conn: Connection, source: Source, restoring: Restoring, *, progress: Progress
) -> tuple[Done, MigrationReport]:
    """Bring a backup back; `conn` is the owner's, in autocommit, and what is in its database is dropped.

    Raises:
        Damaged: the dump or a file is not as it was written; the database is as it was.
        ProgramFailed: `pg_restore` did not do it; the database is empty then.
    """
    manifest = source.manifest
    with _dump(source, progress=progress) as path:
        _restore_files(source, restoring.storage, progress=progress)
        with progress("Database", total=None):
            queries.drop_all(conn)
            restoring.programs.restore(restoring.owner_url, path, environ=restoring.environ)
            report = migrate(restoring.owner_url)
            queries.analyze(conn)
    missing = [
        f"files/{row['organization_id']}/{row['sha256'].hex()}"
        for row in walk_files(conn)
        if not restoring.storage.exists(row["organization_id"], row["sha256"])
    ]
    lost = _restore_anchors(conn, manifest, restoring.storage)
    return Done(manifest=manifest, missing=tuple(missing), lost=tuple(lost)), report


def _restore_anchors(conn: Connection, manifest: Manifest, storage: Storage) -> list[Seal]:
    """Anchor what came back, the one time that an anchor may go backwards; the anchored heads that are lost by it."""
    heads = {head.organization_id: head.seal() for head in manifest.audit_heads}
    owners = sorted({*heads, *storage.list_notes(NOTE)})
    before = [head for owner in owners if (head := replace_anchor(storage, owner, heads.get(owner)))]
    kept = find_seals(conn, wanted=[(head.organization_id, head.number) for head in before])
    hashes = {key: seal.hash for key, seal in kept.items()}
    return [head for head in before if hashes.get((head.organization_id, head.number)) != head.hash]


@contextmanager
def _dump(source: Source, *, progress: Progress) -> Iterator[Path]:
    """The dump as a file of its own, its sum compared; `pg_restore` wants to jump about in it."""
    wanted = source.manifest.database
    with tempfile.TemporaryDirectory(prefix="tranche-restore-") as folder:
        path = Path(folder) / wanted.name
        with progress("Dump", total=wanted.size) as advance, source.open(wanted.name) as stream:
            with path.open("wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
            with path.open("rb") as file:
                found, size = hash_of(file)
            advance(size)
        if found != wanted.sha256:
            raise Damaged(f"{wanted.name} is not as it was written: its SHA-256 differs. Nothing was changed.")
        yield path


def _restore_files(source: Source, storage: Storage, *, progress: Progress) -> None:
    with progress("Files", total=source.manifest.file_bytes) as advance:
        for organization_id, sha256, size, name in source.list_files():
            with source.open(name) as stream:
                stored = storage.put(organization_id, stream, limit=size)
            if stored.sha256 != sha256:
                storage.delete(organization_id, stored.sha256)
                raise Damaged(f"{name} is not as it was written: its SHA-256 differs. The database was not changed.")
            advance(size)
