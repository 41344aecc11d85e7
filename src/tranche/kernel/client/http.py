"""A client of the HTTP interface: timeouts, bounded retries, safe repetition, files in and out."""

import contextlib
import os
import random
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, TypeAlias

import httpx
import msgspec

from tranche.kernel.client.address import Address
from tranche.kernel.client.refusals import ServerFault, refusal, retry_after
from tranche.kernel.errors import Invalid, Unavailable

Json: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, str | int | bool | None]
Progress: TypeAlias = Callable[[int, int], None]

MOST_TRIES: Final = 5
LONGEST_PAUSE: Final = 30.0
TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
UPLOAD_TIMEOUT: Final = httpx.Timeout(300.0, connect=5.0)

_PASSING: Final = frozenset({429, 502, 503, 504})
_FIRST_PAUSE: Final = 0.5
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


class Client:
    """Asks one server with one key; JSON numbers come back as int or Decimal, exactly.

    A request that meets 429, 502, 503, 504 or a broken connection is tried again, at most five times in
    all. Every change carries an Idempotency-Key, so that trying again never does a thing twice. Every
    method raises the kind of refusal that the server's answer stands for, and Unavailable when there is
    no answer.
    """

    def __init__(self, address: Address, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """`sleep` pauses between tries."""
        self._url = address.url
        self._sleep = sleep
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {address.key}", "Accept": "application/json"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=not address.is_local,
        )

    def __enter__(self) -> "Client":
        """Closes at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, *, params: Params | None = None) -> Json:
        """Read a resource; parameters that are None are left out."""
        return _decode(self._ask("GET", path, params=params))

    def post(self, path: str, *, params: Params | None = None, body: Json | None = None) -> Json:
        """Change something, once."""
        content = None if body is None else msgspec.json.encode(body, decimal_format="number")
        return _decode(self._ask("POST", path, params=params, content=content))

    def delete(self, path: str, *, params: Params | None = None) -> Json:
        """Remove something, once."""
        return _decode(self._ask("DELETE", path, params=params))

    def upload(
        self,
        path: str,
        file: Path,
        *,
        params: Params | None = None,
        form: Mapping[str, str] | None = None,
        progress: Progress = lambda _sent, _total: None,
    ) -> Json:
        """Send a file as the form field `file`, read piece by piece; `progress` gets bytes sent and in all.

        Raises:
            Invalid: the file cannot be read.
        """
        try:
            with file.open("rb") as opened:
                counted = _Counted(opened, progress=progress)
                return _decode(
                    self._ask(
                        "POST",
                        path,
                        params=params,
                        form=dict(form or {}),
                        file=(file.name, counted),
                        timeout=UPLOAD_TIMEOUT,
                    )
                )
        except OSError as error:
            raise Invalid(f"{file} cannot be read: {error.strerror or error}.", code="unreadable_file") from error

    def download(self, path: str, target: Path) -> int:
        """Save what is at `path` under `target`, whole or not at all; returns its size in bytes.

        Raises:
            Invalid: the file cannot be written.
        """
        try:
            with _whole_file(target) as file:
                for piece in self._pieces(path):
                    file.write(piece)
                return file.tell()
        except OSError as error:
            raise Invalid(f"{target} cannot be written: {error.strerror or error}.", code="unwritable_file") from error

    @contextlib.contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str] | None = None, timeout: httpx.Timeout = TIMEOUT
    ) -> Iterator[httpx.Response]:
        """Open one answer that is read while it comes; a refusal is raised, nothing is tried again.

        Raises:
            Unavailable: there is no answer, or it broke off.
        """
        try:
            with self._http.stream("GET", self._url + path, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                    raise refusal(response)
                yield response
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _pieces(self, path: str) -> Iterator[bytes]:
        with self.stream(path, timeout=UPLOAD_TIMEOUT) as response:
            yield from response.iter_bytes()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        content: bytes | None = None,
        form: dict[str, str] | None = None,
        file: tuple[str, "_Counted"] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> httpx.Response:
        headers = {} if method == "GET" else {"Idempotency-Key": str(uuid.uuid4())}
        if content is not None:
            headers["Content-Type"] = "application/json"
        for tries in range(1, MOST_TRIES + 1):
            pause = _FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311  # spreads callers
            try:
                response = self._http.request(
                    method,
                    self._url + path,
                    params=_given(params),
                    content=content,
                    data=form,
                    files={"file": file} if file else None,  # type: ignore[dict-item]  # it reads like a file
                    headers=headers,
                    timeout=timeout,
                )
            except httpx.TransportError as error:
                if tries == MOST_TRIES:
                    raise self._away(error) from error
            else:
                if response.is_success:
                    return response
                asked = retry_after(response)
                if response.status_code not in _PASSING or tries == MOST_TRIES or (asked or 0) > LONGEST_PAUSE:
                    raise refusal(response)
                pause = pause if asked is None else asked
            self._sleep(pause)
        raise AssertionError("the last try has returned or raised")

    def _away(self, error: httpx.TransportError) -> Unavailable:
        if isinstance(error, httpx.ConnectError):
            return Unavailable(f"No server answers at {self._url}. Is `tranche up` running?", code="no_server")
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(f"{self._url} did not answer in time.", code="timeout")
        return Unavailable(f"The connection to {self._url} broke.", code="connection_lost")


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, *, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._size = os.fstat(file.fileno()).st_size

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress(self._file.tell(), self._size)
        return data


class _whole_file(contextlib.AbstractContextManager[BinaryIO]):  # noqa: N801  # used as a function
    pass
