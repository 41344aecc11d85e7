"""Embedded servers for these tests: processes that hold a lease, and what runs on a data folder."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tranche.kernel.db.account import server_account

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its rights")
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes by /proc")

# Holds a lease until its input ends; says which cluster it reached, then whether it stopped the server.
_HOLDER = """
import sys
from pathlib import Path
import psycopg
import structlog
from tranche.kernel.db.embedded import EmbeddedPostgres
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
server = EmbeddedPostgres.start(Path(sys.argv[1]), pg_bin=None, fsync=False)
with psycopg.connect(server.superuser_url) as conn:
    system = conn.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0]
    started = conn.execute("SELECT pg_postmaster_start_time()").fetchone()[0]
print(system, started.isoformat(), flush=True)
sys.stdin.read()
print(server.stop(), flush=True)
"""

# Commits one row after the other and acknowledges each on its output, until somebody kills it.
_WRITER = """
import sys
from pathlib import Path
import psycopg
import structlog
from tranche.kernel.db.embedded import EmbeddedPostgres
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
server = EmbeddedPostgres.start(Path(sys.argv[1]), pg_bin=None)
with psycopg.connect(server.owner_url, autocommit=True) as conn:
    conn.execute("CREATE TABLE IF NOT EXISTS kept (id bigint GENERATED ALWAYS AS IDENTITY, text text)")
    while True:
        print(conn.execute("INSERT INTO kept (text) VALUES ('x') RETURNING id").fetchone()[0], flush=True)
"""


def start_holder(home: Path) -> subprocess.Popen[str]:
    """A process that holds a lease until its input is closed."""
    return _start(_HOLDER, home)


def start_writer(home: Path) -> subprocess.Popen[str]:
    """A process that commits rows and prints each acknowledged id."""
    return _start(_WRITER, home)


def processes_of(home: Path) -> list[int]:
    """Every server process that works in the data folder of this home, zombies left out."""
    data = home / "postgres" / "data"
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
    return found


def kill_all(pids: list[int]) -> None:
    """Kill without a chance to clean up, and wait until they are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def reload_rules(home: Path, superuser_url: str, rule: str) -> None:
    """Put a rule of authentication before those that the server of this home has."""
    file = home / "postgres" / "data" / "pg_hba.conf"
    file.write_text(f"local all postgres trust\n{rule}\n{file.read_text()}")
    with psycopg.connect(superuser_url) as conn:
        conn.execute("SELECT pg_reload_conf()")
    time.sleep(0.2)


@contextlib.contextmanager
def somebody(*, dead: bool) -> Iterator[int]:
    """A process of the server's user that is no server: a living one, or one that nobody has waited for."""
    account = server_account()
    child = account.spawn("/bin/sleep", "0" if dead else "60", output=Path(os.devnull))
    while dead and _runs(child.pid):
        time.sleep(0.01)
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()


def _start(program: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
