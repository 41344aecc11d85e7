"""When Python looks for garbage: not while much is built that stays, and later not in what was there at the start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """The block builds what stays: looking through it again and again while it grows would find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def settle() -> None:
    """What lives now, lives as long as the process: it is not looked through again."""
    gc.collect()
    gc.freeze()
