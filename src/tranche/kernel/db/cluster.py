"""One database cluster on this machine: made, started, recovered and stopped; only within a turn of its lease."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from tranche.kernel.db.account import Account
from tranche.kernel.db.binaries import Binaries
from tranche.kernel.db.places import Places
from tranche.kernel.errors import Conflict, Unavailable

RECOVERY_SECONDS = 300.0
_STOP_SECONDS = 60.0
_ORPHAN_SECONDS = 10.0
_PAUSE = 0.02
_LOG_BYTES = 10_000_000
_TAIL = 2_000
_CAUSES = ("FATAL: ", "PANIC: ", "HINT: ")
_BUILTIN_LOCALES_SINCE = 17
_PROC = Path("/proc")

log = structlog.get_logger(__name__)


class ForeignCluster(Conflict):
    """The data were written by another major version of PostgreSQL."""

    code = "foreign_cluster"


class ServerFailed(Unavailable):
    """The embedded server did not start, did not stop or could not be set up."""

    code = "database_failed"


class Cluster:
    """A data folder, the programs for it, and the server on it."""

    def __init__(self, places: Places, binaries: Binaries, account: Account, *, fsync: bool) -> None:
        self.places = places
        self._binaries = binaries
        self._account = account
        self._fsync = fsync
        self._child: subprocess.Popen[bytes] | None = None
        self._log_begins = 0

    def ensure_made(self) -> None:
        """Make the data folder where there is none.

        Raises:
            ForeignCluster: there is one, of another major version.
            ServerFailed: `initdb` failed.
        """
        if not (self.places.data / "PG_VERSION").exists():
            self._make()
        found = (self.places.data / "PG_VERSION").read_text().strip()
        if found != str(self._binaries.major):
            raise ForeignCluster(
                f"The data in {self.places.data} are of PostgreSQL {found}, the programs in {self._binaries.folder} "
                f"of {self._binaries.major}. Dump with the old programs (`pg_dump`) and restore into a new "
                f"TRANCHE_HOME, or name a folder of PostgreSQL {found} by TRANCHE_PG_BIN."
            )

    def ensure_running(self) -> None:
        """Start the server where none runs, and wait until it answers; a long recovery is waited for.

        Raises:
            ServerFailed: it ended, or did not answer within RECOVERY_SECONDS.
        """
        deadline = time.monotonic() + RECOVERY_SECONDS
        launched = False
        while not self._answers():
            if not self.is_alive():
                if launched and self._has_ended():
                    raise ServerFailed(
                        f"The embedded PostgreSQL did not start. {self.places.little_room()}{self._why()}"
                    )
                if not launched:
                    self._launch()
                    launched = True
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"The embedded PostgreSQL did not answer for {RECOVERY_SECONDS:.0f} s; it may still be recovering. "
                    f"{self.places.little_room()}{self._why()}"
                )
            time.sleep(_PAUSE)

    def is_alive(self) -> bool:
        """Whether a server is there, whoever started it."""
        pid = _first_pid(self.places.data / "postmaster.pid")
        return (pid is not None and self._serves(pid)) or self._listens()

    def stop(self) -> None:
        """End the server: running statements are rolled back, what was committed is on disk."""
        for how in (signal.SIGINT, signal.SIGQUIT):
            pid = _first_pid(self.places.data / "postmaster.pid")
            if pid is None or not self.is_alive():
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            if self._gone(_STOP_SECONDS):
                break
        else:
            raise ServerFailed(f"The embedded PostgreSQL did not stop within {_STOP_SECONDS:.0f} s.")
        if self._child is not None:
            self._child.wait(_STOP_SECONDS)
            self._child = None

    def _make(self) -> None:
        # Beside its place and then renamed, so that a death in the middle leaves nothing that looks whole.
        scratch = self.places.base / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        done = self._account.run(
            self._binaries.folder / "initdb",
            f"--pgdata={scratch}",
            "--username=postgres",
            # Trust is enough: no TCP, and the kernel lets only the server's own user (and root) into the
            # socket's 0700 folder. Whoever gets there could read the data files anyway.
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--data-checksums",
            "--no-instructions",
            *_locale(self._binaries.major),
            *([] if self._fsync else ["--no-sync"]),
        )
        if done.returncode:
            raise ServerFailed(
                f"The database could not be made in {self.places.base}. {self.places.little_room()}"
                f"initdb says: {done.stderr.strip()[-_TAIL:]}"
            )
        scratch.rename(self.places.data)
        if self._fsync:
            _sync_folder(self.places.base)

    def _launch(self) -> None:
        self._end_orphans()
        self._forget_the_dead()
        if self.places.log.exists() and self.places.log.stat().st_size > _LOG_BYTES:
            self.places.log.replace(self.places.log.with_suffix(".log.1"))
        self._log_begins = self.places.log.stat().st_size if self.places.log.exists() else 0
        settings = _settings(self.places, fsync=self._fsync)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._child = self._account.spawn(
            self._binaries.folder / "postgres", "-D", self.places.data, *words, output=self.places.log
        )

    def _has_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.places.socket))
            except OSError:
                return False
        return True

    def _serves(self, pid: int) -> bool:
        # A zombie has no working folder and a recycled number has another one.
        try:
            where = (_PROC / str(pid) / "cwd").readlink()
            what = (_PROC / str(pid) / "exe").readlink()
        except OSError:
            return False
        return where == self.places.data and what.name.startswith("postgres")

    def _answers(self) -> bool:
        try:
            psycopg.connect(server_url(self.places, user="postgres", database="postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end_orphans(self) -> None:
        # Backends that outlive a killed postmaster still write: a second server beside them would ruin the data.
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _ORPHAN_SECONDS
            while (left := self._residents()) and time.monotonic() < deadline:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, how)
                time.sleep(_PAUSE)
        if left:
            raise ServerFailed(f"Processes of an earlier server do not end: {', '.join(map(str, left))}.")

    def _residents(self) -> list[int]:
        if not _PROC.is_dir():
            return []
        return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit() and self._serves(int(entry.name))]

    def _forget_the_dead(self) -> None:
        # PostgreSQL clears up after itself, except where the number in its file still exists as a zombie or as
        # somebody else, or where it died while it wrote the file: then it refuses to start.
        for file in (
            self.places.data / "postmaster.pid",
            self.places.socket.with_name(f"{self.places.socket.name}.lock"),
        ):
            if file.exists():
                pid = _first_pid(file)
                if pid is None or _exists(pid):
                    log.warning("stale_lock_removed", file=str(file), pid=pid)
                    file.unlink()

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def _why(self) -> str:
        """What this start has logged: why it ended, where that is said; else its end."""
        with self.places.log.open(errors="replace") as file:
            file.seek(self._log_begins)
            lines = file.read().splitlines()
        causes = [line for line in lines if any(mark in line for mark in _CAUSES)]
        said = " / ".join(line.split("] ", 1)[-1].strip() for line in causes or lines)[-_TAIL:]
        return f"Its log, {self.places.log}, says: {said or 'nothing'}"


def server_url(places: Places, *, user: str, database: str) -> str:
    """The libpq address of a database over the socket."""
    return f"postgresql://{user}@/{database}?host={quote(str(places.sockets))}&port=5432"


def _locale(major: int) -> list[str]:
    if major >= _BUILTIN_LOCALES_SINCE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _settings(places: Places, *, fsync: bool) -> dict[str, str]:
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(places.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "maintenance_work_mem": "128MB",
        "work_mem": "16MB",
        "max_wal_size": "4GB",
        "jit": "off",
        "log_checkpoints": "off",
        "timezone": "UTC",
        # An error's text may hold a customer's data; refusals are logged by us, without it.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_line_prefix": "%m [%p] ",
    }
    if not fsync:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "64MB"}
    return settings


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _first_pid(file: Path) -> int | None:
    try:
        return abs(int(file.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
