"""What becomes of an operation whose file cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tranche.imports.domain import (
    FileTooLarge,
    InvalidMapping,
    MissingColumns,
    ParseAbortedError,
    UnreadableFile,
    UnsupportedFile,
)
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.operations.handlers import Fatal, Stopped

# An import that ends by one of these needs another file or another mapping, and nothing of the operators.
SENDERS_FAULTS: Final = frozenset(
    {
        UnreadableFile.code, UnsupportedFile.code, FileTooLarge.code, InvalidMapping.code, MissingColumns.code,
        "all_failed", "atomic_refused", "empty_file", "encrypted", "macros", "no_rows",
    }
)  # fmt: skip


@contextmanager
def ending_by_refusals() -> Iterator[None]:
    """What refuses the file that is read in this block ends the operation; an outage does not, and a stop stops it."""
    try:
        yield
    except ParseAbortedError as aborted:
        raise Stopped from aborted
    except Unavailable:
        raise
    except TrancheError as refusal:
        raise Fatal(refusal.message, code=refusal.error_code) from refusal
