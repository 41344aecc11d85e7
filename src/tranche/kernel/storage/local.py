"""Files in a local folder: `<root>/<organization>/<first two hex digits>/<hash>`, notes in `<root>/notes`."""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tranche.kernel.storage.domain import FileMissing, FileTooLarge, Kept, Readable, StorageFull, StoredFile, note_name

_CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")
_HASH_BYTES = 32
_NOTES = "notes"
_PROBE = b"tranche doctor was here"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LocalFiles:
    """The port `Files` over one folder, which all processes of this machine may share."""

    def __init__(self, root: Path) -> None:
        """`root` is made when the first file comes."""
        self._root = root

    def put(self, organization_id: int, stream: Readable, *, limit: int) -> StoredFile:
        """See `Files.put`. A reader sees the whole file or none, also after a power cut."""
        with room(), _part(self._folder(organization_id)) as (part, name):
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

    def stream(self, organization_id: int, sha256: bytes) -> BinaryIO:
        """See `Storage.stream`."""
        return self.open(organization_id, sha256)

    def list_kept(self, organization_id: int) -> Iterator[Kept]:
        """See `Storage.list_kept`."""
        folder = self._folder(organization_id)
        for path in (*sorted(folder.glob("*/*")), *sorted(folder.glob(".part-*"))):
            with contextlib.suppress(FileNotFoundError):  # renamed or removed while we looked
                is_whole = _NAME.fullmatch(path.name) is not None
                if is_whole or path.name.startswith(".part-"):
                    state = path.stat()
                    yield Kept(
                        name=str(path.relative_to(self._root)),
                        sha256=bytes.fromhex(path.name) if is_whole else None,
                        size=state.st_size,
                        modified=state.st_mtime,
                    )

    def discard(self, organization_id: int, sha256: bytes, *, before: float) -> bool:
        """See `Storage.discard`.

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

    def list_discarded(self, organization_id: int, *, before: float) -> Iterable[bytes]:
        """Nothing: what is discarded here is looked at once more in the same moment."""
        del organization_id, before
        return ()

    def settle(self, organization_id: int, sha256: bytes, *, keep: bool) -> None:
        """Nothing is left to settle, see `list_discarded`."""

    def clear_parts(self, organization_id: int, *, before: float) -> int:
        """See `Storage.clear_parts`."""
        old = [path for path in self._folder(organization_id).glob(".part-*") if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def write_note(self, organization_id: int, name: str, content: bytes) -> None:
        """See `Storage.write_note`."""
        target = self._note(organization_id, name)
        with room(), _part(target.parent) as (part, path):
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            path.replace(target)
            _sync_folder(target.parent)

    def read_note(self, organization_id: int, name: str) -> bytes | None:
        """See `Storage.read_note`."""
        try:
            return self._note(organization_id, name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def delete_note(self, organization_id: int, name: str) -> None:
        """See `Storage.delete_note`."""
        target = self._note(organization_id, name)
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
            _sync_folder(target.parent)

    def list_notes(self, name: str) -> list[int]:
        """See `Storage.list_notes`."""
        found = self._root.glob(f"{_NOTES}/*/{note_name(name)}")
        return sorted(int(path.parent.name) for path in found if path.parent.name.isdigit())

    def find_fault(self) -> str | None:
        """See `Storage.find_fault`."""
        try:
            with _part(self._root) as (part, name):
                part.write(_PROBE)
                part.flush()
                os.fsync(part.fileno())
                if name.read_bytes() != _PROBE:
                    return f"{self._root} gives back other bytes than were written"
        except OSError as error:
            return f"{self._root} cannot be written: {error.strerror or type(error).__name__}"
        return None

    def _folder(self, organization_id: int) -> Path:
        # int() so that no caller's text can ever name a folder
        return self._root / str(int(organization_id))

    def _note(self, organization_id: int, name: str) -> Path:
        return self._root / _NOTES / str(int(organization_id)) / note_name(name)

    def _target(self, organization_id: int, sha256: bytes) -> Path:
        if len(sha256) != _HASH_BYTES:
            raise ValueError("a SHA-256 has 32 bytes")
        name = sha256.hex()
        return self._folder(organization_id) / name[:2] / name


def find_free(place: Path) -> tuple[Path, int]:
    """The folder nearest to a path that is there, and how many bytes are free on its disk."""
    folder = next(folder for folder in (place, *place.parents) if folder.is_dir())
    return folder, shutil.disk_usage(folder).free


@contextmanager
def room() -> Iterator[None]:
    """Say in one sentence that the disk is full; raises StorageFull."""
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
