"""Faults that a verb names by its field, placed in the body that the field came in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tranche.kernel.errors import Invalid


@contextmanager
def under(prefix: str) -> Iterator[None]:
    """Verbs point at "/name"; in a body `{"data": {"name": ...}}` that is under "/data", and "" is "/data" itself."""
    try:
        yield
    except Invalid as error:
        error.errors = tuple(
            replace(fault, pointer=prefix + fault.pointer) if fault.pointer[:1] in {"", "/"} else fault
            for fault in error.errors
        )
        raise
