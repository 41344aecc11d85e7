"""The listener hears, and comes back by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tranche.kernel.db.listen import Listener
from tranche.kernel.db.pool import Connection, connect

NAME = "tranche listener under test"


class Heard:
    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.connections = 0

    def connected(self) -> None:
        self.connections += 1


async def listening(url: str, heard: Heard, work: Callable[[], Awaitable[None]]) -> None:
    listener = Listener(url, channel="tranche_operations", name=NAME)
    task = asyncio.create_task(listener.run(heard=heard.payloads.append, connected=heard.connected))
    try:
        async with asyncio.timeout(15):
            await work()
    finally:
        task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # the change comes from another process
        await asyncio.sleep(0.01)


def notify(owner: Connection, payload: str) -> None:
    owner.execute("SELECT pg_notify('tranche_operations', %(payload)s)", {"payload": payload})


def end_listeners(url: str) -> None:
    with connect(url) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %(name)s", {"name": NAME}
        )


def test_it_hears_what_is_committed_and_only_its_channel(app_url: str, owner: Connection) -> None:
    heard = Heard()

    async def work() -> None:
        await until(lambda: heard.connections == 1)
        owner.execute("SELECT pg_notify('another', 'x')")
        notify(owner, "one")
        notify(owner, "two")
        await until(lambda: len(heard.payloads) == 2)

    asyncio.run(listening(app_url, heard, work))
    assert heard.payloads == ["one", "two"]


def test_it_connects_again_after_its_connection_was_ended(app_url: str, owner: Connection) -> None:
    heard = Heard()

    async def work() -> None:
        await until(lambda: heard.connections == 1)
        end_listeners(app_url)
        await until(lambda: heard.connections == 2)
        notify(owner, "after")
        await until(lambda: heard.payloads == ["after"])

    asyncio.run(listening(app_url, heard, work))


def test_it_backs_off_while_there_is_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr("tranche.kernel.db.listen.asyncio.sleep", sleep)
    heard = Heard()

    async def work() -> None:
        while len(pauses) < 8:
            await real_sleep(0.01)

    asyncio.run(listening("postgresql://nobody@127.0.0.1:1/nowhere", heard, work))
    assert pauses[:8] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert heard.connections == 0


def test_it_takes_one_connection_and_gives_it_back(app_url: str, owner: Connection) -> None:
    heard = Heard()

    def connections() -> int:
        row = owner.execute(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = %(name)s", {"name": NAME}
        ).fetchone()
        assert row is not None
        return int(row["n"])

    async def work() -> None:
        await until(lambda: heard.connections == 1)
        assert connections() == 1

    async def gone() -> None:
        await until(lambda: connections() == 0)  # the server needs a moment to notice

    asyncio.run(listening(app_url, heard, work))
    asyncio.run(asyncio.wait_for(gone(), timeout=5))
