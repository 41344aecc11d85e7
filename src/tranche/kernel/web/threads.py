"""Threads for blocking work: forty for handlers, and small lanes that slow requests cannot starve."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from litestar.concurrency import get_asyncio_executor, set_asyncio_executor

T = TypeVar("T")
P = ParamSpec("P")

HANDLERS: Final = 40

_PREFIX: Final = "web"


class Lane:
    """Runs blocking functions for the event loop, at most `size` at a time."""

    def __init__(self, name: str, *, size: int) -> None:
        """Threads are made when they are first needed."""
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix=f"{_PREFIX}-{name}")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in one of the lane's threads, with the caller's context variables."""
        call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        """Take no more work; what runs is let go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def start_threads() -> None:
    """Give the handlers of this process their threads; the framework keeps one pool per process."""
    set_asyncio_executor(ThreadPoolExecutor(max_workers=HANDLERS, thread_name_prefix=f"{_PREFIX}-handler"))


def end_threads() -> None:
    """Let the handlers' threads end; what runs is let go."""
    if threads := get_asyncio_executor():
        threads.shutdown(wait=False, cancel_futures=True)
