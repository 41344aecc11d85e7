"""The verbs of stock against a dictionary that does the same, step by step at random."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.inventory.desk import Desk, share
from tests.inventory.factories import balances
from tranche.inventory import service
from tranche.inventory.domain import ConsumedSince
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, NotFound

_NUMBERS = st.sampled_from(["A", "B", "C", "D"])
_PLACES = st.integers(0, 1)
_AMOUNTS = st.integers(1, 9000).map(lambda thousandths: Decimal(thousandths) / 1000)


class Model(RuleBasedStateMachine):
    """`stock` is what there must be, by number and branch; a lot that was never in a branch is not in it."""

    desk: ClassVar[Desk]
    branches: ClassVar[list[int]]
    rounds: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.round = next(self.rounds)
        self.mine = self.desk.of(self.desk.item_named(f"Item {self.round}"))
        self.stock: dict[tuple[str, int], Decimal] = {}
        self.last: tuple[int, dict[tuple[str, int], Decimal]] | None = None

    def name(self, number: str) -> str:
        return f"{self.round}-{number}"

    @rule(number=_NUMBERS, place=_PLACES, amount=_AMOUNTS)
    def receive(self, number: str, place: int, amount: Decimal) -> None:
        before = dict(self.stock)
        movement = self.mine.at(self.branches[place]).receive(self.name(number), str(amount))
        self.stock[number, place] = self.stock.get((number, place), Decimal(0)) + amount
        self.last = (movement.id, before)

    @rule(parts=st.lists(st.tuples(_NUMBERS, _AMOUNTS), min_size=1, max_size=3), number=_NUMBERS, place=_PLACES)
    def split(self, parts: list[tuple[str, Decimal]], number: str, place: int) -> None:
        targets = [target for target, _ in parts]
        there = self.stock.get((number, place))
        fits = there is not None and sum(amount for _, amount in parts) <= there
        allowed = fits and number not in targets and len(set(targets)) == len(targets)
        before = dict(self.stock)
        try:
            moved = self.mine.at(self.branches[place]).split(
                self.name(number), *(share(self.name(target), str(amount)) for target, amount in parts)
            )
        except (Invalid, NotFound):
            assert not allowed
            return
        assert allowed
        for target, amount in parts:
            self.stock[number, place] -= amount
            self.stock[target, place] = self.stock.get((target, place), Decimal(0)) + amount
        self.last = (moved[0].id, before)

    @rule(sources=st.lists(_NUMBERS, min_size=1, max_size=3), number=_NUMBERS, place=_PLACES)
    def consolidate_all(self, sources: list[str], number: str, place: int) -> None:
        allowed = (
            number not in sources
            and len(set(sources)) == len(sources)
            and all(self.stock.get((source, place)) for source in sources)
        )
        before = dict(self.stock)
        try:
            moved = self.mine.at(self.branches[place]).consolidate(
                self.name(number), *(share(self.name(source)) for source in sources)
            )
        except (Invalid, NotFound):
            assert not allowed
            return
        assert allowed
        for source in sources:
            self.stock[number, place] = self.stock.get((number, place), Decimal(0)) + self.stock[source, place]
            self.stock[source, place] = Decimal(0)
        self.last = (moved[0].id, before)

    @rule(number=_NUMBERS, place=_PLACES, amount=_AMOUNTS)
    def send(self, number: str, place: int, amount: Decimal) -> None:
        allowed = amount <= self.stock.get((number, place), Decimal(-1))
        before = dict(self.stock)
        try:
            movement = self.mine.at(self.branches[place]).run(
                service.send,
                item_id=self.mine.item,
                number=self.name(number),
                to_branch_id=self.branches[1 - place],
                quantity=amount,
            )
        except (Invalid, NotFound):
            assert not allowed
            return
        assert allowed
        self.stock[number, place] -= amount
        self.stock[number, 1 - place] = self.stock.get((number, 1 - place), Decimal(0)) + amount
        self.last = (movement.id, before)

    @rule()
    def undo(self) -> None:
        """What was done last can always be undone; a place that it opened stays, empty."""
        if self.last is None:
            return
        movement_id, before = self.last
        self.last = None
        try:
            self.mine.undo(movement_id)
        except ConsumedSince as error:
            raise AssertionError(error.message) from error
        self.stock = {key: before.get(key, Decimal(0)) for key in self.stock}

    @invariant()
    def the_stock_is_what_it_must_be(self) -> None:
        lots = self.mine.run(service.list_lots_of_item, item_id=self.mine.item)
        numbers = {lot.id: lot.number.partition("-")[2] for lot in lots}
        found = {
            (numbers[lot_id], self.branches.index(branch)): quantity
            for (lot_id, branch), quantity in balances(self.desk.database, self.desk.ctx.organization_id).items()
            if lot_id in numbers
        }
        assert found == self.stock


@pytest.mark.timeout(240)
def test_stock_is_what_a_dictionary_says(database: Database, context: Context) -> None:
    Model.desk = Desk.open(database, context)
    Model.branches = [Model.desk.branch, Model.desk.branch_named("Harbour")]
    Model.rounds = iter(range(1, 10**6))
    run_state_machine_as_test(
        Model,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    Model.desk.settle()
