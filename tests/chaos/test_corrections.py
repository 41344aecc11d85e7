"""Workers are killed while they correct what an import refused: nothing is lost, nothing comes in twice."""

import signal
import sys

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.drag import Gate, slow_down
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started
from tests.chaos.hunt import Hunt
from tests.chaos.processes import Crew, Supervisor
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_sound, assert_tidy
from tests.chaos.waiting import eventually
from tranche.imports import service as imports
from tranche.imports.corrections.service import Corrections
from tranche.orders.target import OrderTarget

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

_ORDERS = SCALE.orders // 5
_KILLS = max(2, SCALE.kills // 2)


def import_refused(house: House, *, orders: int) -> tuple[OrdersFile, Started]:
    """Bring in a file of which every order lacks a quantity."""
    file = make_file("C", orders=orders, bad_every=1)
    started = house.upload(file)
    assert house.wait(started).status == "failed"
    return file, started


def begin(house: House, started: Started) -> Started:
    """Start to give every missing quantity the value 3."""
    corrections = Corrections({"order": OrderTarget()}, house.operations)
    with house.database.transaction(house.ctx.organization_id) as conn:
        groups = imports.list_error_groups(conn, import_id=started.import_id)
        (key,) = [imports.cause_key(group) for group in groups if group["column_name"] == "quantity"]
        operation = corrections.begin_setting(
            conn, house.ctx, import_id=started.import_id, cause_key=key, field="quantity", value="3"
        )
    return Started(operation_id=operation.id, import_id=started.import_id, batch_id=started.batch_id)


def assert_corrected(house: House, file: OrdersFile, started: Started, correction: Started) -> None:
    """Every order is there once and whole, every change is logged once, and the books agree."""
    orders = file.total - 1
    ended = house.operation(correction)
    assert ended.status == "completed", ended
    assert (ended.total, ended.succeeded, ended.pending) == (orders, orders, 0)
    found = house.operation(started)
    assert (found.status, found.total, found.succeeded, found.failed) == (
        "completed_with_errors",
        file.total,
        orders,
        1,
    )
    (lines,) = house.rows(
        """
        SELECT count(DISTINCT o.number) AS numbers, count(DISTINCT o.id) AS orders, count(*) AS lines,
            count(DISTINCT l.source_row) AS rows
        FROM orders o JOIN order_lines l ON l.organization_id = o.organization_id AND l.order_id = o.id
        """
    )
    assert lines == {"numbers": orders, "orders": orders, "lines": 3 * orders, "rows": 3 * orders}
    (edits,) = house.rows("SELECT count(*) AS edits, count(DISTINCT row_number) AS rows FROM import_edits")
    assert edits == {"edits": orders, "rows": orders}
    assert house.rows("SELECT row_number FROM import_rows") == [{"row_number": 2 + 3 * orders}]
    assert_tidy(house)
    assert_sound(house)


def test_kill_9_at_random_points_of_a_correction_loses_nothing_and_does_nothing_twice(house: House, crew: Crew) -> None:
    chance = make_chance()
    supervisor = Supervisor(crew.worker, count=2)
    with supervisor.watching():
        for process in supervisor.living():
            crew.wait_for_beat(process)
        file, started = import_refused(house, orders=_ORDERS)
        slow_down(house, seconds_per_order=0.002)
        hunt = Hunt(house, supervisor, chance, most=_KILLS)
        correction = begin(house, started)
        hunt.run(correction)
    assert_corrected(house, file, started, correction)
    sys.stdout.write(f"{hunt.kills} kills, {hunt.holders} in work, slowest {hunt.slowest:.1f} s\n")
    assert hunt.kills, "nobody was killed before the end"
    assert supervisor.deaths == [-signal.SIGKILL] * hunt.kills, "a worker ended that nobody had killed"


def test_when_all_workers_die_in_mid_correction_a_new_one_goes_on(house: House, crew: Crew) -> None:
    first = crew.workers(2)
    file, started = import_refused(house, orders=400)
    gate = Gate(house)
    with gate.shut():
        correction = begin(house, started)
        gate.wait_for_one()
        for process in first:
            process.kill()
        eventually(lambda: not gate.is_waited_for(), seconds=8, what="the end of the dead workers' statements")
    assert house.operation(started).succeeded == 0
    crew.workers(1)
    house.wait(correction)
    assert_corrected(house, file, started, correction)
