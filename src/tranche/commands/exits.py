"""What a command answers to its caller: exit codes, and one sentence instead of a traceback."""

import sys
from collections.abc import Mapping
from enum import IntEnum

from tranche.kernel import errors
from tranche.kernel.errors import TrancheError


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    COMPLETED_WITH_ERRORS = 3
    NOT_FOUND = 4
    AUTH = 5
    CONFLICT = 6
    TRY_AGAIN = 75
    INTERRUPTED = 130


_CODES: Mapping[type[TrancheError], Exit] = {
    errors.Invalid: Exit.USAGE,
    errors.NotFound: Exit.NOT_FOUND,
    errors.Gone: Exit.NOT_FOUND,
    errors.Unauthorized: Exit.AUTH,
    errors.Forbidden: Exit.AUTH,
    errors.Conflict: Exit.CONFLICT,
    errors.TooMany: Exit.TRY_AGAIN,
    errors.Unavailable: Exit.TRY_AGAIN,
}


def exit_code(error: TrancheError) -> Exit:
    """The code that tells a script which kind of refusal it met."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), Exit.FAILURE)


def complain(error: TrancheError) -> None:
    """Say on stderr what was refused; the field's faults follow where the sentence does not hold them."""
    say(f"Error: {error.message}")
    for fault in error.errors:
        if fault.detail not in error.message:
            say(f"  {fault.pointer} {fault.detail}")


def say(text: str) -> None:
    """One line for the person, never for the program that reads stdout."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
