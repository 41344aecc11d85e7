"""The kinds of refusal; every exception a person can cause is a subclass of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in the input: `pointer` is a JSON pointer, a parameter's name or a header's name."""

    pointer: str
    detail: str
    code: str = "invalid"


class TrancheError(Exception):
    """A refusal with a message that a clerk can act on and a stable machine code."""

    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        """`retry_after` is in whole seconds and becomes the Retry-After header."""
        super().__init__(message)
        self.message = message
        self.error_code = code or type(self).code
        self.errors = tuple(errors)
        self.retry_after = retry_after


class Invalid(TrancheError):
    """The input cannot be taken as it is (HTTP 400)."""

    code = "invalid"


class Unauthorized(TrancheError):
    """Nobody we know is asking (HTTP 401)."""

    code = "unauthorized"


class Forbidden(TrancheError):
    """The caller is known and may not do this (HTTP 403)."""

    code = "forbidden"


class NotFound(TrancheError):
    """There is no such thing, or it belongs to another organization (HTTP 404)."""

    code = "not_found"


class Conflict(TrancheError):
    """The present state does not allow it (HTTP 409)."""

    code = "conflict"


class Gone(TrancheError):
    """It was there and has been dropped (HTTP 410)."""

    code = "gone"


class TooLarge(TrancheError):
    """The input passes a limit, which the message names (HTTP 413)."""

    code = "too_large"


class Unsupported(TrancheError):
    """A file or body of a kind that is not read (HTTP 415)."""

    code = "unsupported"


class Unprocessable(TrancheError):
    """The same Idempotency-Key was used for another request (HTTP 422)."""

    code = "unprocessable"


class TooMany(TrancheError):
    """The caller asks too often (HTTP 429)."""

    code = "too_many"


class Unavailable(TrancheError):
    """The database or another need is away for now; trying again is right (HTTP 503)."""

    code = "unavailable"
