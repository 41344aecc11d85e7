"""A PgBouncer in transaction mode before the tests' own PostgreSQL."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tranche.kernel.db.account import server_account
from tranche.kernel.db.embedded import APP_ROLE, EmbeddedPostgres

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "no pgbouncer: apt-get install pgbouncer"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pooler:
    """Where it listens; few connections behind, so that clients share them from the first moment."""

    port: int

    def url(self, database: str) -> str:
        return f"postgresql://{APP_ROLE}@127.0.0.1:{self.port}/{database}"


@pytest.fixture
def pooler(postgres: EmbeddedPostgres, session_home: Path) -> Iterator[Pooler]:
    if PROGRAM is None:
        pytest.skip(MISSING)
    account, port = server_account(), free_port()
    folder = session_home / f"pooler-{port}"
    account.make_private(folder)
    (folder / "users.txt").write_text(f'"{APP_ROLE}" ""\n')
    (folder / "pgbouncer.ini").write_text(f"""
        [databases]
        * = host={postgres._cluster.places.sockets} port=5432
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = trust
        auth_file = {folder}/users.txt
        pool_mode = transaction
        default_pool_size = 8
        max_client_conn = 300
    """)
    for file in folder.iterdir():
        os.chown(file, account.uid, account.gid)
    words = [PROGRAM, "-q", *(["-u", account.name] if account.switched else []), str(folder / "pgbouncer.ini")]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield Pooler(port)
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "pgbouncer ended"
            assert time.monotonic() < ends, "pgbouncer did not start"
            time.sleep(0.02)
        else:
            return
