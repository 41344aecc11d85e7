"""Random sequences of everything that can happen to an operation always end with true counters."""

import os
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernel.operations.toys import FILES, INSURE, MAIL, RELAY, STAMP, kill
from tests.kernel.operations.workshop import STEPWISE, Worker, Workshop
from tranche.kernel.operations.domain import ItemStatus, Status, WrongState
from tranche.kernel.operations.handlers import Outcome, OutsideItem
from tranche.kernel.operations.taking import Taken

EXAMPLES = int(os.environ.get("TRANCHE_EXAMPLES", "15"))
ITEMS = 14
ACTIONS = (
    "slice",
    "slice",
    "slice",
    "other slice",
    "kill",
    "raise",
    "fail",
    "freeze",
    "thaw",
    "lapse",
    "pause",
    "resume",
    "cancel",
    "retry",
    "retry odd",
)


@dataclass
class Story:
    """One operation and what happens to it."""

    workshop: Workshop
    operation: int
    workers: list[Worker] = field(default_factory=list)
    frozen: list[tuple[Worker, Taken]] = field(default_factory=list)

    def act(self, action: str, number: int) -> None:
        getattr(self, action.replace(" ", "_"))(number)
        self.calm()
        assert self.workshop.is_sound()

    def slice(self, _number: int) -> None:
        self.workshop.slice(self.workers[0], self.operation)

    def other_slice(self, _number: int) -> None:
        self.workshop.slice(self.workers[1], self.operation, lane=1)

    def kill(self, number: int) -> None:
        self.trouble(number, kill)
        self.slice(number)
        self.workers[0] = self.workshop.worker(pace=STEPWISE)

    def raise_(self, number: int) -> None:
        def raise_fault() -> None:
            raise RuntimeError

        self.trouble(number, raise_fault)
        self.slice(number)

    def fail(self, number: int) -> None:
        self.workshop.hooks.effect = lambda item: (
            Outcome(status=ItemStatus.FAILED, error_code="odd", error="It was to be so.", retry_after=0.0)
            if item.reference == number
            else None
        )
        self.slice(number)

    def freeze(self, _number: int) -> None:
        worker = self.workshop.worker(pace=STEPWISE)
        taken = self.workshop.claim(worker, self.operation)
        self.workshop.bury(worker)
        if taken is not None:
            self.frozen.append((worker, taken))

    def thaw(self, _number: int) -> None:
        for worker, taken in self.frozen:
            worker.beat()
            self.workshop.work_claim(worker, taken)
        self.frozen.clear()

    def lapse(self, _number: int) -> None:
        self.workshop.let_leases_lapse()

    def pause(self, _number: int) -> None:
        self.say("pause")

    def resume(self, _number: int) -> None:
        self.say("resume")

    def cancel(self, _number: int) -> None:
        self.say("cancel")

    def retry(self, _number: int) -> None:
        self.say("retry", code=None)

    def retry_odd(self, _number: int) -> None:
        self.say("retry", code="odd")

    def say(self, verb: str, **arguments: object) -> None:
        try:
            self.workshop.do(verb, self.operation, **arguments)
        except WrongState:
            return

    def trouble(self, number: int, action: object) -> None:
        def chunk(references: list[int]) -> None:
            if number in references:
                action()  # type: ignore[operator]

        def effect(item: OutsideItem) -> None:
            if number == item.reference:
                action()  # type: ignore[operator]

        self.workshop.hooks.chunk, self.workshop.hooks.effect = chunk, effect

    def calm(self) -> None:
        self.workshop.hooks.chunk = lambda _references: None
        self.workshop.hooks.effect = lambda _item: None

    def end(self) -> None:
        self.say("resume")
        for _ in range(60):
            self.slice(0)
            self.lapse(0)
            self.workshop.owner.execute("UPDATE operation_claims SET not_before = now()")
            if self.workshop.look(self.operation).status.is_terminal:
                return


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from([STAMP, INSURE, RELAY, FILES, MAIL]),
    actions=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, ITEMS)), max_size=25),
)
def test_whatever_happens_the_counters_are_true(workshop: Workshop, kind: str, actions: list[tuple[str, int]]) -> None:
    workshop.owner.execute("DELETE FROM branches WHERE NOT is_default")
    for file in workshop.folder.iterdir():
        file.unlink()
    operation = workshop.start(kind, range(1, ITEMS + 1), fails=[3, 8], skips=[5])
    story = Story(workshop, operation, [workshop.worker(pace=STEPWISE) for _ in range(2)])
    for action, number in actions:
        story.act("raise_" if action == "raise" else action, number)
    story.end()
    story.thaw(0)

    ended = workshop.look(operation)
    assert ended.status.is_terminal
    assert ended.pending == 0
    assert workshop.is_sound()
    done = Counter(item.stage for item in workshop.items(operation) if item.status is ItemStatus.SUCCEEDED)
    assert done["mint"] + done["stamp"] == len(workshop.branches())
    mailed = {name for name in workshop.effects() if name.startswith("mail")}
    assert done["mail"] <= len(mailed) <= done["mail"] + ended.unknown + ended.cancelled
    if ended.status is Status.COMPLETED:
        assert ended.succeeded + ended.skipped == ended.total
