"""Sixteen clients at random on fifty lots in three branches: no deadlock, nothing oversold, nothing lost (fault 14)."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.inventory.desk import Desk, share
from tests.inventory.factories import balances
from tranche.inventory.checks import CHECKS
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, NotFound

_SECONDS = 60.0 if os.environ.get("TRANCHE_CHAOS") == "long" else 2.5
_CLIENTS = 16
_LOTS = [f"L-{number:02d}" for number in range(50)]


@pytest.fixture
def wide(app_url: str) -> Iterator[Database]:
    """A pool with a connection for each client."""
    pool = Database(app_url, size=_CLIENTS, name="crowd", timeout=30).open()
    yield pool
    pool.close()


@pytest.mark.chaos
@pytest.mark.timeout(300)
def test_random_operations_at_once_neither_deadlock_nor_oversell_nor_lose(
    wide: Database, context: Context, owner: Connection
) -> None:
    desk = Desk.open(wide, context)
    branches = [desk.branch, desk.branch_named("Harbour"), desk.branch_named("Hill")]
    for number in _LOTS:
        for branch in branches:
            desk.at(branch).receive(number, "20")
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # to repeat what failed
    crowd = Crowd(desk, branches, seed)
    crowd.run()
    assert not crowd.faults, f"seed {seed}: {crowd.faults[:3]!r}"
    assert min(crowd.done[what] for what in ("transfer", "split", "consolidate", "receive")) > 0, crowd.done
    left = balances(wide, context.organization_id)
    assert {branch: sum(q for (_, b), q in left.items() if b == branch) for branch in branches} == dict(crowd.came)
    assert min(left.values()) >= 0
    desk.settle()
    for check in CHECKS:
        assert owner.execute(check.sql.encode()).fetchall() == [], check.name


class Crowd:
    """Clients at work; `came` is what each branch has in all, `done` what was done how often."""

    def __init__(self, desk: Desk, branches: list[int], seed: int) -> None:
        self._desk, self._branches, self._seed = desk, branches, seed
        self._ends = time.monotonic() + _SECONDS
        self._lock = threading.Lock()
        self.came = Counter[int](dict.fromkeys(branches, 1000))
        self.done: Counter[str] = Counter()
        self.faults: list[BaseException] = []

    def run(self) -> None:
        threads = [threading.Thread(target=self._work, args=(which,)) for which in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, which: int) -> None:
        chance = random.Random(self._seed + which)  # noqa: S311  # no secret
        while time.monotonic() < self._ends and not self.faults:
            branch = chance.choice(self._branches)
            try:
                what, more = _act(self._desk.at(branch), chance)
            except (Invalid, NotFound):
                what, more = "refused", 0
            except BaseException as fault:  # noqa: BLE001  # told in the test's own thread
                self.faults.append(fault)
                return
            with self._lock:
                self.done[what] += 1
                self.came[branch] += more


def _act(desk: Desk, chance: random.Random) -> tuple[str, int]:
    """One random operation; returns its name and how much it brought into the branch."""
    one, two, three = chance.sample(_LOTS, 3)
    amount = str(Decimal(chance.randint(1, 8000)) / 1000)
    match chance.randrange(5):
        case 0:
            desk.receive(one, "3")
            return "receive", 3
        case 1:
            desk.split(one, share(two, amount), share(three, amount))
            return "split", 0
        case 2:
            desk.consolidate(one, share(two), share(three, amount))
            return "consolidate", 0
        case _:
            desk.transfer(one, two, amount)
            return "transfer", 0


def test_two_transfers_against_each_other_both_end(wide: Database, context: Context) -> None:
    desk = Desk.open(wide, context)
    desk.receive("A", "100")
    desk.receive("B", "100")
    faults: list[BaseException] = []

    def push(source: str, destination: str) -> None:
        try:
            for _ in range(20):
                desk.transfer(source, destination, "1")
        except BaseException as fault:  # noqa: BLE001  # told in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=push, args=pair) for pair in (("A", "B"), ("B", "A")) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert desk.has("A", "B") == ["100", "100"]


def test_the_last_unit_goes_to_one_of_many(wide: Database, context: Context) -> None:
    desk = Desk.open(wide, context)
    desk.receive("A", "1")
    outcomes: list[str] = []

    def take(which: int) -> None:
        try:
            desk.transfer("A", f"TO-{which}", "1")
            outcomes.append("done")
        except Invalid:
            outcomes.append("refused")

    threads = [threading.Thread(target=take, args=(which,)) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["refused"] * 7]
    desk.settle()
