"""Signals in the main thread: an orderly end instead of a sudden one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt as Ctrl-C does, so that what was started is put away again."""
    before = {sig: signal.signal(sig, _interrupt) for sig in ENDING}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put away what was started without being interrupted in it."""
    before = {sig: signal.signal(sig, signal.SIG_IGN) for sig in ENDING}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)


def _interrupt(sig: int, frame: FrameType | None) -> NoReturn:
    del sig, frame
    raise KeyboardInterrupt
