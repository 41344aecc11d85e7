"""Real processes of the product: started, stopped in every way that there is, and never left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests import forks
from tests.chaos.house import House
from tests.chaos.waiting import eventually
from tests.forks import TRANCHE

_TAIL = 4_000
_MOST_DEATHS = 60
_SOON = 60.0


class Process:
    """One process in a group of its own, its output in a file."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._child = forks.start(module, *arguments, environment=environment, output=output)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def lives(self) -> bool:
        return self.code is None

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        return self._child.poll()

    def kill(self) -> None:
        """End it by SIGKILL, and nothing more: what it had started must end by itself."""
        self._send(signal.SIGKILL)
        self._child.wait(10)

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """The exit code; fails the test when the process does not end in time."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} did not end in {seconds} s: {self.said()}") from None

    def wait_for_orphans(self) -> None:
        """See what it had started end too, such as readers of spreadsheets: they notice it a moment after its death."""
        eventually(lambda: not self.children(), seconds=10, what=f"the end of what process {self.pid} had started")

    def children(self) -> list[int]:
        """The processes of what it has started that still run."""
        running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in running if pid != self.pid and self._ours(pid)]

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-_TAIL:]

    def clear(self) -> None:
        """End the process and what it started, for the next test's sake."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(10)

    def _ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        state, group = words[0], int(words[2])
        return group == self.pid and state != "Z"

    def _send(self, number: signal.Signals) -> None:
        if self.lives:
            os.kill(self.pid, number)


class Crew:
    """The processes of one test."""

    def __init__(self, house: House, folder: Path) -> None:
        self._house = house
        self._folder = folder
        self._all: list[Process] = []

    def start(self, name: str, module: str, *arguments: str, **changes: str) -> Process:
        """Any module in the house's environment, with further variables."""
        process = Process(
            module,
            *arguments,
            environment=self._house.environment(**changes),
            log=self._folder / f"{len(self._all)}-{name}.log",
        )
        self._all.append(process)
        return process

    def worker(self, **changes: str) -> Process:
        """A worker; it may not be ready yet."""
        return self.start("worker", TRANCHE, "worker", **changes)

    def workers(self, count: int, **changes: str) -> list[Process]:
        """Workers that are ready to take work."""
        made = [self.worker(**changes) for _ in range(count)]
        for process in made:
            self.wait_for_beat(process)
        return made

    def wait_for_beat(self, process: Process, *, newer_than: float = 0.0) -> None:
        """Wait until a worker has said that it lives, less than `newer_than` seconds ago where that is given."""

        def beats() -> bool:
            assert process.lives, f"the worker ended: {process.said()}"
            return bool(
                self._house.rows(
                    """
                    SELECT FROM workers WHERE pid = %(pid)s
                      AND (%(age)s = 0 OR beat_at > clock_timestamp() - make_interval(secs => %(age)s))
                    """,
                    {"pid": process.pid, "age": newer_than},
                )
            )

        eventually(beats, seconds=60, what=f"a beat of worker {process.pid}")

    def start_server(self, port: int, **changes: str) -> Process:
        """A server; it may not accept connections yet."""
        return self.start("server", TRANCHE, "serve", TRANCHE_PORT=str(port), **changes)

    def server(self, port: int, **changes: str) -> Process:
        """A server that accepts connections."""
        process = self.start_server(port, **changes)

        def answers() -> bool:
            assert process.lives, f"the server ended: {process.said()}"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        eventually(answers, seconds=60, what="the server's port")
        return process

    def close(self) -> None:
        """End all, and show what they said (pytest shows it where the test failed)."""
        for process in self._all:
            process.clear()
            sys.stdout.write(f"--- {process.log.name} (process {process.pid})\n{process.said()}\n")


class Supervisor:
    """Keeps so many workers alive: who ends is replaced at once, as a service manager does.

    `deaths` are the exit codes of those who ended.
    """

    def __init__(self, start: Callable[[], Process], *, count: int) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._kept = [start() for _ in range(count)]
        self._over = threading.Event()
        self.deaths: list[int] = []
        self._thread = threading.Thread(target=self._watch, daemon=True, name="supervisor")

    def living(self) -> list[Process]:
        """The processes that live now."""
        with self._lock:
            return [process for process in self._kept if process.lives]

    def _watch(self) -> None:
        times: deque[float] = deque(maxlen=_MOST_DEATHS)
        while not self._over.wait(0.05) and not _is_hopeless(times):
            with self._lock:
                for place, process in enumerate(self._kept):
                    if process.code is not None:
                        self.deaths.append(process.code)
                        times.append(time.monotonic())
                        self._kept[place] = self._start()

    @contextlib.contextmanager
    def watching(self) -> Iterator["Supervisor"]:
        """Replace who ends, until the block is left."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(30)
            assert not self._thread.is_alive()


def _is_hopeless(times: Sequence[float]) -> bool:
    """Whether so many ended so soon one after another that starting one more is no use."""
    return len(times) == _MOST_DEATHS and times[-1] - times[0] < _SOON
