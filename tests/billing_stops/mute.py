"""A server that takes every call and then says nothing, or falls silent when it has let its caller in."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Final, Self


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


_WELCOME: Final = (
    _message(b"R", struct.pack(">I", 0))
    + b"".join(
        _message(b"S", b"%s\0%s\0" % pair)
        for pair in ((b"client_encoding", b"UTF8"), (b"server_version", b"18.0"), (b"TimeZone", b"UTC"))
    )
    + _message(b"K", struct.pack(">II", 4711, 4712))
    + _message(b"Z", b"I")
)


class MuteServer:
    """At `port` of this machine. `welcomes`: it greets as a PostgreSQL does, and hears everything after that."""

    def __init__(self, *, welcomes: bool = False) -> None:
        self._welcomes = welcomes
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._door.getsockname()[1]
        self.heard = bytearray()
        self.callers = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for line in self._open:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._door.accept()
                self._open.append(line)
                self.callers += 1
                threading.Thread(target=self._hear, args=(line,), daemon=True).start()

    def _hear(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := line.recv(65_536):
                self.heard += data
                if not self._welcomes:
                    continue
                if data[4:8] in (struct.pack(">I", 80877103), struct.pack(">I", 80877104)):  # TLS or GSS? No.
                    line.sendall(b"N")
                elif data[4:8] == struct.pack(">I", 196608) or data[4:6] == b"\0\3":  # the start of protocol 3
                    line.sendall(_WELCOME)
