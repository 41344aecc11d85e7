"""The HTTP server: uvicorn, which ends in order when it is told to, alone or beside a worker in one process."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn

from tranche.kernel.web.heads import answering_head
from tranche.kernel.web.stream import Hub

GRACE_SECONDS: Final = 3


class Server(uvicorn.Server):
    """A uvicorn server that ends its streams first: they would hold it until its grace is over."""

    def __init__(self, config: uvicorn.Config, *, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the hub, then as uvicorn does; this runs on the loop, within 0.1 s after `stop()`."""
        self._hub.close()
        await super().shutdown(sockets=sockets)

    def stop(self) -> None:
        """End in order; may be called from any thread."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process around it, which calls `stop`."""
        yield


def make_server(
    app: Any,  # noqa: ANN401  # an ASGI application; uvicorn and litestar name different types for it
    *,
    hub: Hub,
    host: str,
    port: int,
    trusted_proxy: str | None = None,
) -> Server:
    """A server that is not running yet; `X-Forwarded-For` counts only when it comes from `trusted_proxy`."""
    config = uvicorn.Config(
        answering_head(app),
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
    return Server(config, hub=hub)
