"""The verbs on schedules, retention, and the two tasks that the kernel brings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.auditing import list_entries
from tests.factories import Organization
from tests.kernel.schedules.house import REPORT, SWEEP, House
from tranche.kernel.audit.anchors import NotAnchored
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Invalid
from tranche.kernel.jobs.work import Work
from tranche.kernel.module import Scope
from tranche.kernel.schedules.domain import NotYours, RunUnderWay, UnknownSchedule
from tranche.kernel.schedules.retention import HISTORY, MOST_RUNS, Prune, make_retention
from tranche.kernel.schedules.sealing import make_sealing
from tranche.kernel.storage.local import LocalFiles
from tranche.modules import PRUNES


def actions(house: House, ctx: Context) -> list[str]:
    with house.database.transaction(ctx.organization_id) as conn:
        return [entry.action for entry in reversed(list_entries(conn))]


def test_an_edit_counts_from_now_and_is_written_down(house: House) -> None:
    before = datetime.now(UTC)
    changed = house.update(cron="30  2 * * *", zone="Europe/Berlin")
    assert (changed.cron, changed.zone, changed.edited_by) == ("30 2 * * *", "Europe/Berlin", "Ada Admin")
    assert before < changed.next_at < before + timedelta(hours=26)
    assert actions(house, house.ctx) == ["schedule.update"]


def test_an_edit_that_changes_nothing_is_none(house: House) -> None:
    assert house.update(cron="* * * * *", zone="UTC", enabled=True).edited_at is None
    assert actions(house, house.ctx) == []


@pytest.mark.parametrize("changes", [{"cron": "nonsense"}, {"zone": "Mars/Base"}, {"cron": "0 0 31 2 *"}])
def test_a_bad_edit_changes_nothing(house: House, changes: dict[str, str]) -> None:
    before = house.schedule()
    with pytest.raises(Invalid):
        house.update(**changes)
    assert house.schedule() == before


def test_switched_off_it_is_not_due_and_switched_on_it_catches_up_nothing(house: House) -> None:
    off = house.update(enabled=False)
    assert (off.enabled, off.next_at, off.edited_at) == (False, None, None)
    house.make_due()
    assert house.ticker().tick() == 0
    on = house.update(enabled=True)
    assert on.next_at > datetime.now(UTC) - timedelta(seconds=1)
    assert house.ticker().tick() == 0
    assert actions(house, house.ctx) == ["schedule.update", "schedule.update"]


def test_an_edit_while_it_is_off_holds_when_it_is_on_again(house: House) -> None:
    house.update(enabled=False)
    assert house.update(cron="0 5 * * *").next_at is None
    assert house.update(enabled=True).next_at.hour == 5


def test_run_now_works_while_it_is_off_and_moves_no_planned_time(house: House) -> None:
    house.update(enabled=False)
    asked = house.run_now()
    assert (asked.status, asked.was_manual, asked.requested_by) == ("waiting", True, "Ada Admin")
    assert house.work() == 1
    assert [run["status"] for run in house.runs()] == ["succeeded"]
    after = house.schedule()
    assert (after.enabled, after.last_planned_at, after.last_status) == (False, None, "succeeded")
    assert actions(house, house.ctx)[-1] == "schedule.run"


def test_run_now_twice_is_a_conflict_until_the_first_has_ended(house: House) -> None:
    house.run_now()
    with pytest.raises(RunUnderWay, match="waiting"):
        house.run_now()
    house.work()
    house.run_now()


def test_a_planned_time_during_a_run_by_hand_is_skipped(house: House) -> None:
    house.run_now()
    house.make_due()
    assert house.ticker().tick() == 0
    assert sorted(run["status"] for run in house.runs()) == ["skipped", "waiting"]


def test_an_unknown_name_is_not_found(house: House) -> None:
    with pytest.raises(UnknownSchedule):
        house.schedule("nothing")


def test_an_organization_sees_and_changes_only_its_own(house: House, organization: Callable[..., Organization]) -> None:
    house.run_now()
    other = organization(name="Other").context()
    assert house.runs(ctx=other) == []
    house.update(cron="0 5 * * *")
    with house.database.transaction(other.organization_id) as conn:
        assert house.schedules.get_schedule(conn, name=SWEEP).cron == "* * * * *"
        house.schedules.update(conn, other, name=SWEEP, enabled=False)
    assert house.schedule().enabled
    assert actions(house, other) == ["schedule.update"]


def test_the_installations_schedules_are_changed_only_while_it_has_one_organization(
    house: House, organization: Callable[..., Organization]
) -> None:
    house.update(REPORT, cron="0 5 * * *")
    house.run_now(REPORT)
    house.work()
    other = organization(name="Other").context()
    for ctx in (house.ctx, other):
        with house.database.transaction(ctx.organization_id) as conn:
            assert house.schedules.get_schedule(conn, name=REPORT).cron == "0 5 * * *"
            for verb in (house.schedules.run_now, house.schedules.update):
                with pytest.raises(NotYours, match="whole installation"):
                    verb(conn, ctx, name=REPORT)


def test_the_list_holds_both_kinds_by_name(house: House) -> None:
    with house.database.transaction(house.ctx.organization_id) as conn:
        found = house.schedules.list_schedules(conn)
    assert [(schedule.name, schedule.scope) for schedule in found] == [
        (REPORT, Scope.INSTALLATION),
        (SWEEP, Scope.ORGANIZATION),
    ]


def work_of(house: House, *, stops: bool = False) -> Work:
    return Work(database=house.database, queue=house.queue, organization_id=None, should_abort=lambda: stops)


def test_retention_deletes_what_is_old_of_every_organization_and_says_what(
    house: House, organization: Callable[..., Organization], owner: Connection
) -> None:
    for each in (house.ctx.organization_id, organization(name="Other").id):
        owner.execute(
            """
            INSERT INTO idempotency_keys (organization_id, caller, key, fingerprint, status, created_at)
            SELECT %(id)s, 'key:1', n::text, 'x'::bytea, 200, now() - interval '25 hours'
            FROM generate_series(1, 1200) AS n
            UNION ALL SELECT %(id)s, 'key:1', 'new', 'x'::bytea, 200, now()
            """,
            {"id": each},
        )
    assert make_retention(PRUNES).run(work_of(house)) == "Deleted answers kept for repeated requests (2,400)."
    assert make_retention(PRUNES).run(work_of(house)) == "There was nothing to delete."
    assert owner.execute("SELECT FROM idempotency_keys").rowcount == 2


@pytest.mark.parametrize("name", [SWEEP, REPORT])
def test_retention_keeps_the_newest_runs_and_those_under_way(house: House, owner: Connection, name: str) -> None:
    scope = house.schedule(name).scope
    table, column, value = (
        ("schedule_runs", "organization_id, ", f"{house.ctx.organization_id}, ")
        if scope is Scope.ORGANIZATION
        else ("installation_schedule_runs", "", "")
    )
    old = f"""
        INSERT INTO {table} ({column}schedule_id, planned_at, status, finished_at)
        SELECT {value}%(id)s, now() - n * %(every)s::interval, 'succeeded', now() FROM generate_series(1, %(n)s) AS n
    """.encode()
    owner.execute(old, {"id": house.schedule(name).id, "every": "1 minute", "n": MOST_RUNS + 5})
    owner.execute(old, {"id": house.schedule(name).id, "every": "100 days", "n": 2})
    house.run_now(name)
    assert "schedules (8)" in make_retention(HISTORY).run(work_of(house))
    kept = house.runs(name)
    assert len(kept) == MOST_RUNS
    assert kept[-1]["status"] == "waiting"


def test_retention_stops_early_when_the_worker_ends(house: House) -> None:
    assert make_retention(PRUNES).run(work_of(house, stops=True)).endswith("Stopped early, because the worker ends.")


def test_sealing_goes_through_all_organizations_and_a_fault_of_one_holds_up_no_other(
    house: House, organization: Callable[..., Organization], owner: Connection, tmp_path: Path
) -> None:
    notes = LocalFiles(tmp_path)
    other, third = organization(name="Other").id, organization(name="Third").id
    add = "INSERT INTO audit_entries (organization_id, at, actor, action) VALUES (%s, now() - %s::interval, 'A', 'a.b')"
    assert make_sealing(notes).run(work_of(house)) == "There was nothing to seal."
    for each in (house.ctx.organization_id, other, third, third):
        owner.execute(add, [each, "1 hour"])
    stopped = make_sealing(notes).run(work_of(house, stops=True))
    assert stopped == "There was nothing to seal. Stopped early, because the worker ends."
    assert make_sealing(notes).run(work_of(house)) == "Sealed 4 entries of 3 organizations."
    owner.execute("DELETE FROM audit_seals WHERE organization_id = %s", [other])
    owner.execute("UPDATE audit_seals SET until = until - interval '50 minutes' WHERE organization_id = %s", [third])
    owner.execute(add, [third, "50 minutes"])
    with pytest.raises(NotAnchored, match=f"Organization {other}: its anchor is seal 1"):
        make_sealing(notes).run(work_of(house))
    assert owner.execute("SELECT FROM audit_seals WHERE organization_id = %s", [third]).rowcount == 2


def test_a_prune_is_one_line(house: House, owner: Connection) -> None:
    def prune(conn: Connection, *, organization_id: int, most: int) -> int:
        del most
        return conn.execute("DELETE FROM branches WHERE organization_id = %s", [organization_id]).rowcount

    task = make_retention([Prune(what="branches", scope=Scope.ORGANIZATION, prune=prune)])
    assert task.run(work_of(house)) == "Deleted branches (1)."
    assert owner.execute("SELECT FROM branches").rowcount == 0
