"""The loop that takes jobs from the queue and runs each in a thread, until it is told to stop.

Beside its slots, which take any job, it has one thread for the express queue alone.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import structlog
from procrastinate import App, JobContext, PsycopgConnector

from tranche.kernel.db.pool import KEEPALIVES
from tranche.kernel.jobs.queue import EXPRESS, GENERAL

log = structlog.get_logger(__name__)

Task = Callable[[Mapping[str, int], Callable[[], bool]], None]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
# A half-open connection would otherwise hold the worker for hours.
_CONNECTION: Final[Mapping[str, Any]] = {"application_name": "tranche queue", **KEEPALIVES}
_LAST_WORDS = 1.0


class JobLoop:
    """Runs jobs of the given tasks in `slots` threads; survives the loss of its database."""

    def __init__(
        self, url: str, tasks: Mapping[str, Task], *, slots: int, heartbeat: float, poll: float, listen: bool
    ) -> None:
        """A task gets the job's arguments and a function that says whether to end soon.

        `heartbeat` and `poll` are in seconds; `listen` is off behind a pooler in transaction mode.
        """
        self._url = url
        self._tasks = tasks
        self._slots = slots
        self._heartbeat = heartbeat
        self._poll = poll
        self._listen = listen
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Take no new job and let the running slices end; call it from the loop's own thread."""
        self._stop.set()
        if self._running:
            self._running.cancel()

    async def run(self, *, grace: float) -> None:
        """Work until `stop`; running jobs get `grace` seconds to come to their next safe point."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._slots + 3, thread_name_prefix="slice"))
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            began = loop.time()
            self._running = asyncio.create_task(self._work(grace))
            try:
                await self._wait(self._running, grace=grace)
            except asyncio.CancelledError:
                if not self._stop.is_set():
                    raise
            except Exception as error:  # noqa: BLE001  # whatever ended the library's loop, ours goes on
                log.warning("queue.lost", error=type(error).__name__)
            lasted = loop.time() - began
            pause = _FIRST_PAUSE if lasted > _LONGEST_PAUSE * 2 else min(pause * 2, _LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    async def _wait(self, running: asyncio.Task[None], *, grace: float) -> None:
        """Wait for the library's loop to end; after `stop` not for a thread that is stuck in a long statement.

        Such a thread is left behind: its statement is rolled back when the process has ended.
        """
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            running.cancel()
            raise
        finally:
            stopped.cancel()
        if self._stop.is_set():
            await asyncio.wait({running}, timeout=grace + _LAST_WORDS)
        if running.done():
            await running
            log.warning("queue.ended")
        else:
            log.warning("queue.left", seconds=grace + _LAST_WORDS)

    async def _work(self, grace: float) -> None:
        connector = PsycopgConnector(
            conninfo=self._url, min_size=1, max_size=6, timeout=_LONGEST_PAUSE, kwargs=dict(_CONNECTION)
        )
        app = App(connector=connector)
        for name, task in self._tasks.items():
            self._register(app, name, task)
        try:
            async with app.open_async(), asyncio.TaskGroup() as workers:
                workers.create_task(self._take(app, queues=[GENERAL, EXPRESS], slots=self._slots, grace=grace))
                workers.create_task(self._take(app, queues=[EXPRESS], slots=1, grace=grace))
        finally:
            # A stop while it opens leaves the pool open, whose tasks outlive their cancellation.
            await connector.close_async()

    async def _take(self, app: App, *, queues: list[str], slots: int, grace: float) -> None:
        await app.run_worker_async(
            queues=queues,
            concurrency=slots,
            wait=True,
            delete_jobs="always",
            install_signal_handlers=False,
            listen_notify=self._listen,
            fetch_job_polling_interval=self._poll,
            abort_job_polling_interval=self._poll,
            update_heartbeat_interval=self._heartbeat,
            stalled_worker_timeout=self._heartbeat * 4,
            shutdown_graceful_timeout=grace,
        )

    def _register(self, app: App, name: str, task: Task) -> None:
        def run(context: JobContext, /, **arguments: int) -> None:
            task(arguments, lambda: self._stop.is_set() or context.should_abort())

        app.task(name=name, pass_context=True)(run)
