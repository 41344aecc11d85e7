"""One process that serves, works, or does both: started, ended by a signal, and put away in order."""

import asyncio
import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import uvloop

from tranche.app import Web
from tranche.commands.signals import ending_signals, ignore_signals
from tranche.imports.process import READERS
from tranche.kernel.errors import Conflict, Invalid, Unavailable
from tranche.kernel.garbage import settle
from tranche.kernel.settings import Settings
from tranche.kernel.web.server import Server
from tranche.kernel.web.threads import end_threads

_PAUSE = 0.02
_OUR_THREADS = ("web", "slice")


class PortTaken(Conflict):
    """Somebody else listens there."""

    code = "port_taken"


class Part(Protocol):
    """A half of a process; `Worker` is one as it is."""

    async def run(self) -> None:
        """Until `stop` is called."""
        ...

    def stop(self) -> None:
        """End in order; called on the event loop."""
        ...


class WebPart:
    """The server on a socket that is bound already."""

    def __init__(self, web: Web, settings: Settings, *, bound: socket.socket, started: Callable[[], None]) -> None:
        """`started` is called once, when requests are answered."""
        self._server: Server = web.server(settings)
        self._bound = bound
        self._started = started

    async def run(self) -> None:
        """Serve."""
        self._tell()
        try:
            await self._server.serve(sockets=[self._bound])
        except SystemExit as error:  # how the server library says that the application did not start
            raise Unavailable("The server could not start; the log above says why.", code="not_started") from error

    def stop(self) -> None:
        """End the streams first, then the rest."""
        self._server.stop()

    def _tell(self) -> None:
        """The server library tells nobody that it has started: look again and again."""
        if self._server.started:
            self._started()
        else:
            asyncio.get_running_loop().call_later(_PAUSE, self._tell)


class Process:
    """Runs its parts on one event loop until a signal comes, `stop` is called or one of them fails."""

    def __init__(self, parts: Sequence[Part]) -> None:
        """The parts are stopped together; each takes its own time to end."""
        self._parts = parts
        self._asked: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()

    def run(self, *, signals: bool) -> None:
        """Run to the end; `signals` only in the main thread, where the whole process is ours to put away.

        Raises:
            TrancheError: a part refused to start.
            Unavailable: a part ended by itself.
        """
        settle()
        loop = uvloop.new_event_loop()
        try:
            loop.run_until_complete(self._run(signals=signals))
        finally:
            # The loop's own way to close waits for every thread, also for one that is in a long statement.
            end_threads()
            loop.close()
            if signals:
                ignore_signals()
                READERS.close()  # they would end with us, but a moment later

    def stop(self) -> None:
        """End in order; from any thread, also before the parts have started."""
        self._stopped.set()
        if self._loop is not None and self._asked is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._asked.set)

    async def _run(self, *, signals: bool) -> None:
        self._asked, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if signals:
            for sig in ending_signals():
                self._loop.add_signal_handler(sig, self.stop)
        if self._stopped.is_set():
            return
        tasks = [asyncio.create_task(part.run()) for part in self._parts]
        asked = asyncio.create_task(self._asked.wait())
        await asyncio.wait([*tasks, asked], return_when=asyncio.FIRST_COMPLETED)
        early = [task for task in tasks if task.done()]
        for part in self._parts:
            part.stop()
        await asyncio.wait(tasks)
        asked.cancel()
        for task in tasks:
            task.result()
        if early and not self._asked.is_set():
            raise Unavailable("A part of Tranche ended by itself; the log above says why.", code="ended")


def leave(code: int, *, seconds: float = 0.5) -> None:
    """End the process although a thread of ours is still in a statement: leaving rolls it back, as a kill does."""
    ends = time.monotonic() + seconds
    while any(thread.name.startswith(_OUR_THREADS) for thread in threading.enumerate()):
        if time.monotonic() >= ends:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        time.sleep(_PAUSE)


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything else is started; `port` 0 takes any free one.

    Raises:
        PortTaken: somebody listens there.
        Invalid: this machine has no such address, or we may not have this port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
    except PermissionError as error:
        raise Invalid(
            f"Port {port} is kept for the system; take one above 1023 by --port or TRANCHE_PORT.", code="port_denied"
        ) from error
    except socket.gaierror as error:
        raise Invalid(
            f"There is no address {host!r}; name one of this machine by --host or TRANCHE_HOST.", code="no_address"
        ) from error
    except OSError as error:
        raise refused(host, port, error) from error
    return bound


def refused(host: str, port: int, error: OSError, *, option: str = "--port or TRANCHE_PORT") -> PortTaken | Invalid:
    """Why nothing could listen there, in a sentence; `option` says how to choose another port."""
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"Port {port} of {host} is taken by another program. Choose another one by {option}.")
    cause = error.strerror or error
    return Invalid(
        f"Nothing can listen on {host}, port {port}: {cause}. Is that an address of this machine?", code="no_address"
    )


def url_of(bound: socket.socket) -> str:
    """The address for a browser on this machine."""
    host, port = bound.getsockname()[:2]
    return local_url(host, port)


def local_url(host: str, port: int) -> str:
    """As `url_of`, where the host is known."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"
