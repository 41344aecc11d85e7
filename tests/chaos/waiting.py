"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.03


def eventually(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """The first answer of `look` that is not empty; fails the test when there is none in time."""
    ends = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < ends, f"not within {seconds:.0f} s: {what}"
        time.sleep(_PAUSE)
