"""The HTTP server: uvicorn, ended in order by a signal, alone or beside a worker in one process."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

import uvicorn

from tranche.kernel.web.stream import Hub
from tranche.kernel.web.threads import end_threads, linger

GRACE_SECONDS: Final = 3

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """A uvicorn server that ends its streams first: they would hold it until its grace is over."""

    def __init__(self, config: uvicorn.Config, *, hub: Hub, own_signals: bool = True) -> None:
        """With `own_signals=False` whoever runs the server handles signals and calls `stop()`."""
        super().__init__(config)
        self._hub = hub
        self._own_signals = own_signals

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the hub, then as uvicorn does; this runs on the loop, within 0.1 s after `stop()`."""
        self._hub.close()
        await super().shutdown(sockets=sockets)

    def stop(self) -> None:
        """End in order; may be called from any thread and from a signal handler."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends in order, a second Ctrl-C at once."""
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals, and do not raise them again at the end: an ordered end is exit code 0."""
        if not self._own_signals or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in _SIGNALS}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


def make_server(
    app: Any,  # noqa: ANN401  # an ASGI application; uvicorn and litestar name different types for it
    *,
    hub: Hub,
    host: str,
    port: int,
    trusted_proxy: str | None = None,
    own_signals: bool = True,
) -> Server:
    """A server that is not running yet; `X-Forwarded-For` counts only when it comes from `trusted_proxy`."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=trusted_proxy is not None,
        forwarded_allow_ips=trusted_proxy or "",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=65,
    )
    return Server(config, hub=hub, own_signals=own_signals)


def run(
    app: Any,  # noqa: ANN401  # see make_server
    *,
    hub: Hub,
    host: str,
    port: int,
    trusted_proxy: str | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then return, or leave, within about four seconds."""
    make_server(app, hub=hub, host=host, port=port, trusted_proxy=trusted_proxy).run()
    leave()


def leave() -> None:
    """The last thing that a serving process does: exit at once with code 0 if a request is still at work.

    A thread in a long statement would hold the interpreter's own exit; leaving at once rolls its
    transaction back, as a kill does. Without such a thread this returns.
    """
    end_threads()
    if linger(seconds=0.2):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
