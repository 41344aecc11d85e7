"""The folder of an installation on this machine: its key, its address, and who has it up."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tranche.kernel.client.address import KEY_FILE, URL_FILE
from tranche.kernel.errors import Conflict


class AlreadyUp(Conflict):
    """Another process runs this home."""

    code = "already_up"


class Home:
    """What the processes of one installation leave for each other and for the commands."""

    def __init__(self, folder: Path) -> None:
        """`folder` is TRANCHE_HOME; it is made when it is first needed."""
        self.folder = folder
        self.key_file = folder / KEY_FILE
        self.url_file = folder / URL_FILE

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process that has this home up; the lock falls with the process, however it ends.

        Raises:
            AlreadyUp: another one has.
        """
        self.make()
        handle = os.open(self.folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            where = self.read_url()
            raise AlreadyUp(
                f"Tranche is up already in {self.folder}{f', at {where}' if where else ''}. End it first, or name "
                "another folder by TRANCHE_HOME."
            ) from None
        try:
            yield
        finally:
            self.url_file.unlink(missing_ok=True)
            os.close(handle)

    def make(self) -> None:
        """Make the folder; the database of root's installation runs as another user, who must pass through."""
        self.folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)

    def read_key(self) -> str | None:
        """The key that the commands on this machine use."""
        return _read(self.key_file)

    def write_key(self, secret: str) -> None:
        """Keep the key where only this user reads it."""
        self.make()
        write_private(self.key_file, f"{secret}\n".encode())

    def read_url(self) -> str | None:
        """Where the server of this home listens, while it is up."""
        return _read(self.url_file)

    def write_url(self, url: str) -> None:
        """Say where the server listens."""
        write_private(self.url_file, f"{url}\n".encode())


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def write_private(file: Path, content: bytes) -> None:
    """The whole file or none, also after a power cut, and never readable by others in between."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    scratch.replace(file)
