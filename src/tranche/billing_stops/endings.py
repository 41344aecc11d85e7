"""Refusals that trying again does not change end a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from tranche.kernel.errors import Forbidden, Invalid
from tranche.kernel.operations.handlers import Fatal


@contextmanager
def ending_by_refusals() -> Iterator[None]:
    """A refusal inside is the run's reason; a source that is away (SourceFault) passes, and is tried again."""
    try:
        yield
    except (Invalid, Forbidden) as error:
        raise Fatal(error.message, code=error.error_code) from error
