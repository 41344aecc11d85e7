"""The tick: every planned time is run once, whoever ticks, however long nobody did."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.factories import Organization
from tests.kernel.schedules.house import REPORT, SWEEP, Bench, House, Refused, toy_tasks
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, Unavailable
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.schedules.queries import across, schedules
from tranche.kernel.schedules.ticking import plan


def test_a_due_schedule_runs_and_moves_on(house: House) -> None:
    house.make_due()
    planned = house.schedule().next_at
    assert house.ticker().tick() == 1
    assert house.ticker().tick() == 0
    assert house.work() == 1
    (run,) = house.runs()
    assert (run["planned_at"], run["status"], run["result"], run["was_manual"]) == (
        planned,
        "succeeded",
        "Done 1.",
        False,
    )
    after = house.schedule()
    assert (after.last_planned_at, after.last_status, after.last_result) == (planned, "succeeded", "Done 1.")
    assert after.next_at > after.last_finished_at - timedelta(seconds=1)
    assert not after.is_under_way


def test_nothing_is_due_before_its_time(house: House) -> None:
    assert house.ticker().tick() == 0
    assert house.runs() == []


def test_both_kinds_are_ticked_and_know_whose_they_are(house: House) -> None:
    house.make_due()
    house.make_due(REPORT)
    assert house.ticker().tick() == 2
    house.work()
    assert sorted(house.bench.done, key=str) == [house.ctx.organization_id, None]
    assert [run["status"] for run in house.runs(REPORT)] == ["succeeded"]


def test_a_missed_time_is_caught_up_once_and_not_for_every_one_that_was_missed(house: House) -> None:
    house.make_due(ago="400 days")
    first = house.schedule().next_at
    for _ in range(3):
        house.ticker().tick()
        house.work()
    (run,) = house.runs()
    assert run["planned_at"] == first
    assert house.schedule().next_at > run["finished_at"]


def test_two_workers_that_tick_at_once_ask_for_one_run(house: House, app_url: str) -> None:
    for _ in range(5):
        house.make_due()
        before = len(house.runs())
        pools = [Database(app_url, size=1, name=f"worker {n}").open() for n in range(4)]
        gate = threading.Barrier(len(pools))
        asked: list[int] = []

        def tick(pool: Database, gate: threading.Barrier = gate, asked: list[int] = asked) -> None:
            ticker = type(house.ticker())(pool, ProcrastinateQueue(), house.tasks, dead_after=8.0)
            gate.wait()
            asked.append(ticker.tick())

        threads = [threading.Thread(target=tick, args=(pool,)) for pool in pools]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for pool in pools:
            pool.close()
        assert sum(asked) == 1
        assert len(house.runs()) == before + 1
        assert house.work() == 1


def test_also_without_the_lock_a_planned_time_is_run_once(house: House, app_url: str) -> None:
    house.make_due()
    pools = [Database(app_url, size=1, name=f"worker {n}").open() for n in range(3)]
    gate = threading.Barrier(len(pools))
    asked: list[bool] = []
    owner_id = house.ctx.organization_id

    def tick(pool: Database) -> None:
        gate.wait()
        with pool.transaction(owner_id) as conn:
            now = schedules.read_clock(conn)
            asked.append(plan(conn, house.queue, house.tasks, organization_id=owner_id, name=SWEEP, now=now))

    threads = [threading.Thread(target=tick, args=(pool,)) for pool in pools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pool in pools:
        pool.close()
    assert sorted(asked) == [False, False, True]
    assert len(house.jobs()) == 1


def test_another_ticks_while_the_lock_is_held_and_when_its_holder_is_gone(house: House) -> None:
    house.make_due()
    with house.database.transaction(None) as holder:
        assert across.try_tick_lock(holder)
        assert house.ticker().tick() == 0
    assert house.ticker().tick() == 1


def test_while_a_run_is_under_way_the_next_one_is_skipped_and_says_so(house: House) -> None:
    house.make_due()
    house.ticker().tick()
    jobs = house.take_jobs()
    house.bench.hold = threading.Event()
    runner = threading.Thread(target=lambda: house.worker().run(jobs[0], lambda: False))
    runner.start()
    try:
        house.make_due()
        assert house.ticker().tick() == 0
    finally:
        house.bench.hold.set()
        runner.join()
    first, second = house.runs()
    assert (first["status"], second["status"]) == ("succeeded", "skipped")
    assert "still under way" in second["result"]
    house.bench.hold = None
    house.make_due()
    assert house.ticker().tick() == 1


def test_the_run_of_a_dead_worker_has_failed_and_blocks_nothing(house: House) -> None:
    dead = house.join()
    house.make_due()
    house.ticker().tick()
    (arguments,) = house.take_jobs()
    house.bench.hold = threading.Event()
    zombie = threading.Thread(target=lambda: house.worker(dead).run(arguments, lambda: False))
    zombie.start()
    try:
        assert [run["status"] for run in _until_running(house)] == ["running"]
        assert house.ticker().tick() == 0
        assert house.runs()[0]["status"] == "running", "its worker lives"
        house.silence(dead)
        house.ticker().tick()
        (run,) = house.runs()
        assert (run["status"], run["error"]) == ("failed", "The worker ended before the run did.")
        assert house.schedule().last_error == run["error"]
    finally:
        house.bench.hold.set()
        zombie.join()
    assert house.runs()[0]["status"] == "failed", "who comes back too late writes nothing"
    house.make_due()
    assert house.ticker().tick() == 1


def test_a_waiting_run_whose_job_was_lost_gets_another_job(house: House) -> None:
    house.make_due()
    house.ticker().tick()
    house.take_jobs()
    house.ticker().tick()
    assert house.work() == 1
    assert [run["status"] for run in house.runs()] == ["succeeded"]


def test_a_job_that_comes_twice_runs_once(house: House) -> None:
    house.make_due()
    house.ticker().tick()
    (arguments,) = house.take_jobs()
    for _ in range(2):
        house.worker().run(arguments, lambda: False)
    assert len(house.bench.done) == 1


@pytest.mark.parametrize(
    ("fault", "words"), [(Refused("The shop is shut."), "The shop is shut."), (KeyError("secret"), "(KeyError)")]
)
def test_a_run_that_fails_says_why_and_the_next_is_run(house: House, fault: Exception, words: str) -> None:
    house.bench.fault = fault
    house.make_due()
    house.ticker().tick()
    house.work()
    (run,) = house.runs()
    assert run["status"] == "failed"
    assert words in run["error"]
    assert "secret" not in run["error"]
    house.bench.fault = None
    house.make_due()
    house.ticker().tick()
    house.work()
    assert [run["status"] for run in house.runs()] == ["failed", "succeeded"]


def test_a_fault_in_one_schedule_holds_up_no_other(house: House, organization: Callable[..., Organization]) -> None:
    organization(name="Other")
    house.ticker().tick()
    house.make_due()
    house.owner.execute(
        "UPDATE schedules SET zone = 'Mars/Base' WHERE organization_id = %s", [house.ctx.organization_id]
    )
    assert house.ticker().tick() == 1
    assert house.jobs()[0]["organization_id"] != house.ctx.organization_id


def test_a_fault_in_the_tick_itself_does_not_stop_the_clock(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ticker = house.ticker()
    house.make_due()
    with monkeypatch.context() as broken:
        broken.setattr(across, "list_due", lambda *_, **__: 1 / 0)
        assert ticker.tick() == 0
    assert ticker.tick() == 1


def test_a_database_that_is_away_is_told_to_the_worker(house: House) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere", timeout=0.1)
    with pytest.raises(Unavailable):
        type(house.ticker())(away, house.queue, house.tasks, dead_after=8.0).tick()


def test_work_that_another_worker_can_do_is_handed_on(house: House) -> None:
    house.bench.is_here = False
    other = house.join()
    house.make_due()
    house.ticker().tick()
    house.work()
    (run,) = house.runs()
    assert (run["status"], run["started_at"], run["worker_id"]) == ("waiting", None, None)
    assert house.jobs()[0]["tries"] == 1
    house.bench.is_here = True
    house.work(other)
    assert [(run["status"], run["worker_id"]) for run in house.runs()] == [("succeeded", other)]


def test_work_that_no_worker_can_do_fails_and_says_what_to_set(house: House) -> None:
    house.bench.is_here = False
    house.make_due()
    house.ticker().tick()
    house.work()
    (run,) = house.runs()
    assert (run["status"], run["error"]) == ("failed", "Set TOY_SETTING on one worker.")


def test_a_new_organization_gets_its_schedules(house: House, organization: Callable[..., Organization]) -> None:
    other = organization(name="Other")
    house.ticker().tick()
    names = house.owner.execute("SELECT name FROM schedules WHERE organization_id = %s", [other.id]).fetchall()
    assert [row["name"] for row in names] == [SWEEP]


def test_a_changed_default_holds_from_the_next_start_unless_the_schedule_was_edited(house: House) -> None:
    changed = toy_tasks(Bench(), cron="0 4 * * *", zone="Asia/Dhaka")
    house.ticker(changed).tick()
    now = house.schedule()
    assert (now.cron, now.zone, now.edited_at) == ("0 4 * * *", "Asia/Dhaka", None)
    assert now.next_at.hour == 22, "04:00 in Dhaka"
    house.update(cron="15 5 * * *")
    house.ticker(toy_tasks(Bench(), cron="0 6 * * *")).tick()
    assert house.schedule().cron == "15 5 * * *"


def test_a_changed_default_leaves_a_schedule_off_that_was_switched_off(house: House) -> None:
    house.update(enabled=False)
    house.ticker(toy_tasks(Bench(), cron="0 4 * * *")).tick()
    now = house.schedule()
    assert (now.cron, now.enabled, now.next_at) == ("0 4 * * *", False, None)


def test_a_setting_that_cannot_be_read_is_named() -> None:
    with pytest.raises(Invalid, match=r'^TOY_SCHEDULE: cron has a hour .*such as "30 2 \* \* \*"'):
        toy_tasks(Bench(), cron="0 44 * * *")


def _until_running(house: House) -> list[dict[str, object]]:
    for _ in range(200):
        if house.bench.done:
            break
        threading.Event().wait(0.02)
    return house.runs()
