"""A small pool of threads for one purpose, so that slow requests cannot starve it."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Lane:
    """Runs blocking functions for the event loop, at most `size` at a time."""

    def __init__(self, name: str, *, size: int) -> None:
        """Threads are made when they are first needed."""
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in one of the lane's threads, with the caller's context variables."""
        call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        """Take no more work; what runs is let go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
