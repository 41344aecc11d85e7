"""A reader at work on one request: what it says is read with a deadline, and it is dead when that is over."""

import os
import selectors
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import structlog

from tranche.imports.domain import FileTooLarge, ParseAbortedError, ParseRequest, UnreadableFile
from tranche.imports.readers import Reader, Readers
from tranche.imports.wire import Message, Mode, Request
from tranche.kernel.text import plural

_log = structlog.get_logger(__name__)

READERS: Final = Readers()  # of this process, as it has one allocator: see docs/decisions/0023
_POLL: Final = 0.2
_STEP: Final = 1 << 20
_LINE_BYTES: Final = 256_000_000
_STDERR_BYTES: Final = 2_000
_REAP_SECONDS: Final = 5
_KILLED: Final = frozenset({-6, -9, -11})
_OUT_OF_TIME: Final = -24


@contextmanager
def started(
    request: ParseRequest, *, mode: Mode, should_abort: Callable[[], bool], rows: tuple[int, ...] | None = ()
) -> Iterator["Child"]:
    """A child at work on a request; it is dead and reaped when the block is left.

    Raises:
        ReaderLost: there is no process to be had that could read.
    """
    order = Request(
        mode=mode,
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
        with READERS.start(paper) as reader:
            child = Child(reader, seconds=request.limits.seconds, should_abort=should_abort)
            try:
                yield child
            finally:
                child.close()


class Child:
    """What the child says, byte by byte; every wait has a deadline and asks whether to go on.

    The deadline counts only time spent waiting for the child, not what the caller does with its rows.
    """

    def __init__(self, reader: Reader, *, seconds: float, should_abort: Callable[[], bool]) -> None:
        """`seconds` is for the whole life of the child."""
        self._reader = reader
        self._seconds = self._left = seconds
        self._should_abort = should_abort
        self._buffer = bytearray()
        self._errors = b""
        self._selector = selectors.DefaultSelector()
        for stream in (reader.stdout, reader.stderr):
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
        """Listen no more."""
        self._selector.close()

    def _fill(self) -> None:
        if self._should_abort():
            raise ParseAbortedError
        if self._left <= 0:
            raise self._too_slow()
        begun = time.monotonic()
        ready = self._selector.select(min(_POLL, self._left))
        self._left -= time.monotonic() - begun
        for key, _ in ready:
            data = os.read(key.fd, _STEP)
            if key.fileobj is self._reader.stderr:
                self._errors = (self._errors + data)[-_STDERR_BYTES:]
            else:
                self._buffer += data
            if not data:
                self._selector.unregister(key.fileobj)
                if key.fileobj is self._reader.stdout:
                    raise self._death()

    def _death(self) -> Exception:
        """Why the child ended without a last word, as far as its exit tells."""
        code = self._reader.wait(_REAP_SECONDS)
        rest = self._reader.stderr.read()
        self._errors = (self._errors + (rest or b""))[-_STDERR_BYTES:]
        _log.warning("parser_died", code=code, stderr=self._errors.decode("utf-8", "replace"))
        if code in _KILLED or b"MemoryError" in self._errors:
            return FileTooLarge(
                "Reading the file takes more memory than the limit allows. It is damaged, or too large: split it."
            )
        if code == _OUT_OF_TIME:
            return self._too_slow()
        return UnreadableFile(
            "The file could not be read: the reader broke off. Open it, save it again as .xlsx and upload that."
        )

    def _too_slow(self) -> FileTooLarge:
        return FileTooLarge(f"Reading the file takes longer than {plural(round(self._seconds), 'second')}. Split it.")


def nonsense() -> UnreadableFile:
    """The child said what it never should; the file may have taken it over."""
    return UnreadableFile("The file could not be read: the reader gave no sensible answer.")
