"""Verbs at the wrong moment: off while a run works, asked for by many at once, and both together."""

import threading
import time
from collections.abc import Callable

from tests.kernel.schedules.house import House
from tranche.kernel.schedules.domain import RunUnderWay


def _until(is_so: Callable[[], object], *, seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it does not come"
        time.sleep(0.01)


def test_switched_off_while_it_runs_the_run_ends_well_and_no_other_begins(house: House) -> None:
    house.bench.hold = threading.Event()
    house.make_due()
    assert house.ticker().tick() == 1
    working = threading.Thread(target=house.work)
    working.start()
    _until(lambda: house.bench.done)
    assert house.update(enabled=False).is_under_way
    house.make_due()
    assert house.ticker().tick() == 0
    house.bench.hold.set()
    working.join(10)
    assert [run["status"] for run in house.runs()] == ["succeeded"]
    after = house.schedule()
    assert (after.enabled, after.next_at, after.is_under_way, after.last_status) == (False, None, False, "succeeded")


def test_edited_while_it_runs_the_new_time_holds_and_the_run_ends(house: House) -> None:
    house.bench.hold = threading.Event()
    house.make_due()
    house.ticker().tick()
    working = threading.Thread(target=house.work)
    working.start()
    _until(lambda: house.bench.done)
    house.update(cron="0 5 * * *", zone="Asia/Kathmandu")
    house.bench.hold.set()
    working.join(10)
    after = house.schedule()
    assert (after.last_status, after.next_at.minute, after.next_at.hour) == ("succeeded", 15, 23)


def test_of_many_who_ask_for_a_run_at_once_one_gets_it(house: House) -> None:
    gate = threading.Barrier(6)
    told: list[str] = []

    def ask() -> None:
        gate.wait(10)
        try:
            told.append(house.run_now().status)
        except RunUnderWay as refusal:
            told.append(refusal.error_code)

    askers = [threading.Thread(target=ask) for _ in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(20)
    assert sorted(told) == [*["run_under_way"] * 5, "waiting"]
    assert len(house.jobs()) == 1
    assert house.work() == 1
    assert [run["status"] for run in house.runs()] == ["succeeded"]
