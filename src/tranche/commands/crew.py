"""Several server processes on one socket: forked when all is loaded, so that they share it, and ended together."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import structlog

from tranche.commands.process import Part
from tranche.commands.signals import ending_signals, ignore_signals
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.garbage import settle

log = structlog.get_logger(__name__)

_READY: Final = b"."
_PAUSE: Final = 0.1


class Leash:
    """A part that ends when nobody holds the other end of a pipe any more."""

    def __init__(self, end: int) -> None:
        """`end` is the one to read from."""
        self._end = end
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until the process at the other end is gone, however it went, or `stop` is called."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._end, self._over.set)
        await self._over.wait()
        loop.remove_reader(self._end)

    def stop(self) -> None:
        """Wait no longer."""
        self._over.set()


class Crew:
    """So many processes that do the same; this one does nothing but watch them."""

    def __init__(self, count: int, work: Callable[[int, Part, Callable[[], None]], None]) -> None:
        """`work` runs in each with its place (from 0), the leash, one of its parts, and what to call when started."""
        self._count = count
        self._work = work
        self._pids: set[int] = set()
        self._is_ending = False

    def run(self, *, started: Callable[[], None]) -> None:
        """Until a signal comes, or one of them ends by itself, which ends the others; call it before any thread runs.

        Raises:
            Unavailable: one of them ended by itself.
        """
        settle()  # what is shared with them stays shared
        with contextlib.ExitStack() as ends:
            leash, held = os.pipe()
            heard, told = os.pipe()
            for end in (leash, held, heard):
                ends.callback(os.close, end)
            for place in range(self._count):
                self._fork(place, leash=leash, told=told, not_theirs=(held, heard))
            os.close(told)
            for sig in ending_signals():
                signal.signal(sig, self._end)
            if _has_heard(heard, self._count):
                started()
            is_short = self._wait()
        if is_short:
            raise Unavailable("A server process ended by itself; the log above says why.", code="ended")

    def _fork(self, place: int, *, leash: int, told: int, not_theirs: tuple[int, ...]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            return
        code = 1
        try:
            for end in not_theirs:
                os.close(end)
            self._work(place, Leash(leash), lambda: _tell(told))
            code = 0
        except KeyboardInterrupt:
            code = 0
        except TrancheError as error:
            log.error("server.ended", why=error.message)  # noqa: TRY400  # a sentence, no trace
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> bool:
        """Whether one of them ended before it was asked to."""
        is_short = False
        while self._pids:
            lost = [pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0]]  # the database may be a child too
            self._pids.difference_update(lost)
            if lost and not self._is_ending:
                is_short = True
                log.error("server.lost", pids=lost)
                self._end(signal.SIGTERM, None)
            time.sleep(_PAUSE)
        ignore_signals()
        return is_short

    def _end(self, sig: int, frame: FrameType | None) -> None:
        """Pass it on; each ends in order and takes its own time."""
        del sig, frame
        self._is_ending = True
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _tell(told: int) -> None:
    os.write(told, _READY)
    os.close(told)


def _has_heard(heard: int, count: int) -> bool:
    """Whether all have said that they have started; False when some ended before."""
    found = 0
    while found < count and (said := os.read(heard, count)):
        found += len(said)
    return found == count
