"""One HTTP POST to an address that others chose: checked after DNS, no redirects, bounded in time and size."""

import contextlib
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import Final, TypeAlias

import httpcore

from tranche.kernel.errors import TrancheError
from tranche.kernel.notify.addresses import Resolve, find_addresses, resolve_by_system
from tranche.kernel.notify.domain import Outcome, again, refused

POST_SECONDS: Final = 15.0
MOST_BODY: Final = 2_048

_EXCERPT: Final = 500
_OK, _REDIRECTS, _BAD = 200, 300, 400
_FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)
_Option: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: the code, the body's beginning as text and as bytes, and what Retry-After asks for in seconds."""

    status: int
    text: str
    retry_after: float | None
    content: bytes = field(default=b"", repr=False)

    @property
    def is_taken(self) -> bool:
        """Whether the other side has taken what was sent."""
        return _OK <= self.status < _REDIRECTS

    def fault(self) -> Outcome:
        """The outcome of an answer that is no acceptance."""
        message = f"The receiver answered {self.status}."
        if _REDIRECTS <= self.status < _BAD:
            message = f"The receiver answered {self.status}: redirects are not followed; enter the final address."
        return again("refused", message, status_code=self.status, retry_after=self.retry_after)


class Poster:
    """Sends POST requests; each has a connection of its own."""

    def __init__(
        self,
        *,
        allow_private: bool,
        resolve: Resolve = resolve_by_system,
        seconds: float = POST_SECONDS,
        most_body: int = MOST_BODY,
    ) -> None:
        """`allow_private` opens loopback and private networks; link-local and metadata stay shut."""
        self._most_body = most_body
        self._allow_private = allow_private
        self._resolve = resolve
        self._seconds = seconds

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Whose certificates are trusted; reading them takes longer than all else here, and many never post."""
        return ssl.create_default_context()

    def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> Reply | Outcome:
        """Send once and read the answer's beginning; an Outcome where there is no answer."""
        guard = _Guard(allow_private=self._allow_private, resolve=self._resolve, ends=time.monotonic() + self._seconds)
        try:
            with httpcore.ConnectionPool(ssl_context=self._tls, network_backend=guard) as pool:
                return self._post(pool, url, content=content, headers=headers)
        except TrancheError as error:
            return again(error.error_code, error.message)
        except httpcore.TimeoutException:
            found = again("timeout", f"The receiver did not answer within {self._seconds:g} s.")
        except _FAULTS as error:
            found = _fault(error)
        return replace(found, has_left=guard.has_written)

    def _post(self, pool: httpcore.ConnectionPool, url: str, *, content: bytes, headers: Mapping[str, str]) -> Reply:
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)}
        sent: list[tuple[bytes | str, bytes | str]] = [("User-Agent", "tranche"), ("Accept", "*/*")]
        sent += [("Connection", "close"), *headers.items()]
        with pool.stream("POST", url, headers=sent, content=content, extensions=limits) as response:
            found = _beginning(response, most=self._most_body)[: self._most_body]
            asked = {name.lower(): value for name, value in response.headers}.get(b"retry-after", b"")
        text = "".join(char if char.isprintable() else " " for char in found[:MOST_BODY].decode(errors="replace"))
        return Reply(
            status=response.status,
            text=text[:_EXCERPT].strip(),
            retry_after=_seconds(asked.decode("latin-1")),
            content=found,
        )


def _beginning(response: httpcore.Response, *, most: int) -> bytes:
    """The first bytes of the body; the answer stands with its code, so a body that breaks off changes nothing."""
    found = b""
    with contextlib.suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for piece in response.iter_stream():
            found += piece
            if len(found) >= most:
                break
    return found


class _Guard(httpcore.NetworkBackend):
    """Connects to the very address that was checked, and lets nothing take longer than the whole may."""

    def __init__(self, *, allow_private: bool, resolve: Resolve, ends: float) -> None:
        self._find = partial(find_addresses, allow_private=allow_private, resolve=resolve)
        self._ends = ends
        self._plain = httpcore.SyncBackend()
        self.has_written = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_Option] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        *others, last = self._find(host, port)
        for address in others:
            try:
                return self._connect(address, port, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return self._connect(last, port, local_address, socket_options)

    def _connect(
        self, address: str, port: int, local_address: str | None, options: Iterable[_Option] | None
    ) -> httpcore.NetworkStream:
        left = _left(self._ends, httpcore.ConnectTimeout)
        stream = self._plain.connect_tcp(
            address, port, timeout=left, local_address=local_address, socket_options=options
        )
        return _Bounded(stream, ends=self._ends, note=self._note)

    def _note(self) -> None:
        self.has_written = True


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step ends when the whole must have ended; `note` hears that something has been written."""

    def __init__(self, stream: httpcore.NetworkStream, *, ends: float, note: Callable[[], None]) -> None:
        self._stream = stream
        self._ends = ends
        self._note = note

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, timeout=_left(self._ends, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, timeout=_left(self._ends, httpcore.WriteTimeout))
        self._note()

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        left = _left(self._ends, httpcore.ConnectTimeout)
        encrypted = self._stream.start_tls(ssl_context, server_hostname, left)
        return _Bounded(encrypted, ends=self._ends, note=self._note)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _fault(error: Exception) -> Outcome:
    if isinstance(error, httpcore.UnsupportedProtocol | httpcore.LocalProtocolError):
        return refused("address", "The address cannot be called.")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return again("tls", "The receiver's certificate or encryption cannot be accepted.")
    if isinstance(error, httpcore.ConnectError):
        return again("connection", "No connection to the receiver could be made.")
    return again("connection", "The connection to the receiver broke.")


def _left(ends: float, kind: type[Exception]) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise kind
    return left


def _seconds(text: str) -> float | None:
    """Retry-After: seconds, or a date."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):  # a year or a zone of twenty digits
        return None
