"""The page that Prometheus reads, on a port of its own."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import disable_created_metrics, start_http_server

from tranche import __version__
from tranche.commands.process import local_url, refused
from tranche.kernel.client.output import say
from tranche.kernel.metrics import Metrics
from tranche.kernel.settings import Settings


@contextmanager
def measuring(settings: Settings, *, place: int = 0) -> Iterator[Metrics]:
    """The instruments of this process, and, where TRANCHE_METRICS_PORT is set, their page while the block runs.

    Of several processes of one server each has a page of its own, on that port and the `place` ports after it.

    Raises:
        PortTaken: somebody listens there.
        Invalid: this machine has no such address.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a series for each series, and nobody reads it
    metrics = Metrics(version=__version__)
    with contextlib.ExitStack() as stack:
        if settings.metrics_port is not None:
            port = settings.metrics_port + place if settings.metrics_port else 0
            stack.callback(_serve(settings.metrics_host, port, metrics))
        yield metrics


def _serve(host: str, port: int, metrics: Metrics) -> Callable[[], None]:
    try:
        server, thread = start_http_server(port, host, registry=metrics.registry)
    except OSError as error:
        raise refused(host, port, error, option="TRANCHE_METRICS_PORT") from error
    say(f"Metrics are at {local_url(host, server.server_port)}/metrics")

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=1)

    return stop
