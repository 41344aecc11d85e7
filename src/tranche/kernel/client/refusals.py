"""What a server refuses, as the same kinds of refusal on this side; the message is shown as it came."""

import email.utils
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec

from tranche.kernel import errors
from tranche.kernel.errors import FieldError, TrancheError

_KINDS: Final[Mapping[int, type[TrancheError]]] = {
    400: errors.Invalid,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.Gone,
    413: errors.TooLarge,
    415: errors.Unsupported,
    422: errors.Unprocessable,
    429: errors.TooMany,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
_LONGEST_WAIT: Final = 86_400.0


class ServerFault(TrancheError):
    """The server failed, or answered what is not ours to read."""

    code = "server_fault"


def refusal(response: httpx.Response, *, url: str) -> TrancheError:
    """The refusal that a response of 300 or above stands for; its body has been read.

    Where the key is refused, the message names `url`, the server that was asked: it may be another one than was meant.
    """
    problem = _problem(response)
    kind = _KINDS.get(response.status_code, ServerFault)
    message = str(problem.get("detail") or problem.get("message") or _plain(response))
    if kind is errors.Unauthorized:
        message = f"{message} The answer came from {url}."
    seconds = retry_after(response)
    return kind(
        message,
        code=str(problem.get("code") or kind.code),
        errors=[
            FieldError(str(e.get("pointer", "")), str(e.get("detail", "")), str(e.get("code", "invalid")))
            for e in problem.get("errors") or []
            if isinstance(e, dict)
        ],
        retry_after=None if seconds is None else round(seconds),
    )


def retry_after(response: httpx.Response) -> float | None:
    """The seconds of Retry-After, which holds a number or a date; None where it is absent or cannot be read."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - time.time(), 0.0), _LONGEST_WAIT)


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _plain(response: httpx.Response) -> str:
    status = response.status_code
    if response.is_redirect:
        return f"The server answered with a redirect ({status}). Set TRANCHE_URL to its final address."
    return f"The server answered {status} {response.reason_phrase} without saying more. Is TRANCHE_URL right?"
