"""What this process measures for Prometheus: requests by route template, pieces of operations; never whose they are."""

import time
from collections.abc import Callable
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.registry import Collector

Observe = Callable[[str, str, float, str], None]

_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CHUNK_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 300.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The instruments of one process, in a registry of their own."""

    def __init__(self, *, version: str) -> None:
        """`version` is that of this program."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Gauge("tranche_info", "The release of this process.", ["version"], registry=self.registry).labels(version).set(
            1
        )
        self._requests = Counter(
            "tranche_http_requests",
            "Answered requests by route template.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "tranche_http_request_seconds",
            "From a request to the beginning of its answer.",
            ["method", "route"],
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self._chunk_seconds = Histogram(
            "tranche_chunk_seconds",
            "What this worker did of operations, piece by piece; outcome is done, failed, stopped or outage.",
            ["kind", "phase", "outcome"],
            buckets=_CHUNK_SECONDS,
            registry=self.registry,
        )

    def observe_chunk(self, kind: str, phase: str, seconds: float, outcome: str) -> None:
        """One piece of an operation was worked on."""
        self._chunk_seconds.labels(kind, phase, outcome).observe(seconds)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request is being answered."""
        verb = method if method in _METHODS else "other"  # the caller's own words would each be a series
        self._requests.labels(verb, route, str(status)).inc()
        self._request_seconds.labels(verb, route).observe(seconds)

    def add(self, collector: Collector) -> None:
        """Ask one more source at every scrape."""
        self.registry.register(collector)


def measured(app: Any, metrics: Metrics) -> Any:  # noqa: ANN401  # ASGI applications; the libraries' types differ
    """The application with its requests measured; a stream counts until it begins."""

    async def run(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # as above
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began = time.perf_counter()

        async def tell(message: Any) -> None:  # noqa: ANN401  # as above
            if message["type"] == "http.response.start":
                route = scope.get("path_template") or "none"
                metrics.observe_request(scope["method"], route, int(message["status"]), time.perf_counter() - began)
            await send(message)

        await app(scope, receive, tell)

    return run
