"""Runs of invoices under every fault: each order once, numbers gapless, stock conserved, the books true."""

import signal
import sys
import time

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.drag import Gate
from tests.chaos.house import House, seen_workers
from tests.chaos.hunt import Hunt
from tests.chaos.lethal_invoice import HOW
from tests.chaos.processes import Crew, Process, Supervisor
from tests.chaos.scale import SCALE
from tests.chaos.selling import (
    assert_invoiced,
    assert_stock,
    begin_run,
    begin_undo,
    make_sale,
    slow_invoices,
    slow_orders,
)
from tests.chaos.verdict import DIED, assert_sound
from tests.chaos.waiting import eventually
from tests.databases import DatabaseUrls
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import connect
from tranche.kernel.errors import Conflict

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

# More than one block of the ledger, so that some are laid out while the fault strikes.
_ORDERS = 10_000 if SCALE.is_long else 3_000
_FROZEN_SECONDS = 60.0 if SCALE.is_long else 0.0
_MOST_ENDED = 25
# Where one chunk at a time is worked every kill stops all, until its worker counts as dead.
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = %(database)s AND application_name LIKE 'tranche%%'"


@pytest.mark.parametrize("tracked", [True, False], ids=["one chunk at a time", "chunks side by side"])
def test_kill_9_at_random_points_invoices_every_order_once(house: House, crew: Crew, *, tracked: bool) -> None:
    slow_invoices(house, seconds_per_invoice=0.002)
    supervisor = Supervisor(crew.worker, count=2)
    hunt = Hunt(house, supervisor, make_chance(), most=SCALE.kills)
    with supervisor.watching():
        for process in supervisor.living():
            crew.wait_for_beat(process)
        runs = 0
        while hunt.kills < hunt.most:
            runs += 1
            sale = make_sale(house, orders=_ORDERS, prefix=f"K{runs}-", tracked=tracked)
            started = begin_run(house, prefix=f"K{runs}-")
            hunt.run(started)
            assert house.operation(started).status == "completed"
            assert_invoiced(house, sale)
    sys.stdout.write(f"{hunt.kills} kills, {hunt.holders} in work, {runs} runs, slowest {hunt.slowest:.1f} s\n")
    assert supervisor.deaths == [-signal.SIGKILL] * hunt.kills, "a worker ended that nobody had killed"


def test_several_workers_on_one_run_do_nothing_twice_and_are_not_slower_than_one(house: House, crew: Crew) -> None:
    slow_orders(house, seconds_per_order=0.002)
    took = {}
    for count in (1, 2):
        crew.workers(1, TRANCHE_WORKER_SLOTS="1")  # the second round has both
        sale = make_sale(house, orders=_ORDERS, prefix=f"W{count}-", tracked=False)
        with seen_workers(house, phase="invoice") as seen:
            ended = house.wait(begin_run(house, prefix=f"W{count}-"), seconds=180)
        assert_invoiced(house, sale)
        assert len(seen) == count, "the workers did not share the run, so the test proved nothing"
        assert ended.started_at is not None
        assert ended.finished_at is not None
        took[count] = ended.finished_at - ended.started_at
    sys.stdout.write(f"one worker {took[1]}, two {took[2]}\n")
    assert took[2] <= took[1]


def test_a_worker_frozen_in_mid_chunk_changes_nothing_when_it_comes_back(house: House, crew: Crew) -> None:
    sale = make_sale(house, orders=_ORDERS)
    gate = Gate(house, table="invoices")
    workers = crew.workers(2, TRANCHE_WORKER_SLOTS="1")
    with gate.shut():
        started = begin_run(house)
        gate.wait_for_one()
        zombie = eventually(lambda: _holder(house, workers), seconds=30, what="a worker with a claim")
        zombie.freeze()
        thaws_at = time.monotonic() + _FROZEN_SECONDS
    house.wait(started)
    assert_invoiced(house, sale)
    before = house.operation(started)
    time.sleep(max(0.0, thaws_at - time.monotonic()))
    zombie.thaw()
    time.sleep(2)
    crew.wait_for_beat(zombie, newer_than=3)
    assert house.operation(started) == before
    assert_invoiced(house, sale)


def _holder(house: House, workers: list[Process]) -> Process | None:
    held = {claim["pid"] for claim in house.claims()}
    return next((process for process in workers if process.pid in held), None)


