"""A local HTTP server that stands for a webhook's receiver, Slack or Teams, and keeps what it is sent."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Request:
    """One POST; the names of its headers are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers `status` with `body` and `headers`; `drip` seconds pass between the bytes of the body."""

    url: str = ""
    status: int = 200
    body: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    requests: list[Request] = field(default_factory=list)

    def wait(self, count: int, *, seconds: float = 20.0) -> list[Request]:
        ends = time.monotonic() + seconds
        while len(self.requests) < count:
            assert time.monotonic() < ends, f"{len(self.requests)} of {count} requests came"
            time.sleep(0.02)
        return self.requests


@contextmanager
def receiving(answer: Callable[[bytes], tuple[int, bytes]] | None = None) -> Iterator[Receiver]:
    """A receiver; with `answer` status and body follow from what it is sent."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Request(self.path, headers, body))
            status, reply = answer(body) if answer else (found.status, found.body)
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = [reply[at : at + 1] for at in range(len(reply))] if found.drip else [reply]
            try:
                for piece in pieces:
                    time.sleep(found.drip)
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                return  # the caller has had enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
