"""The loop against the real queue: quick to start, quick to stop, back by itself when the database is."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.databases import DatabaseUrls
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.jobs.loop import JobLoop
from tranche.kernel.jobs.queue import ProcrastinateQueue

Abort = Callable[[], bool]


class Log:
    """What the jobs did; each job may be told to hang until it is asked to end."""

    def __init__(self) -> None:
        self.began: list[tuple[int, float]] = []
        self.ended: list[int] = []
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()
        self.hang: Callable[[Abort], None] = lambda _abort: None

    def task(self, arguments: Mapping[str, int], should_abort: Abort) -> None:
        with self._lock:
            self.began.append((arguments["n"], time.monotonic()))
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            self.hang(should_abort)
        finally:
            with self._lock:
                self._running -= 1
                self.ended.append(arguments["n"])


class Loop:
    """A loop in a thread of its own, as in a worker process."""

    def __init__(self, loop: JobLoop, *, grace: float) -> None:
        self._loop = loop
        self._grace = grace
        self._asyncio: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    async def _main(self) -> None:
        self._asyncio = asyncio.get_running_loop()
        await self._loop.run(grace=self._grace)

    def stop(self) -> float:
        """How many seconds it took to end."""
        assert self._asyncio is not None
        began = time.monotonic()
        self._asyncio.call_soon_threadsafe(self._loop.stop)
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()
        return time.monotonic() - began


@contextmanager
def looping(
    url: str, log: Log, *, slots: int = 2, poll: float = 5.0, listen: bool = True, grace: float = 5.0
) -> Iterator[Loop]:
    loop = Loop(JobLoop(url, {"task": log.task}, slots=slots, heartbeat=0.5, poll=poll, listen=listen), grace=grace)
    loop.thread.start()
    try:
        yield loop
    finally:
        if loop.thread.is_alive():
            loop.stop()


def put(database: Database, *numbers: int, task: str = "task", express: bool = False) -> float:
    """When the transaction that made the jobs was committed."""
    queue = ProcrastinateQueue()
    with database.transaction(None) as conn:
        for n in numbers:
            queue.enqueue(conn, task, key=f"{task} {n}", arguments={"n": n}, express=express)
    return time.monotonic()


def until(condition: Callable[[], object], *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


def is_listening(url: str) -> bool:
    with connect(url) as conn:
        rows = conn.execute("SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        return rows.rowcount > 0


def test_a_job_starts_within_a_second_of_its_commit_and_leaves_nothing(
    database: Database, owner: Connection, app_url: str
) -> None:
    """The library may overlook a notification that comes while it looks; the next poll finds that job."""
    log, waited = Log(), []
    with looping(app_url, log, poll=4.0):
        until(lambda: is_listening(app_url), seconds=10)
        for n in range(3):
            committed = put(database, n)
            until(lambda n=n: n in log.ended, seconds=15)  # type: ignore[misc]
            waited.append(log.began[-1][1] - committed)
        assert min(waited) < 1
        until(lambda: owner.execute("SELECT FROM procrastinate_jobs").rowcount == 0, seconds=5)


def test_a_job_that_waited_for_the_worker_is_run(database: Database, app_url: str) -> None:
    put(database, 1)
    log = Log()
    with looping(app_url, log):
        until(lambda: log.ended == [1], seconds=10)


def test_without_notifications_it_polls(database: Database, app_url: str) -> None:
    log = Log()
    with looping(app_url, log, poll=0.2, listen=False):
        put(database, 1)
        until(lambda: log.ended == [1], seconds=5)


def test_a_short_job_does_not_wait_behind_long_ones(database: Database, app_url: str) -> None:
    log, release = Log(), threading.Event()
    log.hang = lambda abort: until(lambda: release.is_set() or abort(), seconds=20)
    with looping(app_url, log):
        put(database, 1, 2, 3)
        until(lambda: len(log.began) == 2, seconds=10)
        log.hang = lambda _abort: None
        put(database, 4, express=True)
        until(lambda: log.ended == [4], seconds=10)
        assert {n for n, _ in log.began} == {1, 2, 4}
        release.set()


def test_short_jobs_may_take_the_slots_as_well(database: Database, app_url: str) -> None:
    log, release = Log(), threading.Event()
    log.hang = lambda abort: until(lambda: release.is_set() or abort(), seconds=20)
    with looping(app_url, log):
        put(database, 1, 2, 3, express=True)
        until(lambda: len(log.began) == 3, seconds=10)
        release.set()


def test_as_many_at_once_as_there_are_slots(database: Database, app_url: str) -> None:
    log = Log()
    log.hang = lambda _abort: time.sleep(0.1)
    put(database, *range(9))
    with looping(app_url, log, slots=3):
        until(lambda: len(log.ended) == 9, seconds=10)
    assert log.most == 3
    assert sorted(log.ended) == list(range(9))


def test_a_job_that_raises_or_that_nobody_knows_does_not_end_the_loop(database: Database, app_url: str) -> None:
    log = Log()

    def fail(_abort: Abort) -> None:
        raise RuntimeError

    log.hang = fail
    with looping(app_url, log):
        put(database, 1)
        put(database, 1, task="unknown")
        until(lambda: log.ended == [1], seconds=10)
        log.hang = lambda _abort: None
        put(database, 2)
        until(lambda: log.ended == [1, 2], seconds=10)


def hang_until_told(should_abort: Abort) -> None:
    while not should_abort():
        time.sleep(0.01)


@pytest.mark.parametrize("is_busy", [True, False])
def test_it_stops_well_within_its_grace(database: Database, owner: Connection, app_url: str, *, is_busy: bool) -> None:
    log = Log()
    if is_busy:
        log.hang = hang_until_told
        put(database, 1, 2)
    with looping(app_url, log, grace=5.0) as loop:
        until(lambda: len(log.began) == 2 if is_busy else is_listening(app_url), seconds=10)
        assert loop.stop() < 4
    assert len(log.ended) == (2 if is_busy else 0)
    assert owner.execute("SELECT FROM procrastinate_workers").rowcount == 0


def test_it_takes_no_new_job_while_it_stops(database: Database, owner: Connection, app_url: str) -> None:
    log = Log()

    def hang(should_abort: Abort) -> None:
        hang_until_told(should_abort)
        put(database, 2)
        time.sleep(0.3)

    log.hang = hang
    put(database, 1)
    with looping(app_url, log) as loop:
        until(lambda: log.began, seconds=10)
        loop.stop()
    assert log.ended == [1]
    assert owner.execute("SELECT FROM procrastinate_jobs WHERE status = 'todo'").rowcount == 1


def cut(url: str) -> None:
    """End every connection of the plain role to this database, the loop's among them."""
    with connect(url) as conn:
        conn.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
            """
        )


def test_it_outlives_the_loss_of_its_connections(database: Database, app_url: str) -> None:
    log = Log()
    with looping(app_url, log, poll=1.0):
        for n in range(3):
            until(lambda: is_listening(app_url), seconds=10)
            cut(app_url)
            until(lambda n=n: try_to_put(database, n), seconds=10)  # type: ignore[misc]
            until(lambda n=n: n in log.ended, seconds=15)  # type: ignore[misc]


def try_to_put(database: Database, n: int) -> bool:
    try:
        put(database, n)
    except Exception:  # noqa: BLE001  # the pool finds its dead connections one by one
        return False
    return True


def test_it_goes_on_by_itself_when_the_database_is_back(
    database: Database, owner: Connection, database_urls: DatabaseUrls, app_url: str
) -> None:
    log = Log()
    log.hang = hang_until_told
    put(database, 1)
    with looping(app_url, log, poll=1.0) as loop:
        until(lambda: log.began, seconds=10)
        with connect(app_url) as conn:
            owner.execute(f"ALTER DATABASE {database_urls.name} CONNECTION LIMIT 0".encode())
            conn.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
                """
            )
        time.sleep(2.5)
        log.hang = lambda _abort: None
        owner.execute(f"ALTER DATABASE {database_urls.name} CONNECTION LIMIT -1".encode())
        until(lambda: try_to_put(database, 2), seconds=10)
        until(lambda: 2 in log.ended, seconds=20)
        assert loop.thread.is_alive()


def test_it_can_be_stopped_while_the_database_is_away(app_url: str) -> None:
    nowhere = app_url.replace("/socket", "/nowhere")
    assert nowhere != app_url
    with looping(nowhere, Log()) as loop:
        time.sleep(0.5)
        assert loop.stop() < 4


def test_whoever_cancels_it_is_not_held(app_url: str) -> None:
    async def main() -> None:
        loop = JobLoop(app_url, {}, slots=1, heartbeat=0.5, poll=1.0, listen=True)
        task = asyncio.create_task(loop.run(grace=1.0))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), 10))


def test_stopped_while_it_connects_it_holds_up_nobody(app_url: str) -> None:
    async def stop_after(seconds: float) -> None:
        loop = JobLoop(app_url, {}, slots=2, heartbeat=1.0, poll=1.0, listen=True)
        running = asyncio.create_task(loop.run(grace=1.0))
        await asyncio.sleep(seconds)
        loop.stop()
        await running

    def stop_often() -> None:
        for step in range(0, 40, 2):
            asyncio.run(stop_after(step / 1_000))  # waits for every task that is left

    thread = threading.Thread(target=stop_often, daemon=True)
    thread.start()
    thread.join(80)
    assert not thread.is_alive()
