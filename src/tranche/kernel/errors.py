"""The kinds of refusal; every exception a person can cause is a subclass of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

_LONGEST_SHOWN: Final = 60


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
    """There is no such thing, or it belongs to another organization (HTTP 404).

    `noun` is what a kind is called: `InvoiceNotFound.of(99)` says "There is no invoice with the id 99."
    """

    code = "not_found"
    noun: ClassVar[str] = "thing"

    @classmethod
    def of(cls, which: int | str, *, hint: str = "") -> Self:
        """The refusal that names what was asked for, by its id or as it was written; `hint` is a half sentence more."""
        plain = _shown(str(which))
        named = f"with the id {plain}" if plain.isdecimal() else plain
        return cls(f"There is no {cls.noun} {named}{f'; {hint}' if hint else ''}.")


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


def _shown(text: str) -> str:
    """What somebody asked for, as a sentence may repeat it: one short line."""
    plain = "".join(char for char in text if char.isprintable())
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[:_LONGEST_SHOWN]}…"
