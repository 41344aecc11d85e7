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
_LONGEST = 600.0 if SCALE.is_long else 180.0
_AT_WORK = 0.9  # how often the victim is one who has work in hand
_PATIENT = 0.4  # how often the next kill waits until the last victim's work was taken up


@dataclass
class Hunt:
    """Kills until `kills` is `most`: now and again in quick succession, now and again after all was taken up.

    Something must go on within `SCALE.resumed_within` of each kill. `slowest` is how long it took at most until all
    that the dead had held was taken up, piece by piece in the order of the file; `holders` how many victims had work.
    """

    house: House
    supervisor: Supervisor
    chance: random.Random
    most: int
    kills: int = 0
    slowest: float = 0.0
    holders: int = 0
    _dead: set[UUID] = field(default_factory=set)
    _last: float = 0.0
    _due: float = 0.0
    _is_patient: bool = False
    _any: bool = False
    _victims: list[Process] = field(default_factory=list)

    def run(self, started: Started, *, seconds: float = _LONGEST) -> None:
        """Strike until the operation has ended."""
        begun = time.monotonic()
        version, changed = 0, begun
        self._plan()
        while True:
            operation = self.house.operation(started)
            if operation.status.is_terminal:
                break
            now = time.monotonic()
            if operation.version > version:
                version, changed = operation.version, now
            assert now - max(changed, self._last) < SCALE.resumed_within, f"nothing goes on: {operation}"
            assert now - begun < seconds, f"it does not end: {operation}"
            claims = self.house.claims()
            is_taken_up = self._is_taken_up(claims)
            if self.kills < self.most and now >= self._due and (is_taken_up or not self._is_patient):
                self._strike(claims)
            time.sleep(_LOOK)
        for victim in self._victims:
            victim.wait_for_orphans()

    def _plan(self) -> None:
        self._any = self.chance.random() > _AT_WORK
        self._is_patient = self.chance.random() < _PATIENT
        self._due = time.monotonic() + self.chance.uniform(*SCALE.between_kills)

    def _is_taken_up(self, claims: list[Row]) -> bool:
        """Whether the dead hold nothing any more."""
        left = [claim for claim in claims if claim["worker_id"] in self._dead]
        if left:
            self.slowest = max(self.slowest, time.monotonic() - self._last)
        return not left

    def _strike(self, claims: list[Row]) -> None:
        """Kill one that works, or now and then any; who does what has cost a worker already is spared."""
        worn = {claim["pid"] for claim in claims if claim["attempts"] and _is_lone(claim)}
        busy = {claim["pid"] for claim in claims}
        targets = [process for process in self.supervisor.living() if process.pid not in worn]
        workers = [process for process in targets if process.pid in busy]
        if self._any:
            workers = targets
        if not workers:  # nobody is worth it now: at the next look
            return
        victim = self.chance.choice(workers)
        for row in self.house.rows("SELECT id FROM workers WHERE pid = %(pid)s", {"pid": victim.pid}):
            self._dead.add(row["id"])
        victim.kill()
        self._last = time.monotonic()
        self._victims.append(victim)
        self.kills += 1
        self.holders += victim.pid in busy
        self._plan()


def _is_lone(claim: Row) -> bool:
    return claim["phase"] in _STREAMS or claim["low"] == claim["high"]
