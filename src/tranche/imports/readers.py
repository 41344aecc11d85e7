"""Readers as their parent holds them: forked in a few milliseconds from a nursery, killed by letting go of a leash."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import IO, Final, Self

from tranche.kernel.errors import Unavailable

COMMAND: Final = (sys.executable, "-m", "tranche.imports.nursery")
END: Final = struct.Struct("i")  # how a reader ended, as its nursery tells it on the leash
_PARENTS_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
_TRIES: Final = 3
_REAP_SECONDS: Final = 5


class ReaderLost(Unavailable):
    """The process that readers come from was ended by somebody; the next try starts another."""

    code = "reader_lost"


class Reader:
    """One process that reads one file."""

    def __init__(self, leash: socket.socket, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self._leash = leash
        self._code: int | None = None

    def wait(self, seconds: float) -> int | None:
        """The exit code, negative for a signal; None when it does not end within so many seconds.

        Raises:
            ReaderLost: nobody knows, because the nursery is gone, and the reader with it.
        """
        if self._code is None:
            self._leash.settimeout(seconds)
            try:
                told = self._leash.recv(END.size)
            except TimeoutError:
                return None
            except OSError as error:
                raise _lost() from error
            if not told:
                raise _lost()
            self._code = int(END.unpack(told)[0])
        return self._code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it, if it lives, see it go, and let go of its pipes."""
        with self._leash, self.stdout, self.stderr, suppress(OSError, ReaderLost):
            self._leash.shutdown(socket.SHUT_WR)
            self.wait(_REAP_SECONDS)


class Readers:
    """Starts readers for the threads of this process. The nursery is started with the first, and lives as long as we.

    It and its readers are deaf to what ends their parent: a Ctrl-C or a service manager's stop reaches the whole
    group, and a file must not be blamed for it. They end when the parent does.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """`command` is given the number of a socket as its last word; see imports.nursery."""
        self._command = command
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def warm(self) -> None:
        """Start the nursery where there is none, so that the first file need not wait for it."""
        with self._lock:
            self._running()

    def start(self, paper: IO[bytes]) -> Reader:
        """A reader whose standard input is this file, which stands at its beginning.

        Raises:
            ReaderLost: there is no nursery to be had.
        """
        for _ in range(_TRIES):
            try:
                return self._ask(paper)
            except OSError:
                self.close()
        raise _lost()

    def close(self) -> None:
        """End the nursery, and every reader with it."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._nursery is not None and self._control is not None:
            self._control.close()
            self._nursery.kill()
            self._nursery.wait()
        self._control = self._nursery = None

    def _ask(self, paper: IO[bytes]) -> Reader:
        with ExitStack() as given, ExitStack() as kept:
            ours, theirs = socket.socketpair()
            kept.callback(ours.close)
            given.callback(theirs.close)
            pipes = [os.pipe() for _ in range(2)]
            streams = [kept.enter_context(open(end, "rb", buffering=0)) for end, _ in pipes]  # noqa: PTH123  # a number
            for _, end in pipes:
                given.callback(os.close, end)
            with self._lock:
                control = self._running()
                socket.send_fds(control, [b"+"], [paper.fileno(), pipes[0][1], pipes[1][1], theirs.fileno()])
            kept.pop_all()
            return Reader(ours, *streams)

    def _running(self) -> socket.socket:
        if self._nursery is not None and self._nursery.poll() is not None:
            self._end()  # it was killed
        if self._control is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._nursery = _spawn([*self._command, str(theirs.fileno())], keep=theirs.fileno())
            self._control = ours
        return self._control


def _spawn(command: Sequence[str], *, keep: int) -> subprocess.Popen[bytes]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _PARENTS_SIGNALS)
    try:
        return subprocess.Popen(  # noqa: S603  # our own module; nothing of a request is in the command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=_environment(), pass_fds=(keep,)
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _environment() -> dict[str, str]:
    """No secrets, our own import path, and an allocator that does not reserve address space in advance."""
    return {key: os.environ[key] for key in _KEPT if key in os.environ} | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "TZ": "UTC",
    }


def _lost() -> ReaderLost:
    return ReaderLost("The process that reads files was ended; try again in a moment.", retry_after=1)
