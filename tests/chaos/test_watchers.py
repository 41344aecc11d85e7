"""Many who watch, and servers that come and go: connections stay few, and nobody waits long for the end."""

import asyncio
import time

import pytest

from tests.chaos.files import make_file
from tests.chaos.follower import Follower
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew
from tests.chaos.waiting import eventually
from tests.ports import free_port
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.queries import operations
from tranche.kernel.web.exports import ExportLimits

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

_WATCHERS = 500
_POOL = 3
# Of requests, the gate, the hub, exports, and one that listens: set beforehand, whoever watches.
_MOST_CONNECTIONS = _POOL + 4 + 2 + ExportLimits().slots + 1
_MOST_BUSY = 2  # the hub's own
_CHANGES = (Status.PROCESSING, Status.PAUSED, Status.COMPLETED)


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


def _connections(house: House) -> tuple[int, int]:
    """How many the server holds, and how many of them are at work; only their own role sees them whole."""
    with house.database.transaction(None) as conn:
        (row,) = conn.execute(
            "SELECT count(*) AS n, count(*) FILTER (WHERE state <> 'idle') AS busy FROM pg_stat_activity"
            " WHERE datname = current_database() AND starts_with(application_name, 'tranche ')"
        ).fetchall()
    return int(row["n"]), int(row["busy"])


def _move(house: House, started: Started, status: Status) -> float:
    """Change it as a worker does; when that was committed."""
    with house.database.transaction(house.ctx.organization_id) as conn:
        operations.set_status(conn, operation_id=started.operation_id, status=status)
    return time.monotonic()


def test_500_watchers_cost_no_connection_each_and_see_the_end_within_a_second(house: House, crew: Crew) -> None:
    port = free_port()
    crew.server(port, TRANCHE_POOL_SIZE=str(_POOL))
    started = house.upload(make_file("W", orders=5))  # no worker is there, so that the streams stay open

    async def watch() -> tuple[int, int, list[float]]:
        watchers = [await _Watcher.open(port, house, started) for _ in range(_WATCHERS)]
        held, busy = _connections(house)
        waits = [await _tell(watchers, status) for status in _CHANGES]
        for one in watchers:
            one.close()
        return held, busy, waits

    async def _tell(watchers: list[_Watcher], status: Status) -> float:
        """How long the last one waited for a change."""
        tasks = [asyncio.create_task(one.until(f'"status":"{status}"'.encode())) for one in watchers]
        committed = await asyncio.to_thread(_move, house, started, status)
        return max(await asyncio.gather(*tasks)) - committed

    held, busy, waits = asyncio.run(watch())
    assert held <= _MOST_CONNECTIONS, "connections have grown with the watchers"
    assert busy <= _MOST_BUSY, "a watcher keeps a connection at work"
    # All have seen the end; how fast a change can reach them is told by the best of three, whatever else runs here.
    assert min(waits) < 1.0, f"the last of {_WATCHERS} waited {waits} s"


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
