"""What a person decides about effects of which nobody knows whether they have happened."""

import pytest

from tests.kernel.operations.toys import LETTERS, kill
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.operations import deciding
from tranche.kernel.operations.domain import Operation, OperationNotFound, Status, WrongState
from tranche.kernel.operations.handlers import OutsideItem


def die(item: OutsideItem) -> None:
    if item.reference == 3:
        kill()


@pytest.fixture
def operation(workshop: Workshop) -> int:
    """An ended operation of which 1 to 4 are unknown, and 5 and 6 done."""
    found = workshop.start(LETTERS, range(1, 7))
    workshop.hooks.effect = die
    workshop.slice(workshop.worker(), found)
    workshop.hooks.effect = lambda _item: None
    workshop.let_leases_lapse()
    workshop.work(found, workshop.worker())
    return found


def settle(workshop: Workshop, operation_id: int, positions: list[int]) -> Operation:
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        locked = deciding.lock_ended(conn, operation_id=operation_id)
        return deciding.settle_unknown(conn, workshop.ctx, operation=locked, positions=positions)


def test_what_has_happened_after_all_counts_as_done(workshop: Workshop, operation: int) -> None:
    found = settle(workshop, operation, [1, 3, 5])
    assert (found.status, found.succeeded, found.unknown) == (Status.COMPLETED_WITH_ERRORS, 4, 2)
    assert workshop.states(operation) == {"succeeded": [1, 3, 5, 6], "unknown": [2, 4]}
    assert settle(workshop, operation, [2, 4]).status is Status.COMPLETED
    assert settle(workshop, operation, [2, 4]).succeeded == 6
    assert workshop.is_sound()


def test_what_has_not_is_caused_again_and_the_others_stay_in_doubt(workshop: Workshop, operation: int) -> None:
    workshop.do("retry", operation, code=None, positions=[2, 5])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.unknown) == (Status.COMPLETED_WITH_ERRORS, 3, 3)
    assert workshop.effects()["letter-2"] == 2
    assert workshop.effects()["letter-5"] == workshop.effects()["letter-1"] == 1
    with pytest.raises(WrongState):
        workshop.do("retry", operation, code=None, positions=[2])
    assert workshop.is_sound()


def test_nobody_decides_while_it_still_runs(workshop: Workshop) -> None:
    running = workshop.start(LETTERS, [1])
    with pytest.raises(WrongState, match="wait for its end"):
        settle(workshop, running, [1])
    with pytest.raises(OperationNotFound):
        settle(workshop, running + 99, [1])