def test_an_order_that_kills_its_worker_is_set_aside_and_the_others_are_invoiced(house: House, crew: Crew) -> None:
    sale = make_sale(house, orders=_ORDERS)
    lethal = sale.order_ids[57]
    command = ("tests.chaos.lethal_invoice", str(lethal))
    quick = {"TRANCHE_HEARTBEAT_SECONDS": "0.4", "TRANCHE_DEAD_AFTER_SECONDS": "2"}
    supervisor = Supervisor(lambda: crew.start("lethal", *command, **quick), count=2)
    with supervisor.watching():
        started = begin_run(house)
        assert house.wait(started).status == "completed_with_errors"
        assert_invoiced(house, sale, parked=frozenset({lethal}))
    # The chunk, the piece that it is cut into, and three times the order alone.
    assert supervisor.deaths == [HOW] * 5
    (item,) = house.rows("SELECT reference, error_code FROM operation_items WHERE status = 'failed'")
    assert item == {"reference": lethal, "error_code": DIED}


def test_sessions_that_are_ended_at_random_cost_only_time(
    house: House, crew: Crew, postgres: EmbeddedPostgres, database_urls: DatabaseUrls
) -> None:
    chance, ended = make_chance(), 0
    slow_invoices(house, seconds_per_invoice=0.002)
    workers = crew.workers(2)
    sale = make_sale(house, orders=_ORDERS)
    started = begin_run(house)
    with connect(postgres.superuser_url) as conn:
        while not house.operation(started).status.is_terminal:
            time.sleep(chance.uniform(0.05, 0.4))
            sessions = conn.execute(_SESSIONS, {"database": database_urls.name}).fetchall()
            if sessions and ended < _MOST_ENDED:
                conn.execute("SELECT pg_terminate_backend(%(pid)s)", chance.choice(sessions))
                ended += 1
    assert ended
    assert_invoiced(house, sale)
    assert all(worker.lives for worker in workers)


def test_verbs_at_random_moments_twice_and_after_the_end_leave_the_books_true(house: House, crew: Crew) -> None:
    chance = make_chance()
    slow_invoices(house, seconds_per_invoice=0.001)
    crew.workers(2)
    sale = make_sale(house, orders=_ORDERS)
    started = begin_run(house)

    def ask(verb: str) -> bool:
        more = {"code": None} if verb == "retry" else {}
        try:
            with house.database.transaction(house.ctx.organization_id) as conn:
                getattr(house.operations, verb)(conn, house.ctx, operation_id=started.operation_id, **more)
        except Conflict:
            return False
        return True

    for _ in range(20 * SCALE.rounds):
        verb = chance.choice(["pause", "resume", "cancel", "retry", "undo"])
        for _twice in range(2):
            ask(verb)
        time.sleep(chance.uniform(0.0, 0.1))
    ask("resume")
    house.wait(started)
    eventually(lambda: not _running(house), seconds=120, what="the end of every undo")
    assert_sound(house)
    rest = begin_run(house) if house.rows("SELECT FROM orders WHERE status = 'open'") else started
    house.wait(rest)
    (count,) = house.rows("SELECT count(*) AS live FROM invoices WHERE status = 'issued'")
    assert count["live"] == len(sale.order_ids)
    assert_stock(house, sale, drawn=len(sale.order_ids))
    assert_sound(house)
    assert not ask("pause")
    assert not ask("resume")


def _running(house: House) -> bool:
    return bool(house.rows("SELECT FROM operations WHERE finished_at IS NULL"))


def test_a_worker_that_is_asked_to_end_leaves_nothing_half_done(house: House, crew: Crew) -> None:
    slow_invoices(house, seconds_per_invoice=0.002)
    sale = make_sale(house, orders=_ORDERS)
    (worker,) = crew.workers(1)
    started = begin_run(house)
    eventually(lambda: house.operation(started).succeeded, seconds=30, what="the first invoices")
    begun = time.monotonic()
    worker.terminate()
    assert worker.wait(10) == 0, worker.said()
    assert time.monotonic() - begun < 10
    assert [claim for claim in house.claims() if claim["worker_id"]] == [], "it left with work in its hands"
    assert_sound(house)
    crew.workers(1)
    house.wait(started)
    assert_invoiced(house, sale)


def test_an_undo_whose_workers_die_voids_every_invoice_once_and_puts_all_stock_back(house: House, crew: Crew) -> None:
    sale = make_sale(house, orders=600)
    gate = Gate(house, table="lot_movements")
    first = crew.workers(2)
    started = begin_run(house)
    house.wait(started)
    with gate.shut():
        undo = begin_undo(house, started)
        gate.wait_for_one()
        for process in first:
            process.kill()
        eventually(lambda: not gate.is_waited_for(), seconds=8, what="the end of the dead workers' statements")
    assert house.rows("SELECT FROM invoices WHERE status = 'void'") == []
    crew.workers(1)
    assert house.wait(undo).succeeded == len(sale.order_ids)
    assert house.rows("SELECT FROM invoices WHERE status <> 'void'") == []
    assert_stock(house, sale, drawn=0)
    assert_sound(house)
