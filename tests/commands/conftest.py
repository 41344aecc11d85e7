"""Commands run inside the test's process over its own database, and whole installations in processes of their own."""

import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from tests.commands.examined import body
from tests.commands.processes import Command
from tests.databases import DatabaseUrls
from tests.homes import clear
from tranche.cli import run

__all__ = ["body"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Commands set the process' logs up; the next test gets them as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    root.handlers, root.level = handlers, level


@pytest.fixture
def home(session_home: Path) -> Iterator[Path]:
    """A TRANCHE_HOME that is not there yet; what is left in it, servers too, is cleared away."""
    folder = session_home / f"home-{uuid.uuid4().hex[:8]}"
    yield folder
    clear(folder)


@pytest.fixture
def tranche(
    database_urls: DatabaseUrls, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs a command on this test's database: `tranche("sql", "-o", "1", "SELECT 1")`."""
    monkeypatch.setenv("TRANCHE_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", database_urls.app)
    monkeypatch.setenv("TRANCHE_OWNER_URL", database_urls.owner)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("TRANCHE_URL", "TRANCHE_API_KEY", "TRANCHE_PORT"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(int(code), captured.out, captured.err)

    return call


@pytest.fixture
def embedded(tranche: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """As `tranche`, where no setting names a database."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    return tranche


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts a command in a process of its own: `start("up", "--port", "0", TRANCHE_LOG_FORMAT="json")`."""
    started: list[Command] = []

    def begin(*arguments: str, **environment: str) -> Command:
        command = Command(
            arguments, environment={"TRANCHE_HOME": str(home), **environment}, log=tmp_path / f"{len(started)}.log"
        )
        started.append(command)
        return command

    yield begin
    for command in started:
        command.clear()
        sys.stdout.write(f"--- tranche {' '.join(command.arguments)}\n{command.said()}\n")
