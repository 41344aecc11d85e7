"""Workers that stop for a while and come back: what others did meanwhile must stay as it is."""

import time

import pytest

from tests.chaos.drag import Gate
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, Process
from tests.chaos.verdict import assert_imported
from tests.chaos.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


def test_a_worker_frozen_in_mid_chunk_changes_nothing_when_it_comes_back(house: House, crew: Crew) -> None:
    file = make_file("Z", orders=4_000)
    gate = Gate(house)
    workers = crew.workers(2, TRANCHE_WORKER_SLOTS="1")
    with gate.shut():
        started = house.upload(file)
        gate.wait_for_one()
        zombie = _holder(house, workers, started, phase="commit")
        zombie.freeze()
    # Its session still holds the chunk's locks, until the server ends what is idle in a transaction.
    house.wait(started)
    assert_imported(house, file, started)
    _assert_harmless(house, crew, file_and_import=(file, started), zombie=zombie, workers=workers)


def test_a_worker_frozen_while_it_reads_the_file_changes_nothing_when_it_comes_back(house: House, crew: Crew) -> None:
    file = make_file("Y", orders=4_000)
    workers = crew.workers(2, TRANCHE_WORKER_SLOTS="1")
    started = house.upload(file)
    zombie = _holder(house, workers, started, phase="stage")
    zombie.freeze()
    house.wait(started)
    assert_imported(house, file, started)
    _assert_harmless(house, crew, file_and_import=(file, started), zombie=zombie, workers=workers)


def _holder(house: House, workers: list[Process], started: Started, *, phase: str) -> Process:
    def look() -> Process | None:
        held = {claim["pid"] for claim in house.claims() if claim["phase"] == phase}
        return next((process for process in workers if process.pid in held), None)

    return eventually(look, seconds=30, what=f"a worker in the phase {phase} of {started}")


def _assert_harmless(
    house: House,
    crew: Crew,
    *,
    file_and_import: tuple[OrdersFile, Started],
    zombie: Process,
    workers: list[Process],
) -> None:
    """The zombie wakes, finds its work gone, changes nothing, and is of use again."""
    file, started = file_and_import
    before = house.operation(started)
    zombie.thaw()
    time.sleep(2)
    crew.wait_for_beat(zombie, newer_than=3)
    assert house.operation(started) == before
    assert_imported(house, file, started)
    for process in workers:
        if process is not zombie:
            process.kill()
    following = make_file("N", orders=200)
    again = house.upload(following)
    house.wait(again)
    assert_imported(house, following, again)
