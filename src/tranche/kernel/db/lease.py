"""Who uses the embedded server: the kernel drops a lease at any death, so the last one out is always known."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tranche.kernel.errors import Unavailable

_PAUSE = 0.02


class StillBusy(Unavailable):
    """Another process has been starting or stopping the server for too long."""

    code = "database_busy"


class Lease:
    """A shared lock on one file says "in use"; an exclusive lock on another lets one process start or stop."""

    def __init__(self, folder: Path) -> None:
        self._lease = folder / "lease.lock"
        self._turn = folder / "turn.lock"
        self._held: int | None = None

    @property
    def held(self) -> bool:
        return self._held is not None

    @contextmanager
    def turn(self, *, timeout: float) -> Iterator[None]:
        """Be the only one who starts or stops the server; `timeout` is in seconds.

        Raises:
            StillBusy: the turn did not come in time.
        """
        handle = _open(self._turn)
        try:
            deadline = time.monotonic() + timeout
            while not _try_lock(handle, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise StillBusy(f"Another process has been starting the database for over {timeout:.0f} s.")
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(handle)

    def take(self) -> None:
        """Say that the server is in use; only within a turn."""
        handle = _open(self._lease)
        fcntl.flock(handle, fcntl.LOCK_SH)
        self._held = handle

    def is_last(self) -> bool:
        """Whether nobody else uses the server; only within a turn, and `drop` must follow."""
        return self._held is not None and _try_lock(self._held, fcntl.LOCK_EX)

    def drop(self) -> None:
        """Say that we use the server no longer."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
