"""Files in a local folder: `<root>/<organization>/<first two hex digits>/<hash>`."""

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tranche.kernel.storage.domain import FileMissing, FileTooLarge, Readable, StorageFull, StoredFile

_CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")
_HASH_BYTES = 32
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LocalFiles:
    """The port `Files` over one folder, which all processes of this machine may share."""

    def __init__(self, root: Path) -> None:
        """`root` is made when the first file comes."""
        self._root = root

    def put(self, organization_id: int, stream: Readable, *, limit: int) -> StoredFile:
        """See `Files.put`. A reader sees the whole file or none, also after a power cut."""
        with _room(), _part(self._folder(organization_id)) as (part, name):
            stored = _copy(stream, part, limit=limit)
            target = self._target(organization_id, stored.sha256)
            _make_folder(target.parent)
            name.replace(target)
            _sync_folder(target.parent)
        return stored

    def open(self, organization_id: int, sha256: bytes) -> BinaryIO:
        """See `Files.open`."""
        try:
            return self._target(organization_id, sha256).open("rb")
        except FileNotFoundError:
            raise FileMissing from None

    def path(self, organization_id: int, sha256: bytes) -> Path:
        """See `Files.path`."""
        target = self._target(organization_id, sha256)
        if not target.is_file():
            raise FileMissing
        return target

    def exists(self, organization_id: int, sha256: bytes) -> bool:
        """See `Files.exists`."""
        return self._target(organization_id, sha256).is_file()

    def delete(self, organization_id: int, sha256: bytes) -> bool:
        """See `Files.delete`."""
        target = self._target(organization_id, sha256)
        try:
            target.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(target.parent)
        return True

    def organizations(self) -> list[int]:
        """The organizations that have a folder here."""
        return sorted(int(folder.name) for folder in self._root.glob("*/") if folder.name.isdigit())

    def list_old(self, organization_id: int, *, before: float) -> Iterator[bytes]:
        """The hashes of files that were last put before a moment of the clock."""
        for path in sorted(self._folder(organization_id).glob("*/*")):
            if _NAME.fullmatch(path.name) and path.stat().st_mtime < before:
                yield bytes.fromhex(path.name)

    def discard(self, organization_id: int, sha256: bytes, *, before: float) -> bool:
        """Remove a file that nobody registered, unless it has been put again meanwhile.

        It is moved aside first and looked at once more: what is put at this very moment is put back.
        """
        target = self._target(organization_id, sha256)
        aside = self._folder(organization_id) / f".part-{target.name}"
        target.rename(aside)
        if aside.stat().st_mtime >= before:
            aside.rename(target)
            return False
        aside.unlink()
        return True

    def clear_parts(self, organization_id: int, *, before: float) -> int:
        """Remove what uploads left behind that ended before they were whole; returns how many."""
        old = [path for path in self._folder(organization_id).glob(".part-*") if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _folder(self, organization_id: int) -> Path:
        # int() so that no caller's text can ever name a folder
        return self._root / str(int(organization_id))

    def _target(self, organization_id: int, sha256: bytes) -> Path:
        if len(sha256) != _HASH_BYTES:
            raise ValueError("a SHA-256 has 32 bytes")
        name = sha256.hex()
        return self._folder(organization_id) / name[:2] / name


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        raise


@contextmanager
def _part(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A temporary file in the same file system, so that the rename is atomic; removed unless it was renamed."""
    _make_folder(folder)
    handle, path = tempfile.mkstemp(prefix=".part-", dir=folder)
    name = Path(path)
    try:
        with os.fdopen(handle, "wb") as part:
            yield part, name
    finally:
        name.unlink(missing_ok=True)


def _copy(stream: Readable, part: BinaryIO, *, limit: int) -> StoredFile:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit)
        digest.update(chunk)
        part.write(chunk)
    part.flush()
    os.fsync(part.fileno())
    return StoredFile(sha256=digest.digest(), size=size)


def _make_folder(folder: Path) -> None:
    """Make it and its parents, each name synced into its parent: a renamed file must not lose its folder."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
