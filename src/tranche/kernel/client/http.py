"""A client of the HTTP interface: timeouts, bounded retries, changes that are safe to repeat, files in and out."""

import contextlib
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote

import httpx
import msgspec

from tranche.kernel.client.address import Address
from tranche.kernel.client.files import Counted, Progress, open_new, open_whole
from tranche.kernel.client.refusals import ServerFault, refusal, retry_after
from tranche.kernel.errors import Unavailable

Json: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, str | int | bool | None]

MOST_TRIES: Final = 5
LONGEST_PAUSE: Final = 30.0

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
_UPLOAD_TIMEOUT: Final = httpx.Timeout(300.0, connect=5.0)
_PASSING: Final = frozenset({429, 502, 503, 504})
_FIRST_PAUSE: Final = 0.5
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    path: str
    params: Params | None = None
    content: bytes | None = None
    form: Mapping[str, str] | None = None
    file: Counted | None = None
    timeout: httpx.Timeout | None = None
    tries: int = MOST_TRIES


class Client:
    """Asks one server with one key; numbers come back as int or Decimal, exactly.

    A request that meets 429, 502, 503, 504, a 409 with Retry-After or a broken connection is tried again, at most
    five times in all, after the pause that Retry-After asks for. Every change carries an Idempotency-Key, so that
    trying again never does a thing twice; while the try before is at work still, which nobody waits for any more, it
    is answered by such a 409. Every method raises the kind of refusal that the server's
    answer stands for, with its message, and Unavailable when there is no answer.
    """

    def __init__(
        self, address: Address, *, branch: str | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`branch` is where stock is looked at and changed, which the server reads; `sleep` pauses between tries."""
        self._url = address.url
        self._sleep = sleep
        self._was_answered = False
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {address.key}",
                "Accept": "application/json",
                **({} if branch is None else {"x-branch-id": quote(branch)}),
            },
            timeout=_TIMEOUT,
            trust_env=not address.is_local,
        )

    def __enter__(self) -> Self:
        """Closes at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, *, params: Params | None = None) -> Json:
        """Read a resource; parameters that are None are left out."""
        return _decode(self._ask(_Call(method="GET", path=path, params=params)))

    def post(self, path: str, *, params: Params | None = None, body: Json | None = None) -> Json:
        """Change something, once."""
        content = None if body is None else msgspec.json.Encoder(decimal_format="number").encode(body)
        return _decode(self._ask(_Call(method="POST", path=path, params=params, content=content)))

    def post_once(self, path: str) -> Json:
        """Ask for a look whose refusal is the answer, also one that says "later"."""
        return _decode(self._ask(_Call(method="POST", path=path, tries=1)))

    def patch(self, path: str, *, body: Json) -> Json:
        """Change parts of a resource, once."""
        content = msgspec.json.Encoder(decimal_format="number").encode(body)
        return _decode(self._ask(_Call(method="PATCH", path=path, content=content)))

    def put(self, path: str, *, body: Json) -> Json:
        """Change what is there, once."""
        content = msgspec.json.Encoder(decimal_format="number").encode(body)
        return _decode(self._ask(_Call(method="PUT", path=path, content=content)))

    def delete(self, path: str, *, params: Params | None = None) -> Json:
        """Remove something, once."""
        return _decode(self._ask(_Call(method="DELETE", path=path, params=params)))

    def upload(
        self,
        path: str,
        file: Path,
        *,
        params: Params | None = None,
        form: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Json:
        """Send a file as the form field `file`, piece by piece; `progress` gets the bytes sent and in all.

        Raises:
            Invalid: the file cannot be read, or changed while it was sent.
        """
        with open_whole(file, progress=progress) as counted:
            call = _Call(method="POST", path=path, params=params, form=form, file=counted, timeout=_UPLOAD_TIMEOUT)
            return _decode(self._ask(call))

    def download(self, path: str, target: Path, *, params: Params | None = None) -> int:
        """Save what is at `path` as `target`, whole or not at all; returns its size in bytes.

        Raises:
            Invalid: the file cannot be written.
        """
        with open_new(target) as file, self.stream(path, params=params, timeout=_UPLOAD_TIMEOUT) as pieces:
            return sum(file.write(piece) for piece in pieces)

    @contextlib.contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> Iterator[Iterator[bytes]]:
        """Open one answer that is read while it comes. Nothing is tried again.

        Raises:
            Unavailable: there is no answer, or it broke off.
        """
        try:
            with self._http.stream(
                "GET", self._url + path, params=_given(params), headers=headers, timeout=timeout
            ) as response:
                self._was_answered = True
                if not response.is_success:
                    response.read()
                    raise refusal(response, url=self._url)
                yield response.iter_bytes()
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _ask(self, call: _Call) -> httpx.Response:
        key = str(uuid.uuid4())
        tries = 0
        while True:
            tries += 1
            pause = _FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311  # keeps callers apart
            try:
                response = self._send(call, key=key)
            except httpx.TransportError as error:
                if tries >= self._most_tries(error):
                    raise self._away(error) from error
            else:
                if response.is_success:
                    return response
                asked = retry_after(response)
                if tries >= call.tries or not _is_passing(response.status_code, asked):
                    raise refusal(response, url=self._url)
                pause = max(pause, asked or 0)
            self._sleep(pause)

    def _send(self, call: _Call, *, key: str) -> httpx.Response:
        headers = {} if call.method == "GET" else {"Idempotency-Key": key}
        if call.content is not None:
            headers["Content-Type"] = "application/json"
        response = self._http.request(
            call.method,
            self._url + call.path,
            params=_given(call.params),
            content=call.content,
            data=call.form,
            files={"file": (call.file.name, call.file)} if call.file else None,  # type: ignore[dict-item]  # it reads as a file does
            headers=headers,
            timeout=call.timeout or _TIMEOUT,
        )
        self._was_answered = True
        return response

    def _most_tries(self, error: httpx.TransportError) -> int:
        """A server that was never there is soon told; one that was there may be starting anew."""
        return 2 if isinstance(error, httpx.ConnectError) and not self._was_answered else MOST_TRIES

    def _away(self, error: httpx.TransportError) -> Unavailable:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Unavailable(f"No server answers at {self._url}. Is `tranche up` running?", code="no_server")
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(f"{self._url} did not answer in time.", code="timeout")
        return Unavailable(f"The connection to {self._url} broke.", code="connection_lost")


def _is_passing(status: int, asked: float | None) -> bool:
    """Whether the same request may be answered otherwise in a moment; a conflict may where it says when."""
    passes = status in _PASSING or (status == HTTPStatus.CONFLICT and asked is not None)
    return passes and (asked or 0) <= LONGEST_PAUSE


def _given(params: Params | None) -> dict[str, str] | None:
    """What is in the query; None leaves the one that an address brings with it."""
    return {name: _text(value) for name, value in params.items() if value is not None} if params else None


def _text(value: str | int | bool) -> str:  # noqa: FBT001  # one value of a query
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decode(response: httpx.Response) -> Json:
    try:
        body = _DECODER.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ServerFault("The server's answer is not JSON. Is TRANCHE_URL right?") from error
    if not isinstance(body, dict):
        raise ServerFault("The server's answer is not a JSON object. Is TRANCHE_URL right?")
    return body
