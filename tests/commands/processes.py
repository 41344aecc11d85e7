"""A command in a process of its own: started, asked, ended, killed."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

from tests import forks
from tests.forks import TRANCHE

T = TypeVar("T")

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


class Command:
    """One `tranche ...` in a group of its own, stdout and stderr together in one file."""

    def __init__(self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.arguments = arguments
        self._log = log
        with log.open("wb") as output:
            self.process = forks.start(
                TRANCHE, *arguments, environment={"COLUMNS": "100", **environment}, output=output
            )

    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text(errors="replace")

    def url(self) -> str:
        """Where it listens, as soon as it says so."""
        return self.until(lambda: _URL.search(self.said()), what="an address").group()

    def until(self, look: Callable[[], T | None], *, what: str, seconds: float = 60.0) -> T:
        """What `look` finds; fails the test when the process ends or the time is over."""
        ends = time.monotonic() + seconds
        while True:
            if found := look():
                return found
            assert self.process.poll() is None, f"the command ended: {self.said()}"
            assert time.monotonic() < ends, f"no {what} in {seconds} s: {self.said()}"
            time.sleep(0.02)

    def client(self, home: Path) -> httpx.Client:
        """A client of the server that it runs, with the key kept in the home."""
        url = self.url()
        key = (home / "key").read_text().strip()
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def end(self, sig: signal.Signals = signal.SIGTERM, *, seconds: float = 20.0) -> tuple[int, float]:
        """Send a signal; the exit code, and how many seconds the end took."""
        began = time.monotonic()
        self.process.send_signal(sig)
        code = self.wait(seconds=seconds)
        return code, time.monotonic() - began

    def wait(self, *, seconds: float = 60.0) -> int:
        """The exit code, when it has ended by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end in {seconds} s: {self.said()}") from None

    def clear(self) -> None:
        """Leave no process behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
