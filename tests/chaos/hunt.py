"""Killing workers of a running import at random, and watching how soon their work is taken up again."""

import random
import time
from dataclasses import dataclass, field
from uuid import UUID

from tests.chaos.house import House, Started
from tests.chaos.processes import Process, Supervisor
from tests.chaos.scale import SCALE
from tranche.kernel.db.pool import Row

_STREAMS = frozenset({"stage", "judge", "prepare"})
_LOOK = 0.1
_AT_WORK = 0.9  # how often the victim is one who has work in hand


@dataclass
class Hunt:
    """Kills until `kills` is `most`; `slowest` is the longest time that a dead worker's claim lay about."""

    house: House
    supervisor: Supervisor
    chance: random.Random
    most: int
    kills: int = 0
    slowest: float = 0.0
    holders: int = 0
    _dead: dict[UUID, float] = field(default_factory=dict)
    _victims: list[Process] = field(default_factory=list)

    def run(self, started: Started, *, seconds: float = 180.0) -> None:
        """Strike until the operation has ended."""
        begun, next_kill = time.monotonic(), self._next_kill()
        version, changed = 0, begun
        while True:
            operation = self.house.operation(started)
            if operation.status.is_terminal:
                break
            now = time.monotonic()
            if operation.version > version:
                version, changed = operation.version, now
            assert now - changed < SCALE.resumed_within, f"nothing goes on: {operation}"
            assert now - begun < seconds, f"it does not end: {operation}"
            claims = self.house.claims()
            self._time(claims)
            if now >= next_kill and self.kills < self.most:
                next_kill = self._next_kill() if self._strike(claims) else now
            time.sleep(_LOOK)
        assert not [pid for victim in self._victims for pid in victim.orphans()], "a reader outlived its worker"

    def _next_kill(self) -> float:
        return time.monotonic() + self.chance.uniform(*SCALE.between_kills)

    def _time(self, claims: list[Row]) -> None:
        """How long ago did the dead die who still hold something."""
        for claim in claims:
            if claim["worker_id"] in self._dead:
                lain = time.monotonic() - self._dead[claim["worker_id"]]
                self.slowest = max(self.slowest, lain)
                assert lain < SCALE.resumed_within, f"nobody takes up what a dead worker held: {claim}"

    def _strike(self, claims: list[Row]) -> bool:
        """Kill one that works, or now and then any; who does what has cost a worker already is spared."""
        worn = {claim["pid"] for claim in claims if claim["attempts"] and _is_lone(claim)}
        busy = {claim["pid"] for claim in claims}
        targets = [process for process in self.supervisor.living() if process.pid not in worn]
        workers = [process for process in targets if process.pid in busy]
        if self.chance.random() > _AT_WORK:
            workers = targets
        if not workers:  # nobody is worth it now: at the next look
            return False
        victim = self.chance.choice(workers)
        for row in self.house.rows("SELECT id FROM workers WHERE pid = %(pid)s", {"pid": victim.pid}):
            self._dead[row["id"]] = time.monotonic()
        victim.kill()
        self._victims.append(victim)
        self.kills += 1
        self.holders += victim.pid in busy
        return True


def _is_lone(claim: Row) -> bool:
    return claim["phase"] in _STREAMS or claim["low"] == claim["high"]
