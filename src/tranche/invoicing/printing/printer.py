"""The children that set type, as the rest of the program holds them: lent one by one, renewed before they grow."""

import base64
import json
import os
import queue
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tranche.invoicing.printing.child import DONE, HEAD, READY
from tranche.kernel.errors import Invalid, Unavailable

RENDER_SECONDS: Final = 30.0
BAD_LOGO: Final = "bad_logo"
RECYCLE_AFTER: Final = 500  # documents; Typst remembers a little of each

_COMMAND: Final = (sys.executable, "-m", "tranche.invoicing.printing.child")
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
_PARENTS_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_STEP: Final = 1 << 20


class CannotPrint(Invalid):
    """The invoice's own words cannot be set in type; the message says which."""

    code = "cannot_print"


class PrinterGone(Unavailable):
    """The child that set type died or did not answer in time; trying again is harmless."""

    code = "printer_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing to be set: the template's data, the logo they name, and for a picture how fine it is."""

    page: dict[str, Any]
    logo: bytes | None = None
    ppi: float | None = None


class Printer:
    """At most `size` children at a time, each started when it is first needed; safe for threads."""

    def __init__(self, *, size: int, seconds: float = RENDER_SECONDS, recycle_after: int = RECYCLE_AFTER) -> None:
        self._seconds = seconds
        self._recycle_after = recycle_after
        self._places: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._places.put(None)
        self._size = size

    def print(self, job: Job) -> bytes:
        """The file (PDF), or its first page as PNG where a fineness is given.

        Raises:
            CannotPrint: what is to be printed cannot be.
            PrinterGone: nobody answered in time; the next call gets a new child.
        """
        child = self._places.get()
        kept: _Child | None = None
        try:
            child = child or _Child(seconds=self._seconds)
            content = child.ask(job)
            kept = child
        except CannotPrint:
            kept = child
            raise
        finally:
            if kept is None or kept.asked >= self._recycle_after:
                if child is not None:
                    child.end()
                kept = None
            self._places.put(kept)
        return content

    def close(self) -> None:
        """End the children; those at work end when they have answered."""
        for _ in range(self._size):
            child = self._places.get()
            if child is not None:
                child.end()
        for _ in range(self._size):
            self._places.put(None)


class _Child:
    """One child and its two pipes; every wait has a deadline."""

    def __init__(self, *, seconds: float) -> None:
        self.asked = 0
        self._seconds = seconds
        self._folder = Path(tempfile.mkdtemp(prefix="tranche-print-"))
        self._process = _start(self._folder)
        self._selector = selectors.DefaultSelector()
        if self._process.stdout is None or self._process.stdin is None:
            raise PrinterGone("No process for printing could be started.")
        self._answers, self._requests = self._process.stdout.fileno(), self._process.stdin
        os.set_blocking(self._answers, False)
        self._selector.register(self._answers, selectors.EVENT_READ)
        try:
            self._expect(READY)
        except PrinterGone:
            self.end()
            raise

    def ask(self, job: Job) -> bytes:
        """See Printer.print."""
        self.asked += 1
        logo = base64.b64encode(job.logo).decode() if job.logo else None
        request = json.dumps({"page": job.page, "logo": logo, "ppi": job.ppi}, ensure_ascii=False).encode()
        stuck = threading.Timer(self._seconds, self._process.kill)  # a child that does not read fills the pipe
        stuck.start()
        try:
            self._requests.write(HEAD.pack(0, len(request)) + request)
            self._requests.flush()
        except OSError as error:
            raise PrinterGone("The process for printing died; the invoice is printed again.") from error
        finally:
            stuck.cancel()
        return self._expect(DONE)

    def end(self) -> None:
        """Kill and reap."""
        self._process.kill()
        self._process.wait()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
        shutil.rmtree(self._folder, ignore_errors=True)

    def _expect(self, wanted: int) -> bytes:
        ends = time.monotonic() + self._seconds
        kind, length = HEAD.unpack(self._read(HEAD.size, ends))
        content = self._read(length, ends)
        if kind != wanted:
            code, message = json.loads(content)
            raise CannotPrint(message, code=code)
        return content

    def _read(self, size: int, ends: float) -> bytes:
        found = bytearray()
        while len(found) < size:
            left = ends - time.monotonic()
            if left <= 0 or not self._selector.select(left):
                raise PrinterGone(f"The invoice could not be printed within {self._seconds:g} s.")
            piece = os.read(self._answers, min(_STEP, size - len(found)))
            if not piece:
                raise PrinterGone("The process for printing died; the invoice is printed again.")
            found += piece
        return bytes(found)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """A child without our secrets, deaf to what ends its parent: it ends when its pipe does."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _PARENTS_SIGNALS)
    try:
        return subprocess.Popen(  # noqa: S603  # our own module, no argument comes from outside
            [*_COMMAND, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=kept
            | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1", "TZ": "UTC"},
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
