"""The child as its parent holds it: started with nothing but a request, read with a deadline, killed at the end."""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

import msgspec
import structlog

from tranche.imports.domain import FileTooLarge, ParseAbortedError, ParseRequest, UnreadableFile
from tranche.imports.wire import Message, Mode, Request

_log = structlog.get_logger(__name__)

COMMAND: Final = (sys.executable, "-m", "tranche.imports.child")
_POLL: Final = 0.2
_STEP: Final = 1 << 20
_LINE_BYTES: Final = 256_000_000
_STDERR_BYTES: Final = 2_000
_REAP_SECONDS: Final = 5
_KILLED: Final = frozenset({-6, -9, -11})
_OUT_OF_TIME: Final = -24
_PARENTS_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


@contextmanager
def started(
    request: ParseRequest, *, mode: Mode, should_abort: Callable[[], bool], rows: tuple[int, ...] | None = ()
) -> Iterator["Child"]:
    """A child at work on a request; it is dead and reaped when the block is left."""
    order = Request(
        mode=mode,
        parent=os.getpid(),
        path=str(request.path),
        file_name=request.file_name or request.path.name,
        fields=request.fields,
        mapping=request.mapping,
        limits=request.limits,
        rows=rows,
    )
    with tempfile.TemporaryFile() as paper:
        paper.write(msgspec.json.encode(order))
        paper.seek(0)
        with _start(paper) as process:
            child = Child(process, seconds=request.limits.seconds, should_abort=should_abort)
            try:
                yield child
            finally:
                process.kill()
                process.wait(_REAP_SECONDS)
                child.close()


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


def _start(paper: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the child deaf to what ends its parent: a Ctrl-C or a service manager's stop reaches the whole group.

    The parent ends it by SIGKILL, and the parent's death does; a file must not be blamed for either.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _PARENTS_SIGNALS)
    try:
        return subprocess.Popen(  # noqa: S603  # our own module; nothing of the request is in the command
            COMMAND,
            stdin=paper,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            bufsize=0,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Child:
    """What the child says, byte by byte; every wait has a deadline and asks whether to go on.

    The deadline counts only time spent waiting for the child, not what the caller does with its rows.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, seconds: float, should_abort: Callable[[], bool]) -> None:
        """`seconds` is for the whole life of the child."""
        self._process = process
        self._seconds = self._left = seconds
        self._should_abort = should_abort
        self._buffer = bytearray()
        self._errors = b""
        self._selector = selectors.DefaultSelector()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ)

    def message(self) -> Message:
        """The next line.

        Raises:
            UnreadableFile: it is no message, or the child died on the file.
            FileTooLarge: the child died for want of memory or time.
            ParseAbortedError: the caller wants no more.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _LINE_BYTES:
                raise nonsense()
            self._fill()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message: Message = msgspec.json.decode(line, type=Message)
        except msgspec.MsgspecError as error:
            raise nonsense() from error
        return message

    def read(self, size: int) -> bytes:
        """Exactly so many bytes; raises as `message` does."""
        while len(self._buffer) < size:
            self._fill()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def close(self) -> None:
        """Let go of the pipes."""
        self._selector.close()

    def _fill(self) -> None:
        if self._should_abort():
            raise ParseAbortedError
        if self._left <= 0:
            raise FileTooLarge(f"Reading the file takes longer than {self._seconds:.0f} seconds. Split it.")
        begun = time.monotonic()
        ready = self._selector.select(min(_POLL, self._left))
        self._left -= time.monotonic() - begun
        for key, _ in ready:
            data = os.read(key.fd, _STEP)
            if key.fileobj is self._process.stderr:
                self._errors = (self._errors + data)[-_STDERR_BYTES:]
            else:
                self._buffer += data
            if not data:
                self._selector.unregister(key.fileobj)
                if key.fileobj is self._process.stdout:
                    raise self._death()

    def _death(self) -> Exception:
        """Why the child ended without a last word, as far as its exit tells."""
        try:
            code = self._process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0
        rest = self._process.stderr.read() if self._process.stderr else b""
        self._errors = (self._errors + (rest or b""))[-_STDERR_BYTES:]
        _log.warning("parser_died", code=code, stderr=self._errors.decode("utf-8", "replace"))
        if code in _KILLED or b"MemoryError" in self._errors:
            return FileTooLarge(
                "Reading the file takes more memory than the limit allows. It is damaged, or too large: split it."
            )
        if code == _OUT_OF_TIME:
            return FileTooLarge(f"Reading the file takes longer than {self._seconds:.0f} seconds. Split it.")
        return UnreadableFile(
            "The file could not be read: the reader broke off. Open it, save it again as .xlsx and upload that."
        )


def nonsense() -> UnreadableFile:
    """The child said what it never should; the file may have taken it over."""
    return UnreadableFile("The file could not be read: the reader gave no sensible answer.")
