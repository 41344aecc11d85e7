"""The undo of an upload while workers are killed: each order goes once, what was touched stays, the books agree."""

import time

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.drag import Gate, house_do
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, Supervisor
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_sound, assert_tidy, found_orders
from tests.chaos.waiting import eventually
from tranche.orders import service

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def test_an_undo_whose_workers_die_in_mid_chunk_is_done_once(house: House, crew: Crew) -> None:
    file = make_file("U", orders=1_000)
    gate = Gate(house, table="orders", event="DELETE")
    first = crew.workers(2)
    started = _brought_in(house, file)
    touched = _touch(house, file)
    with gate.shut():
        undo = _begin_undo(house, started)
        gate.wait_for_one()
        for process in first:
            process.kill()
        eventually(lambda: not gate.is_waited_for(), seconds=8, what="the end of the dead workers' statements")
    assert len(found_orders(house, started)) == len(file.good)
    assert _batch(house, started)["undone_orders"] == 0
    crew.workers(1)
    house.wait(undo)
    _assert_undone(house, file, started, undo, touched=touched)


def test_kill_9_at_random_points_of_an_undo_takes_nothing_twice(house: House, crew: Crew) -> None:
    chance = make_chance()
    file = make_file("R", orders=2_000)
    house_do(
        house,
        """
        CREATE FUNCTION chaos_drag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_sleep(0.002 * (SELECT count(*) FROM gone));
            RETURN NULL;
        END $$;
        CREATE TRIGGER chaos_drag AFTER DELETE ON orders REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION chaos_drag();
        """,
    )
    supervisor = Supervisor(crew.worker, count=2)
    with supervisor.watching():
        started = _brought_in(house, file)
        touched = _touch(house, file)
        undo = _begin_undo(house, started)
        kills = 0
        while kills < SCALE.kills and not house.operation(undo).status.is_terminal:
            time.sleep(chance.uniform(*SCALE.between_kills))
            chance.choice(supervisor.living()).kill()
            kills += 1
        house.wait(undo)
    assert kills > 1, "the undo was over before a worker could be killed"
    _assert_undone(house, file, started, undo, touched=touched)


def _brought_in(house: House, file: OrdersFile) -> Started:
    started = house.upload(file)
    house.wait(started)
    return started


def _touch(house: House, file: OrdersFile) -> set[str]:
    """Some orders are cancelled before the undo."""
    touched = set(sorted(file.good)[::100])
    names = ", ".join(f"'{number}'" for number in sorted(touched))
    house_do(house, f"UPDATE orders SET status = 'cancelled' WHERE number IN ({names})")
    return touched


def _begin_undo(house: House, started: Started) -> Started:
    with house.database.transaction(house.ctx.organization_id) as conn:
        undo = service.undo_batch(conn, house.ctx, house.operations, batch_id=started.batch_id)
    return Started(operation_id=undo.id, import_id=started.import_id, batch_id=started.batch_id)


def _batch(house: House, started: Started) -> dict[str, object]:
    (batch,) = house.rows("SELECT * FROM order_batches WHERE id = %(id)s", {"id": started.batch_id})
    return batch


def _assert_undone(house: House, file: OrdersFile, started: Started, undo: Started, *, touched: set[str]) -> None:
    operation = house.operation(undo)
    gone = len(file.good) - len(touched)
    assert operation.status == "completed", operation
    assert (operation.total, operation.succeeded, operation.skipped, operation.failed) == (
        len(file.good),
        gone,
        len(touched),
        0,
    )
    assert found_orders(house, started).keys() == touched
    batch = _batch(house, started)
    assert (batch["undone_orders"], batch["kept_orders"]) == (gone, len(touched))
    assert batch["undone_at"] is not None
    assert_tidy(house)
    assert_sound(house)
