"""Signals in the main thread: the first one begins an orderly end, the next ones do not disturb it."""

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


def ignore_signals() -> None:
    """The end is on its way; it takes its limited time."""
    for sig in ENDING:
        signal.signal(sig, signal.SIG_IGN)


def _interrupt(sig: int, frame: FrameType | None) -> NoReturn:
    del sig, frame
    ignore_signals()
    raise KeyboardInterrupt
