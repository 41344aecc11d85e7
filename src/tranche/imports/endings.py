"""What becomes of an operation whose file cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from tranche.imports.domain import ParseAbortedError
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.operations.handlers import Fatal, Stopped


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
