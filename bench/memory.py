"""How much memory processes take at most while something is measured, read from Linux's /proc."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SERVER, WORKER, PARSER, BACKEND = "server", "worker", "parser child", "largest PostgreSQL backend"
_PROC: Final = Path("/proc")
_EVERY: Final = 0.05
_RESET_PEAK: Final = "5"


class Peaks:
    """Peak bytes by kind of process, the largest of its kind, within the block; empty where there is no /proc.

    Long-lived processes tell their own peak (VmHWM), which is reset at the start. The workers' children are found
    every 50 ms and tell theirs while they live. Of PostgreSQL's processes only what is their own counts (RssAnon),
    because each would count the shared buffers again.
    """

    def __init__(self, *, server: int, workers: list[int], postmaster: int) -> None:
        self.bytes: dict[str, int] = defaultdict(int)
        self._known: Mapping[str, list[int]] = {SERVER: [server], WORKER: workers}
        self._workers = workers
        self._postmaster = postmaster
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        for pids in self._known.values():
            for pid in pids:
                with contextlib.suppress(OSError):
                    (_PROC / str(pid) / "clear_refs").write_text(_RESET_PEAK)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for name, pids in self._known.items():
            for pid in pids:
                self._note(name, pid, "VmHWM")

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            for worker in self._workers:
                for child in _descendants(worker):
                    self._note(PARSER, child, "VmHWM")
            for backend in _children(self._postmaster):
                self._note(BACKEND, backend, "RssAnon")

    def _note(self, name: str, pid: int, figure: str) -> None:
        self.bytes[name] = max(self.bytes[name], _read(pid, figure))


def parent_of(pid: int) -> int:
    """The process that started it; 0 where there is no /proc."""
    return _read(pid, "PPid")


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> list[int]:
    """Whoever a process started, in whichever of its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has ended
        for file in (_PROC / str(pid) / "task").glob("*/children"):
            found += map(int, file.read_text().split())
    return found


def _read(pid: int, figure: str) -> int:
    """A figure of a process, in bytes where the kernel gives kB; 0 when the process has ended."""
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == figure:
                number, *unit = value.split()
                return int(number) * (1024 if unit else 1)
    return 0
