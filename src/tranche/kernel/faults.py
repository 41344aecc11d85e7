"""What may be said of a fault: to a person a sentence, to the log its kinds and places, never its data."""

import traceback
from pathlib import Path

from tranche.kernel.errors import TrancheError

_FRAMES = 12


def words_of(error: BaseException) -> tuple[str, str]:
    """A code and a sentence for a person: our own refusals whole, of any other fault only its kind."""
    if isinstance(error, TrancheError):
        return error.error_code, error.message
    kind = type(error).__name__
    return "unexpected", f"An unexpected fault ({kind}) came up; the log of the worker says where."


def describe(error: BaseException) -> dict[str, object]:
    """What the log may hold: messages of foreign errors are left out, because they carry SQL and people's data."""
    kinds: list[str] = []
    current: BaseException | None = error
    while current is not None:
        kinds.append(f"{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": kinds[0],
        "causes": kinds[1:],
        "sqlstate": getattr(error, "sqlstate", None),
        "where": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
