"""Where an embedded cluster lives: its data, its socket, its log and its locks."""

import hashlib
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import structlog

from tranche.kernel.db.account import Account
from tranche.kernel.db.binaries import SHARED_FOLDER
from tranche.kernel.errors import Conflict

_LONGEST_SOCKET = 107  # bytes; sockaddr_un holds 108 with the closing NUL
_SOCKET_NAME = ".s.PGSQL.5432"
_LEAST_FREE = 64_000_000  # bytes; a few segments of its log of changes

log = structlog.get_logger(__name__)


class UnusableFolder(Conflict):
    """A folder of the database belongs to somebody else or cannot be entered."""

    code = "unusable_folder"


@dataclass(frozen=True, slots=True)
class Places:
    """`base` holds all but a socket whose path would be too long there."""

    base: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "server.log"

    @property
    def socket(self) -> Path:
        return self.sockets / _SOCKET_NAME

    def little_room(self) -> str:
        """A sentence on a disk with hardly any room, which is why much else fails; nothing where there is room."""
        free = shutil.disk_usage(self.base).free
        return f"{free:,} bytes are free on the disk of {self.base}: make room there. " if free < _LEAST_FREE else ""


def settle_places(home: Path, *, account: Account) -> Places:
    """Make the folders for the cluster of this home, and say where they are.

    Raises:
        UnusableFolder: they are there and belong to another user, or cannot be entered.
    """
    home.mkdir(mode=0o711 if account.switched else 0o700, parents=True, exist_ok=True)
    home = home.resolve()
    digest = _digest(home)
    base = _choose_base(home, digest, account=account)
    base.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    sockets = base / "socket"
    if len(str(sockets / _SOCKET_NAME).encode()) > _LONGEST_SOCKET:
        sockets = Path("/tmp") / f"tranche-{digest}"  # noqa: S108  # short by nature; `_make` checks whose it is
    for folder in (base, sockets):
        _make(folder, account=account)
    return Places(base=base.resolve(), sockets=sockets)


def has_cluster(home: Path, *, account: Account) -> bool:
    """Whether a cluster was ever made for this home; makes nothing itself."""
    home = home.resolve()
    near, far = _bases(home, _digest(home))
    try:
        return (near / "data").exists() or (account.switched and (far / "data").exists())
    except PermissionError:
        return True  # somebody else's; the start says whose


def _digest(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:16]


def _bases(home: Path, digest: str) -> tuple[Path, Path]:
    """Where the cluster of a home lies, and where it does when its user may not pass through the home."""
    return home / "postgres", SHARED_FOLDER / digest


def _choose_base(home: Path, digest: str, *, account: Account) -> Path:
    near, far = _bases(home, digest)
    # A cluster that is there already wins, so that a change of a folder's mode never shows an empty database.
    if account.switched and (far / "data").exists() and not (near / "data").exists():
        return far
    if account.can_enter(home):
        return near
    if (near / "data").exists():
        raise UnusableFolder(f"The database is in {near}, but the user {account.name} may not pass through {home}.")
    log.warning("database_elsewhere", folder=str(far), why=f"the user {account.name} may not pass through {home}")
    return far


def _make(folder: Path, *, account: Account) -> None:
    account.make_private(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
        raise UnusableFolder(
            f"{folder} must be a folder of the user {account.name}, who runs the database. "
            "Start Tranche as the user who started it first, or name another TRANCHE_HOME."
        )
    if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        folder.chmod(stat.S_IRWXU)
