"""Signals in the main thread: the first one begins an orderly end, the next ones do not disturb it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


def ending_signals() -> list[signal.Signals]:
    """Ctrl-C, the service manager's word, and the end of the terminal unless `nohup` keeps that away."""
    signals = [signal.SIGINT, signal.SIGTERM]
    return signals if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [*signals, signal.SIGHUP]


@contextmanager
def interruptible() -> Iterator[None]:
    """Let every ending signal raise KeyboardInterrupt, so that what was started is put away again."""
    before = {sig: signal.signal(sig, _interrupt) for sig in ending_signals()}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)


def ignore_signals() -> None:
    """The end is on its way; it takes its limited time."""
    for sig in ending_signals():
        signal.signal(sig, signal.SIG_IGN)


def _interrupt(sig: int, frame: FrameType | None) -> NoReturn:
    del sig, frame
    ignore_signals()
    raise KeyboardInterrupt
