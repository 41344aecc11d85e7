"""Homes with embedded servers of their own, for tests that kill, corrupt or move them."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.db.servers import kill_all, processes_of
from tranche.kernel.db.embedded import EmbeddedPostgres


@pytest.fixture
def empty_home(session_home: Path) -> Iterator[Path]:
    folder = session_home / uuid.uuid4().hex[:8]
    folder.mkdir(mode=0o711)
    yield folder
    kill_all(processes_of(folder))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def made_home(session_home: Path) -> Path:
    folder = session_home / f"made-{uuid.uuid4().hex[:8]}"
    EmbeddedPostgres.start(folder, pg_bin=None, fsync=False).stop()
    return folder


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home with a cluster in it and no server on it. Tests may kill what they like, but leave it able to start."""
    yield made_home
    kill_all(processes_of(made_home))


@pytest.fixture
def start(home: Path) -> Iterator[Callable[[], EmbeddedPostgres]]:
    started: list[EmbeddedPostgres] = []

    def run() -> EmbeddedPostgres:
        started.append(EmbeddedPostgres.start(home, pg_bin=None, fsync=False))
        return started[-1]

    yield run
    for server in started:
        server.stop()


@pytest.fixture
def tmp_programs(session_home: Path) -> Path:
    """An empty folder that the server's user can enter."""
    folder = session_home / uuid.uuid4().hex[:8]
    folder.mkdir(mode=0o755)
    return folder
