"""Cancel, pause, resume, retry and delete: at any moment, twice, and after the end."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.chance import draw_seed
from tests.chaos.drag import Gate, slow_down
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_imported, assert_sound, assert_tidy, found_orders
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Conflict, NotFound
from tranche.orders import service
from tranche.orders.domain import DELETED_AT_ONCE

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


class Verbs:
    """What a person may ask of an import, as the routes do it: one transaction, or a refusal."""

    def __init__(self, house: House, started: Started) -> None:
        self._house = house
        self._started = started
        self.refusals = 0

    def cancel(self) -> None:
        self._ask(lambda conn: self._house.operations.cancel(conn, self._house.ctx, **self._operation))

    def pause(self) -> None:
        self._ask(lambda conn: self._house.operations.pause(conn, self._house.ctx, **self._operation))

    def resume(self) -> None:
        self._ask(lambda conn: self._house.operations.resume(conn, self._house.ctx, **self._operation))

    def retry(self) -> None:
        self._ask(lambda conn: self._house.operations.retry(conn, self._house.ctx, code=None, **self._operation))

    def delete(self) -> None:
        def act(conn: Connection) -> object:
            house, batch_id = self._house, self._started.batch_id
            return service.delete_batch(conn, house.ctx, house.operations, batch_id=batch_id)

        self._ask(act)

    def is_refused(self, verb: Callable[[], None]) -> bool:
        """Ask, and say whether that was refused."""
        before = self.refusals
        verb()
        return self.refusals > before

    @property
    def _operation(self) -> dict[str, Any]:
        return {"operation_id": self._started.operation_id}

    def _ask(self, act: Callable[[Connection], object]) -> None:
        try:
            with self._house.database.transaction(self._house.ctx.organization_id) as conn:
                act(conn)
        except (Conflict, NotFound):
            self.refusals += 1


def test_verbs_at_random_moments_leave_the_books_true(house: House, crew: Crew) -> None:
    seed = draw_seed()
    slow_down(house, seconds_per_order=0.001)
    crew.workers(2)
    for number in range(SCALE.rounds):
        file = make_file(f"V{number}", orders=2_000)
        started = house.upload(file)
        verbs = Verbs(house, started)
        _storm(verbs, seed=seed + number)
        _let_end(house, verbs, started)
        if _is_deleted(house, started):
            _assert_gone(house, verbs, started)
            started = house.upload(file)
            verbs = Verbs(house, started)
        else:
            _assert_part(house, file, started)
            if house.operation(started).status != "completed_with_errors":
                assert not verbs.is_refused(verbs.retry)
        house.wait(started)
        assert_imported(house, file, started)
        for verb in (verbs.pause, verbs.resume, verbs.cancel, verbs.cancel):
            assert verbs.is_refused(verb), "an ended import was moved"
        assert_imported(house, file, started)
        assert not verbs.is_refused(verbs.delete)
        _assert_gone(house, verbs, started)


def test_each_verb_twice_in_a_row_has_the_effect_of_one(house: House, crew: Crew) -> None:
    slow_down(house, seconds_per_order=0.001)
    crew.workers(2)
    file = make_file("B", orders=2_000)
    started = house.upload(file)
    verbs = Verbs(house, started)
    house.wait_for_commits(started)
    for verb, state in ((verbs.pause, {"paused"}), (verbs.resume, {"processing"})):
        for _ in range(2):
            assert not verbs.is_refused(verb)
            assert house.operation(started).status in state
    for _ in range(2):
        assert verbs.is_refused(verbs.delete), "a batch was deleted while it was processed"
        assert verbs.is_refused(verbs.retry)
    for _ in range(2):
        assert not verbs.is_refused(verbs.cancel)
        assert house.operation(started).status in {"cancelling", "cancelled"}
    assert house.wait(started).status == "cancelled"
    assert not verbs.is_refused(verbs.cancel)
    _assert_part(house, file, started)
    kept = found_orders(house, started)
    assert kept
    assert not verbs.is_refused(verbs.retry)
    assert verbs.is_refused(verbs.retry)
    house.wait(started)
    assert_imported(house, file, started)


def test_a_large_batch_goes_away_although_its_removal_dies_and_is_cancelled(house: House, crew: Crew) -> None:
    file = make_file("X", orders=DELETED_AT_ONCE + 500)
    gate = Gate(house, table="orders", event="DELETE")
    (worker,) = crew.workers(1)
    started = house.upload(file)
    house.wait(started)
    with gate.shut():
        removal = _begin_removal(house, started)
        gate.wait_for_one()
        worker.kill()
    verbs = Verbs(house, removal)
    for _ in range(2):
        assert not verbs.is_refused(verbs.cancel)
    crew.workers(1)
    assert house.wait(removal).status == "cancelled"
    assert len(found_orders(house, started)) == len(file.good)
    assert not verbs.is_refused(verbs.retry), "who cancels a removal must be able to end it"
    assert house.wait(removal).status == "completed"
    _assert_gone(house, Verbs(house, started), started)


def _begin_removal(house: House, started: Started) -> Started:
    with house.database.transaction(house.ctx.organization_id) as conn:
        deleted = service.delete_batch(conn, house.ctx, house.operations, batch_id=started.batch_id)
    assert deleted.operation is not None
    return Started(operation_id=deleted.operation.id, import_id=started.import_id, batch_id=started.batch_id)


def _is_deleted(house: House, started: Started) -> bool:
    (batch,) = house.rows("SELECT deleted_at FROM order_batches WHERE id = %(id)s", {"id": started.batch_id})
    return batch["deleted_at"] is not None


def _storm(verbs: Verbs, *, seed: int) -> None:
    """Three people press buttons for a while, each as they like."""
    over = threading.Event()
    faults: list[BaseException] = []

    def press(own_seed: int) -> None:
        chance = random.Random(own_seed)  # noqa: S311  # a seed that can be given again, not a secret
        buttons = [verbs.pause, verbs.resume, verbs.resume, verbs.delete, verbs.retry, verbs.cancel]
        weights = [4, 4, 4, 1 if own_seed % 2 else 0, 2, 1]
        try:
            while not over.wait(chance.uniform(0.0, 0.25)):
                (verb,) = chance.choices(buttons, weights)
                for _ in range(chance.choice((1, 1, 2))):
                    verb()
        except BaseException as fault:  # noqa: BLE001  # told below, in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=press, args=(seed * 3 + person,), daemon=True) for person in range(3)]
    for thread in threads:
        thread.start()
    over.wait(6.0 if SCALE.is_long else 3.0)
    over.set()
    for thread in threads:
        thread.join(30)
    assert faults == []


def _let_end(house: House, verbs: Verbs, started: Started) -> None:
    """Nobody presses a button any more, except that paused work is resumed."""
    if house.operation(started).status == "paused":
        assert not verbs.is_refused(verbs.resume)
    house.wait(started)


def _assert_part(house: House, file: OrdersFile, started: Started) -> None:
    """Whatever the end was: whole orders of the file only, counted right, and nothing left behind."""
    operation = house.operation(started)
    found = found_orders(house, started)
    assert found.items() <= file.good.items()
    assert operation.succeeded == len(found)
    assert operation.pending == 0
    (batch,) = house.rows("SELECT * FROM order_batches WHERE id = %(id)s", {"id": started.batch_id})
    assert (batch["successful_orders"], batch["total_orders"]) == (len(found), operation.total)
    assert batch["status"] == ("failed" if operation.status in {"cancelled", "failed"} else "completed")
    assert_tidy(house)
    assert_sound(house)


def _assert_gone(house: House, verbs: Verbs, started: Started) -> None:
    """A deleted batch has no orders, and no verb brings it back."""
    for verb in (verbs.delete, verbs.retry, verbs.pause, verbs.resume):
        for _ in range(2):
            assert verbs.is_refused(verb)
    assert found_orders(house, started) == {}
    assert_tidy(house)
    assert_sound(house)
