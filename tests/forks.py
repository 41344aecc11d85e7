"""Processes of the product that begin as copies of one that has loaded it: a start costs 20 ms of work, not a second.

A copy is a process like any other, with its own number, session, environment, folder and output, to be killed, frozen
and asked to end; only the loading is not done again. Tests of the loading itself start Python.
"""

import atexit
import contextlib
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

TRANCHE: Final = "tranche"  # the module of the command line

_LOADED: Final = (
    "tranche.app",
    "tranche.cli",
    "tranche.commands.serve",
    "tranche.commands.up",
    "tranche.commands.work",
)
_ROOT: Final = Path(__file__).resolve().parents[1]
_KEPT: Final = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_MOST: Final = 65_536  # bytes of an order
_NUMBER: Final = 4  # bytes of a process's number and of its exit code
_LOCK: Final = threading.RLock()  # tests replace dead processes in a thread of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str


class Child:
    """A running module, in a session of its own; what `subprocess.Popen` can do, as far as tests ask for it."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self._line = line
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float) -> int:
        """The exit code.

        Raises:
            subprocess.TimeoutExpired: it still lives after so many seconds.
        """
        if self._code is None:
            with selectors.DefaultSelector() as selector:  # the line's end wakes others who wait
                selector.register(self._line, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(TRANCHE, timeout)
        with _LOCK:
            if self._code is None:
                said = self._line.recv(_NUMBER)
                assert said, "the process that is copied has ended"
                self._code = int.from_bytes(said, signed=True)
            return self._code

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens to a process that has ended, and to no other that has its number since."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(module: str, *arguments: str, environment: Mapping[str, str], output: BinaryIO) -> Child:
    """`python -m module arguments`; stdout and stderr go into `output`, stdin is empty."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    order = _Order(module=module, arguments=arguments, environment={**kept, **environment}, folder=str(Path.cwd()))
    content = json.dumps(asdict(order)).encode()
    assert len(content) < _MOST, "too long an order"
    ours, theirs = socket.socketpair()
    with _LOCK, theirs:
        socket.send_fds(_mother(), [content], [theirs.fileno(), output.fileno()])
    return Child(int.from_bytes(ours.recv(_NUMBER)), ours)


@cache
def _mother() -> socket.socket:
    """The line to the process that is copied; that one ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-u", "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=_ROOT, pass_fds=[theirs.fileno()])

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(orders: socket.socket) -> _Order | None:
    """Copies itself for every order; returns the order in the copy, and None in the mother when all is over."""
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not orders:
                    selector.unregister(key.fileobj)
                    key.data()
                    continue
                content, files, _, _ = socket.recv_fds(orders, _MOST, 2)
                if not content:
                    return None
                pid = os.fork()
                if pid == 0:
                    return _become(content, output=files[1])
                os.close(files[1])
                line = socket.socket(fileno=files[0])
                line.send(pid.to_bytes(_NUMBER))
                end = os.pidfd_open(pid)
                selector.register(end, selectors.EVENT_READ, data=_reporter(end, pid, line))


def _reporter(end: int, pid: int, line: socket.socket) -> Callable[[], None]:
    def report() -> None:
        os.close(end)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with line, contextlib.suppress(OSError):  # a test that has failed no longer listens
            line.send(code.to_bytes(_NUMBER, signed=True))

    return report


def _become(content: bytes, *, output: int) -> _Order:
    """A copy keeps nothing of its mother but what is loaded."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    order = _Order(**json.loads(content))
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv[1:] = order.arguments
    return order


if __name__ == "__main__":
    for name in _LOADED:
        importlib.import_module(name)
    if order := _serve(socket.socket(fileno=int(sys.argv[1]))):
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)
