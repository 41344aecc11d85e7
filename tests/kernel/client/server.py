"""A tiny HTTP server that answers what a test scripted, and keeps what it was asked."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tranche.kernel.client.address import Address
from tranche.kernel.client.http import Client

KEY = "trn_test"

_KEPT = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; `size` counts the body's bytes, of which `body` holds the first megabyte."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `drop` cuts the connection off behind the body, or before any answer where there is none."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; `Retry_After="1"` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"content-type": "application/json", **named})


def problem(status: int, detail: str, *, code: str = "code", errors: Any = (), **headers: str) -> Answer:
    """A refusal as the product answers it."""
    body = {"type": "x", "title": "T", "status": status, "detail": detail, "code": code, "errors": list(errors)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"content-type": "application/problem+json", **named})


def stream(*events: tuple[int, Any], tail: bytes = b"", drop: bool = False) -> Answer:
    """A stream of server-sent events."""
    frames = b"".join(b"id: %d\ndata: %s\n\n" % (number, json.dumps(state).encode()) for number, state in events)
    return Answer(200, b"retry: 2000\n\n" + frames + tail, {"content-type": "text/event-stream"}, drop=drop)


@dataclass(slots=True)
class Wire:
    """The server's address, what it will answer in turn, what it was asked, and how long the client paused."""

    url: str
    script: list[Answer | Callable[[Asked], Answer]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def client(self) -> Client:
        return Client(Address(self.url, KEY), sleep=self.pauses.append)


@contextlib.contextmanager
def serving() -> Iterator[Wire]:
    """Serve until the block ends; what the script does not foresee is 500."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.wire = Wire(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    wire: Wire


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def handle_any(self) -> None:
        wire = self.server.wire
        asked = self._read()
        wire.asked.append(asked)
        entry = wire.script.pop(0) if wire.script else problem(500, "nothing scripted")
        given = entry if isinstance(entry, Answer) else entry(asked)
        self.close_connection = self.close_connection or given.drop
        if not (given.drop and given.body == b"{}"):
            self._write(given)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815  # the names that the library looks for

    def _read(self) -> Asked:
        left = int(self.headers.get("content-length", 0))
        size, kept = 0, b""
        while left > size and (piece := self.rfile.read(min(left - size, 65_536))):
            size += len(piece)
            kept += piece if size <= _KEPT else b""
        return Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, kept, size)

    def _write(self, given: Answer) -> None:
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(given.body) + (10 if given.drop else 0)))
        self.end_headers()
        self.wfile.write(given.body)

    def log_message(self, *_: object) -> None:
        return
