"""The command line of the product, run in this process against a live house.

A folder takes the fixture into its `conftest.py` beside those of `tests.live`.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.live import Live
from tranche.cli import run


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds; nothing else may stand there."""
        return json.loads(self.out)

    @property
    def table(self) -> list[dict[str, str]]:
        """Lines with tabs, as they are written where stdout is no terminal."""
        head, *lines = [line.split("\t") for line in self.out.splitlines()]
        return [dict(zip(head, line, strict=True)) for line in lines]


class Shell:
    """Runs commands: `shell("orders", "batches", 7)`; `use` turns to another house."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def use(self, live: Live) -> "Shell":
        self._monkeypatch.setenv("TRANCHE_URL", live.url)
        self._monkeypatch.setenv("TRANCHE_API_KEY", live.key)
        return self

    def __call__(self, *words: str | int) -> Ran:
        _hush()
        self._capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = self._capfd.readouterr()
        _hush()
        return Ran(code, out, err)


def _hush() -> None:
    """A command sets up the logs of its process; here that is the house's process too, whose lines are not its."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture
def make_shell(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[[Live], Shell]]:
    """A shell for a house that the test opens itself; its folder is the test's own."""
    config, handlers = structlog.get_config(), logging.getLogger().handlers
    monkeypatch.chdir(tmp_path)
    yield Shell(monkeypatch, capfd).use
    structlog.configure(**config)
    logging.getLogger().handlers = handlers


@pytest.fixture
def shell(live: Live, make_shell: Callable[[Live], Shell]) -> Shell:
    """A shell with the key of the test's house."""
    return make_shell(live)
