"""Many who watch, and servers that come and go: connections stay few, and nobody waits long for the end."""

import asyncio
import time

import pytest

from tests.chaos.files import make_file
from tests.chaos.follower import Follower
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, free_port
from tests.chaos.waiting import eventually
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.queries import operations

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

_WATCHERS = 500
_FIRST = 50  # by then every pool has as many connections as it will have


class _Watcher:
    """One open stream, held by a socket alone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, house: House, started: Started) -> "_Watcher":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        path = f"/api/operations/{started.operation_id}/events"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.key}\r\n\r\n".encode())
        watcher = cls(reader, writer)
        await watcher.until(b'"status":"pending"')
        return watcher

    async def until(self, word: bytes) -> float:
        """When the word was there."""
        seen = b""
        while word not in seen:
            data = await self._reader.read(65_536)
            assert data, "the stream ended before"
            seen += data
        return time.monotonic()

    def close(self) -> None:
        self._writer.close()


def _connections(house: House) -> int:
    """How many the server holds; only their own role sees them whole."""
    with house.database.transaction(None) as conn:
        (row,) = conn.execute(
            "SELECT count(*) AS n FROM pg_stat_activity"
            " WHERE datname = current_database() AND starts_with(application_name, 'tranche ')"
        ).fetchall()
    return int(row["n"])


def _end(house: House, started: Started) -> float:
    """End it as a worker does; when that was committed."""
    with house.database.transaction(house.ctx.organization_id) as conn:
        operations.set_status(conn, operation_id=started.operation_id, status=Status.COMPLETED)
    return time.monotonic()


def test_500_watchers_cost_no_connection_each_and_see_the_end_within_a_second(house: House, crew: Crew) -> None:
    port = free_port()
    crew.server(port)
    started = house.upload(make_file("W", orders=5))  # no worker is there, so that the streams stay open

    async def watch() -> tuple[int, int, list[float], float]:
        first = [await _Watcher.open(port, house, started) for _ in range(_FIRST)]
        before = _connections(house)
        others = [await _Watcher.open(port, house, started) for _ in range(_WATCHERS - _FIRST)]
        after = _connections(house)
        tasks = [asyncio.create_task(one.until(b'"status":"completed"')) for one in (*first, *others)]
        committed = await asyncio.to_thread(_end, house, started)
        seen = await asyncio.gather(*tasks)
        for one in (*first, *others):
            one.close()
        return before, after, seen, committed

    before, after, seen, committed = asyncio.run(watch())
    assert after <= before, "a pool has grown with the watchers"
    assert len(seen) == _WATCHERS
    assert max(seen) - committed < 1.0, f"the last one waited {max(seen) - committed:.2f} s"


def test_a_stream_goes_on_at_another_server_where_it_was_left(house: House, crew: Crew) -> None:
    ports = (free_port(), free_port())
    servers = [crew.server(port) for port in ports]
    started = house.upload(make_file("X", orders=5))
    follower = Follower(f"http://127.0.0.1:{ports[0]}", house.key, operation_id=started.operation_id)
    eventually(lambda: follower.versions, seconds=30, what="an open stream")
    follower.move(f"http://127.0.0.1:{ports[1]}")
    begun = time.monotonic()
    servers[0].terminate()
    assert servers[0].wait(10) == 0
    assert time.monotonic() - begun < 5
    eventually(lambda: follower.connections == 2, seconds=30, what="a stream at the other server")
    crew.workers(1)
    house.wait(started)
    assert follower.finished.wait(20), follower.last
    follower.close()
    assert follower.versions == sorted(set(follower.versions)), "nothing came twice or out of order"
    assert (follower.last["status"], follower.broken) == ("completed_with_errors", 0)
