"""SIGTERM: a server with open streams and a worker with work in its hands end soon, in order and with code 0."""

import os
import signal
import time

import pytest

from tests.chaos.drag import Gate, slow_down
from tests.chaos.files import make_file
from tests.chaos.follower import Follower
from tests.chaos.house import House
from tests.chaos.processes import Crew, Process
from tests.chaos.verdict import assert_imported
from tests.chaos.waiting import eventually
from tests.ports import free_port

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

_STREAMS = 20


def test_a_server_with_open_streams_ends_within_5_seconds_and_nobody_misses_the_end(house: House, crew: Crew) -> None:
    port = free_port()
    server = crew.server(port)
    file = make_file("E", orders=500)
    started = house.upload(file)  # no worker is there, so that the streams stay open
    url = f"http://127.0.0.1:{port}"
    followers = [Follower(url, house.key, operation_id=started.operation_id) for _ in range(_STREAMS)]
    for follower in followers:
        eventually(lambda: follower.versions, seconds=30, what="an open stream")  # noqa: B023  # asked at once
    _assert_ends(server, seconds=5)
    assert [follower.broken for follower in followers] == [0] * _STREAMS, "a stream was cut off, not ended"
    crew.server(port)
    crew.workers(1)
    house.wait(started)
    for follower in followers:
        assert follower.finished.wait(20), follower.last
        follower.close()
    assert_imported(house, file, started)


def test_a_worker_that_is_asked_to_end_finishes_its_chunk(house: House, crew: Crew) -> None:
    slow_down(house, seconds_per_order=0.001)
    file = make_file("F", orders=3_000)
    (worker,) = crew.workers(1)
    started = house.upload(file)
    house.wait_for_commits(started, orders=100)
    _assert_ends(worker, seconds=10)
    assert [claim for claim in house.claims() if claim["worker_id"]] == [], "it left with work in its hands"
    assert not house.operation(started).status.is_terminal
    crew.workers(1)
    house.wait(started)
    assert_imported(house, file, started)


def test_a_worker_that_cannot_finish_its_chunk_rolls_it_back_and_ends(house: House, crew: Crew) -> None:
    file = make_file("G", orders=500)
    gate = Gate(house)
    with gate.shut():
        (worker,) = crew.workers(1, TRANCHE_SHUTDOWN_SECONDS="4")
        started = house.upload(file)
        gate.wait_for_one()
        _assert_ends(worker, seconds=10)
    assert house.operation(started).succeeded == 0
    crew.workers(1)
    house.wait(started)
    assert_imported(house, file, started)


def test_a_worker_that_ends_takes_what_reads_for_it_along_even_when_that_hangs(crew: Crew) -> None:
    (worker,) = crew.workers(1)
    (nursery,) = eventually(worker.children, seconds=30, what="the process that readers are forked from")
    os.kill(nursery, signal.SIGSTOP)
    _assert_ends(worker, seconds=10)


def _assert_ends(process: Process, *, seconds: float) -> None:
    begun = time.monotonic()
    process.terminate()
    assert process.wait(seconds) == 0, process.said()
    assert time.monotonic() - begun < seconds
    process.wait_for_orphans()
