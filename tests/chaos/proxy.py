"""A TCP way to the database's Unix socket that can fall silent as a vanished machine or a dead pooler does."""

import contextlib
import ctypes
import socket
import struct
import threading
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux
_BUFFER = 65_536


class Proxy:
    """Connections that were made before `vanish` or `mute` are silent from then on; new ones work."""

    def __init__(self, url: str) -> None:
        """`url` is a libpq address over a Unix socket; `self.url` leads to the same place by TCP."""
        parts = urlsplit(url)
        where = parse_qs(parts.query)
        self._server = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}"
        self._door = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[_Pipe] = []
        self.url = f"postgresql://{parts.username}@127.0.0.1:{self._door.getsockname()[1]}{parts.path}"

    def vanish(self) -> None:
        """The other machine is gone: nothing is acknowledged any more, and nobody says so."""
        with self._lock:
            for pipe in self._open:
                pipe.silence(drop=True)

    def mute(self) -> None:
        """What is between hangs: the connections stay open and acknowledged, and nothing passes."""
        with self._lock:
            for pipe in self._open:
                pipe.silence(drop=False)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with self._lock:
            for pipe in self._open:
                pipe.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._server)
                except OSError:  # the server is down: so is the way to it
                    client.close()
                    continue
                with self._lock:
                    self._open.append(_Pipe(client, server))


class _Pipe:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._ends = (client, server)
        self._silent = False
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def silence(self, *, drop: bool) -> None:
        self._silent = True
        with contextlib.suppress(OSError):  # it was closed already
            if drop:
                _drop_all(self._ends[0])

    def close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_BUFFER):
                if not self._silent:
                    target.sendall(data)
        if not self._silent:  # also where one end was reset: the other hears of it
            self.close()


def _drop_all(end: socket.socket) -> None:
    """Let the kernel discard every packet for this socket before TCP sees it, so that none is acknowledged."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF: return 0
    end.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HxxxxxxP", 1, ctypes.addressof(program)))
