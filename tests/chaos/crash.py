"""A PostgreSQL of the test's own, which it may crash and start again."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.waiting import eventually
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.migrate import migrate


class CrashingPostgres:
    """Migrated and ready; `home` is where it lives."""

    def __init__(self, home: Path, server: EmbeddedPostgres) -> None:
        self._server = server
        self._cluster = server._cluster
        self.app_url = server.app_url
        self.owner_url = server.owner_url
        self.home = home

    def create_database(self, name: str) -> None:
        """Another one of the owner's, beside ours."""
        self._server.create_database(name)

    def url(self, role: str, *, database: str) -> str:
        """The address of a database for a role."""
        return self._server.url(role, database=database)

    def crash(self) -> None:
        """`immediate`: nothing is finished, nothing is written, unlogged tables will be empty."""
        pid_file = self._cluster.places.data / "postmaster.pid"
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGQUIT)
        eventually(lambda: not self._cluster.is_alive(), seconds=30, what="the end of the server")

    def start(self) -> None:
        """Start again, and wait until it has recovered."""
        with self._server._lease.turn(timeout=60):
            self._cluster.ensure_running()

    @contextmanager
    def away(self, seconds: float) -> Iterator[None]:
        """Crash; after the block, and at least so many seconds, it comes back."""
        self.crash()
        back = time.monotonic() + seconds
        try:
            yield
        finally:
            time.sleep(max(0.0, back - time.monotonic()))
            self.start()


@contextmanager
def crashing_postgres(home: Path) -> Iterator[CrashingPostgres]:
    """A server below `home`, migrated, and set as for real data: what it has acknowledged must not be lost."""
    with EmbeddedPostgres.start(home, pg_bin=None, fsync=True) as server:
        migrate(server.owner_url)
        yield CrashingPostgres(home, server)
