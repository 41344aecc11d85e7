"""Workers that are killed: at random, all at once, or again and again by one order."""

import signal
import sys

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.drag import Gate, slow_down
from tests.chaos.files import make_file
from tests.chaos.house import House
from tests.chaos.hunt import Hunt
from tests.chaos.lethal import HOW
from tests.chaos.processes import Crew, Supervisor
from tests.chaos.scale import SCALE
from tests.chaos.verdict import DIED, assert_imported
from tests.chaos.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


def test_kill_9_at_random_points_loses_nothing_and_does_nothing_twice(house: House, crew: Crew) -> None:
    chance = make_chance()
    slow_down(house, seconds_per_order=0.0012)
    supervisor = Supervisor(crew.worker, count=2)
    hunt = Hunt(house, supervisor, chance, most=SCALE.kills)
    with supervisor.watching():
        for process in supervisor.living():
            crew.wait_for_beat(process)
        uploads = 0
        while hunt.kills < hunt.most:
            uploads += 1
            file = make_file(f"K{uploads}", orders=SCALE.orders)
            started = house.upload(file)
            hunt.run(started)
            assert_imported(house, file, started)
    sys.stdout.write(f"{hunt.kills} kills, {hunt.holders} in work, {uploads} files, slowest {hunt.slowest:.1f} s\n")
    assert supervisor.deaths == [-signal.SIGKILL] * hunt.kills, "a worker ended that nobody had killed"
    assert hunt.holders >= hunt.kills / 2, "too few kills hit a worker at work"


def test_when_all_workers_die_in_mid_chunk_new_ones_go_on(house: House, crew: Crew) -> None:
    file = make_file("A", orders=3_000)
    gate = Gate(house)
    with gate.shut():
        first = crew.workers(2)
        started = house.upload(file)
        gate.wait_for_one()
        for process in first:
            process.kill()
        # Their sessions end although their statements do not, so that they hold no lock that others wait for.
        eventually(lambda: not gate.is_waited_for(), seconds=8, what="the end of the dead workers' statements")
    assert house.operation(started).succeeded == 0
    crew.workers(1)
    house.wait(started)
    assert_imported(house, file, started)


def test_an_order_that_kills_its_worker_is_set_aside_and_the_others_come_in(house: House, crew: Crew) -> None:
    file = make_file("P", orders=120, bad_every=50)
    lethal = "P-77"
    command = ("tests.chaos.lethal", lethal)
    quick = {"TRANCHE_HEARTBEAT_SECONDS": "0.4", "TRANCHE_DEAD_AFTER_SECONDS": "2"}
    supervisor = Supervisor(lambda: crew.start("lethal", *command, **quick), count=2)
    with supervisor.watching():
        started = house.upload(file)
        house.wait(started)
        assert_imported(house, file, started, parked={lethal})
    # The chunk, the piece that it is cut into, and three times the order alone.
    assert supervisor.deaths == [HOW] * 5
    (error,) = house.rows("SELECT * FROM import_errors WHERE code = %(died)s", {"died": DIED})
    assert lethal in error["message"]
    assert "ended the worker's process 3 times" in error["message"]
