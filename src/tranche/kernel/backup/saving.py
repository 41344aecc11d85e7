"""A backup made: one moment of the database, and every file that this moment names."""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from tranche.kernel.audit.anchors import Anchor
from tranche.kernel.audit.queries.seals import walk_heads
from tranche.kernel.backup import queries
from tranche.kernel.backup.domain import FORMAT, KEY, Done, Dump, Manifest, Progress
from tranche.kernel.backup.places import Target, file_name, hash_of
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.db.programs import ProgramFailed, Programs
from tranche.kernel.doctor.queries.register import walk_files
from tranche.kernel.errors import NotFound
from tranche.kernel.storage.domain import Readable, Storage, StorageFull


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The signing key: its mark, and its text where it goes into the backup."""

    mark: bytes
    text: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What a backup is made from."""

    owner_url: str
    storage: Storage
    key: Key
    programs: Programs
    environ: Mapping[str, str]
    version: str
    now: datetime


_PART: Final = ".part-database.dump"


def save(conn: Connection, target: Target, saving: Saving, *, progress: Progress) -> Done:
    """Make a backup; `conn` is the owner's, in autocommit. Others may work meanwhile.

    Files are taken after the database, and a file comes before its row, so that every row finds its file.

    Raises:
        ProgramFailed: `pg_dump` did not do it.
        StorageFull: there is no room for it.
    """
    conn.execute("SET default_transaction_isolation = 'repeatable read'")
    with conn.transaction():
        dump = _dump(conn, target, saving, progress=progress)
        files = _Files(saving.storage, target)
        total = sum(row["size"] for row in walk_files(conn))
        with progress("Files", total=total) as advance:
            files.save(walk_files(conn), advance=advance)
        migrations = queries.list_migrations(conn)
        heads = [Anchor.of(head) for head in walk_heads(conn)]
    if saving.key.text is not None:
        target.add(KEY, io.BytesIO(saving.key.text), size=len(saving.key.text))
    manifest = Manifest(
        format=FORMAT,
        tranche=saving.version,
        made_at=saving.now.isoformat(timespec="seconds"),
        migrations=migrations,
        database=dump,
        files=files.count,
        file_bytes=files.size,
        key_mark=saving.key.mark.hex(),
        has_key=saving.key.text is not None,
        audit_heads=heads,
    )
    target.finish(manifest)
    return Done(manifest=manifest, missing=tuple(files.missing), known_files=files.known)


def _dump(conn: Connection, target: Target, saving: Saving, *, progress: Progress) -> Dump:
    path = target.folder / _PART
    try:
        with progress("Database", total=None):
            path.touch(mode=0o600)
            snapshot = queries.hold_snapshot(conn)
            saving.programs.dump(saving.owner_url, path, snapshot=snapshot, environ=saving.environ)
            with path.open("rb") as file:
                sha256, size = hash_of(file)
        name = f"database-{sha256[:16]}.dump"
        target.take(name, path)
    except ProgramFailed as error:
        if "No space left" in error.message and "ERROR:" not in error.message:  # here, and not at the server
            raise StorageFull from error
        raise
    finally:
        path.unlink(missing_ok=True)
    return Dump(name=name, sha256=sha256, size=size, server=conn.info.server_version // 10_000)


class _Files:
    """The stored files on their way into a backup, and what was not there."""

    def __init__(self, storage: Storage, target: Target) -> None:
        self._storage = storage
        self._target = target
        self.count = 0
        self.known = 0
        self.size = 0
        self.missing: list[str] = []

    def save(self, rows: Iterator[Row], *, advance: Callable[[int], None]) -> None:
        for organization_id, own in groupby(rows, key=lambda row: row["organization_id"]):
            sizes = {kept.sha256: kept.size for kept in self._storage.list_kept(organization_id)}
            for row in own:
                self._save(row, found=sizes.get(row["sha256"]))
                advance(row["size"])

    def _save(self, row: Row, *, found: int | None) -> None:
        name = file_name(row["organization_id"], row["sha256"])
        if found != row["size"] or not self._copy(row, name):
            self.missing.append(name)
            return
        self.count += 1
        self.size += row["size"]

    def _copy(self, row: Row, name: str) -> bool:
        if self._target.has(name, size=row["size"]):
            self.known += 1
            return True
        try:
            with self._storage.stream(row["organization_id"], row["sha256"]) as stream:
                hashed = Hashed(stream)
                self._target.add(name, hashed, size=row["size"])
        except NotFound:
            return False
        return hashed.sha256 == bytes(row["sha256"])


class Hashed:
    """A stream whose SHA-256 is known at its end."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        """As the stream's own."""
        piece = self._stream.read(size)
        self._digest.update(piece)
        return piece

    @property
    def sha256(self) -> bytes:
        """Of what was read so far."""
        return self._digest.digest()
