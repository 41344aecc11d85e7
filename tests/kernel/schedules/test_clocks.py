"""A weekend on which the clocks change, ticked through from Saturday to Monday: nothing is left out or done twice."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.kernel.schedules.house import SWEEP, House
from tranche.kernel.schedules.ticking import plan

# Zone, Saturday, the hour that is skipped or comes twice, and what the clocks show when it runs.
_GAPS = [
    ("Europe/Berlin", "2027-03-27", "30 2 * * *", ["28 03:00", "29 02:30"]),
    ("America/New_York", "2027-03-13", "30 2 * * *", ["14 03:00", "15 02:30"]),
    ("Australia/Lord_Howe", "2026-10-03", "15 2 * * *", ["04 02:30", "05 02:15"]),  # of half an hour
    ("Asia/Kathmandu", "2027-03-27", "30 2 * * *", ["28 02:30", "29 02:30"]),  # none, a quarter beside the hour
]
_OVERLAPS = [
    ("Europe/Berlin", "2027-10-30", "30 2 * * *", ["31 02:30", "01 02:30"]),
    ("America/New_York", "2027-11-06", "30 1 * * *", ["07 01:30", "08 01:30"]),
    ("Australia/Lord_Howe", "2027-04-03", "45 1 * * *", ["04 01:45", "05 01:45"]),
]


def run_through(house: House, zone: str, saturday: str, cron: str, *, minutes: int) -> list[str]:
    """Tick every so many minutes from Saturday to Monday noon; the planned times of the runs, on the zone's clocks."""
    house.update(cron=cron, zone=zone)
    clock = ZoneInfo(zone)
    now = datetime.fromisoformat(f"{saturday}T12:00").replace(tzinfo=clock)
    house.owner.execute(
        "UPDATE schedules SET next_at = %(next)s WHERE name = %(name)s",
        {"next": house.schedule().rule.next_after(now), "name": SWEEP},
    )
    owner_id = house.ctx.organization_id
    for tick in range(49 * 60 // minutes):
        moment = now.timestamp() + timedelta(minutes=tick * minutes).total_seconds()
        with house.database.transaction(owner_id) as conn:
            asked = plan(
                conn,
                house.queue,
                house.tasks,
                organization_id=owner_id,
                name=SWEEP,
                now=datetime.fromtimestamp(moment, tz=clock),
            )
        if asked:
            assert house.work() == 1
    assert len(house.bench.done) == len(house.runs())
    return [f"{run['planned_at'].astimezone(clock):%d %H:%M}" for run in house.runs()]


@pytest.mark.parametrize(("zone", "saturday", "cron", "wanted"), [*_GAPS, *_OVERLAPS])
def test_it_runs_once_on_each_day(house: House, zone: str, saturday: str, cron: str, wanted: list[str]) -> None:
    assert run_through(house, zone, saturday, cron, minutes=5) == wanted


@pytest.mark.parametrize(("zone", "saturday", "cron", "wanted"), [*_GAPS, *_OVERLAPS])
def test_with_all_workers_down_at_the_hour_it_is_caught_up_once(
    house: House, zone: str, saturday: str, cron: str, wanted: list[str]
) -> None:
    """A tick every seven hours is none at the hour itself."""
    assert run_through(house, zone, saturday, cron, minutes=7 * 60) == wanted
