"""Copies of stored files on this machine's disk, up to a size; what was not used for longest goes first."""

import os
import threading
import time
from pathlib import Path
from typing import BinaryIO, Final

from tranche.kernel.storage.domain import FileMissing, Kept, Readable, StoredFile
from tranche.kernel.storage.local import LocalFiles

_LEAST_SECONDS: Final = 3_600.0  # a copy may be in use by a child process, or wait to be joined with others
_BETWEEN: Final = 60.0
_ANY: Final = 1 << 62


class Cache:
    """A folder of copies. Losing it loses nothing."""

    def __init__(self, root: Path, *, most_bytes: int, least_seconds: float = _LEAST_SECONDS) -> None:
        """More than `most_bytes` are kept only of what was used within the last `least_seconds`."""
        self._files = LocalFiles(root)
        self._most = most_bytes
        self._least = least_seconds
        self._lock = threading.Lock()
        self._trimmed = 0.0

    def put(self, organization_id: int, stream: Readable, *, limit: int) -> StoredFile:
        """As `Files.put`."""
        return self._files.put(organization_id, stream, limit=limit)

    def open(self, organization_id: int, sha256: bytes) -> BinaryIO:
        """As `Files.open`."""
        return self._files.open(organization_id, sha256)

    def find(self, organization_id: int, sha256: bytes) -> Path | None:
        """The path of the copy, used from now on."""
        try:
            path = self._files.path(organization_id, sha256)
            os.utime(path)
        except (FileMissing, FileNotFoundError):
            return None
        return path

    def fill(self, organization_id: int, stream: Readable, *, sha256: bytes) -> Path:
        """Take a copy from the stream.

        Raises:
            FileMissing: the stream holds something else than the hash says.
        """
        stored = self._files.put(organization_id, stream, limit=_ANY)
        if stored.sha256 != sha256:
            self._files.delete(organization_id, stored.sha256)
            raise FileMissing
        return self._files.path(organization_id, sha256)

    def drop(self, organization_id: int, sha256: bytes) -> None:
        """Remove the copy, if there is one."""
        self._files.delete(organization_id, sha256)

    def clear_parts(self, organization_id: int, *, before: float) -> int:
        """As `Storage.clear_parts`."""
        return self._files.clear_parts(organization_id, before=before)

    def trim(self, *, now: float | None = None) -> int:
        """Remove the oldest copies beyond the size; returns how many. At most once a minute, unless `now` is given."""
        if not self._lock.acquire(blocking=False):
            return 0
        try:
            moment = time.time() if now is None else now
            if now is None and moment - self._trimmed < _BETWEEN:
                return 0
            self._trimmed = moment
            return self._trim(moment)
        finally:
            self._lock.release()

    def _trim(self, now: float) -> int:
        copies = [(org, kept) for org in self._files.organizations() for kept in self._files.list_kept(org)]
        copies.sort(key=lambda pair: pair[1].modified)
        excess = sum(kept.size for _, kept in copies) - self._most
        removed = 0
        for organization_id, kept in copies:
            if excess <= 0 or not self._is_old(kept, now):
                break
            if kept.sha256 is not None:
                removed += self._files.delete(organization_id, kept.sha256)
                excess -= kept.size
        return removed

    def _is_old(self, kept: Kept, now: float) -> bool:
        return now - kept.modified >= self._least
