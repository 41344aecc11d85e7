"""Many at once: workers on one operation, and clients that send the same file again and again."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import httpx
import pytest

from tests.chaos.drag import Gate, slow_down, speed_up
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, free_port
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_imported

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

_CLIENTS = 8


@pytest.mark.parametrize("count", [2, 4])
def test_several_workers_on_one_import_do_nothing_twice(house: House, crew: Crew, count: int) -> None:
    slow_down(house, seconds_per_order=0.003)
    crew.workers(count)
    for number in range(SCALE.rounds):
        file = make_file(f"M{number}", orders=3_000)
        with _seen_workers(house) as seen:
            started = house.upload(file)
            house.wait(started)
        assert_imported(house, file, started)
        assert len(seen) > 1, "one worker did it all, so the test proved nothing"


@contextmanager
def _seen_workers(house: House) -> Iterator[set[UUID]]:
    """Who held a chunk of the commit while the block lasted."""
    seen: set[UUID] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.update(claim["worker_id"] for claim in house.claims() if claim["phase"] == "commit")

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(10)
        seen.discard(None)  # type: ignore[arg-type]  # a claim that nobody holds
