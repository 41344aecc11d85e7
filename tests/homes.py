"""The temporary homes of test sessions: made, and cleared away with any server that a killed session left behind."""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

_PREFIX = "tranche-tests-"
_MEMORY = Path("/dev/shm")  # noqa: S108  # a new folder below it, by a random name
_ENOUGH_BYTES = 4_000_000_000


def make_home() -> tuple[Path, int]:
    """A new home and a lock on it that says "in use" as long as this process lives."""
    home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_folder()))
    home.chmod(0o711)  # the database's user must pass through
    lock = os.open(home / "session.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return home, lock


def clear_abandoned() -> None:
    """Remove the homes of sessions that were killed, and end their servers."""
    for home in [*Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"), *_MEMORY.glob(f"{_PREFIX}*")]:
        with contextlib.suppress(OSError):
            lock = os.open(home / "session.lock", os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear(home)
            finally:
                os.close(lock)


def _folder() -> Path:
    """In memory where there is plenty, because a copy of a database takes a fraction there; else where TMPDIR says."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir():
        room = os.statvfs(_MEMORY)
        is_ours = os.access(_MEMORY, os.W_OK) and not room.f_flag & os.ST_NOEXEC  # programs are copied there, too
        if is_ours and room.f_bavail * room.f_frsize > _ENOUGH_BYTES:
            return _MEMORY
    return Path(tempfile.gettempdir())


def clear(home: Path) -> None:
    """End every server whose data lie below this home, and remove it."""
    for data in [file.parent for file in home.glob("**/postmaster.pid")]:
        _end_server(data)
    shutil.rmtree(home, ignore_errors=True)


def _end_server(data: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        working_folder = Path(f"/proc/{pid}/cwd")
        if working_folder.readlink() == data:
            os.kill(pid, signal.SIGQUIT)
            for _ in range(200):
                working_folder.readlink()  # fails when it is gone, which ends the wait
                time.sleep(0.02)
