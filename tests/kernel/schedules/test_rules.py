"""When a schedule is due, above all where the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tranche.kernel.errors import Invalid
from tranche.kernel.schedules.rules import Rule, read_rule

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
# Gaps and overlaps of an hour, of half an hour and of two hours, at midnight, and none at all.
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, "Antarctica/Troll", "America/Havana", "Africa/Cairo", "Asia/Kolkata", "UTC")


def times(cron: str, zone: str, after: str, count: int) -> list[str]:
    """The next times as the clocks of the zone show them, `after` being a time of that zone."""
    rule, moment = read_rule(cron=cron, zone=zone, now=NEW_YEAR), datetime.fromisoformat(after)
    moment, found = moment.replace(tzinfo=ZoneInfo(zone)), []
    for _ in range(count):
        moment = rule.next_after(moment)
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("zone", "cron", "after", "wanted"),
    [
        (BERLIN, "30 2 * * *", "2027-03-27T12:00", ["28 03:00 +0200", "29 02:30 +0200"]),
        (BERLIN, "0 2 * * *", "2027-03-27T12:00", ["28 03:00 +0200", "29 02:00 +0200"]),
        (BERLIN, "0 3 * * *", "2027-03-27T12:00", ["28 03:00 +0200", "29 03:00 +0200"]),
        (BERLIN, "15,45 1,2 * * *", "2027-03-28T00:00", ["28 01:15 +0100", "28 01:45 +0100", "28 03:00 +0200"]),
        (BERLIN, "*/15 2 * * *", "2027-03-27T12:00", ["28 03:00 +0200", "29 02:00 +0200"]),
        (BERLIN, "0 */2 * * *", "2027-03-27T23:00", ["28 00:00 +0100", "28 03:00 +0200", "28 04:00 +0200"]),
        (BERLIN, "30 2 28 3 *", "2027-01-01T00:00", ["28 03:00 +0200", "28 02:30 +0200"]),
        (NEW_YORK, "30 2 * * *", "2027-03-13T12:00", ["14 03:00 -0400", "15 02:30 -0400"]),
        (NEW_YORK, "30 2 * * SUN", "2027-03-13T12:00", ["14 03:00 -0400", "21 02:30 -0400"]),
        (LORD_HOWE, "15 2 * * *", "2026-10-03T12:00", ["04 02:30 +1100", "05 02:15 +1100"]),
        ("Africa/Cairo", "30 0 * * *", "2027-04-29T12:00", ["30 01:00 +0300", "01 00:30 +0300"]),
    ],
)
def test_a_time_in_the_gap_comes_once_right_after_it(zone: str, cron: str, after: str, wanted: list[str]) -> None:
    assert times(cron, zone, after, len(wanted)) == wanted


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("*/90 * * * *", "minute"),
        ("*/60 * * * *", "minute"),
        ("0 */24 * * *", "hour"),
        ("0 0 1,1/31 * *", "day of month"),
        ("0 0 1 */12 *", "month"),
        ("0 0 * * */7", "day of week"),
    ],
)
def test_a_step_that_leaves_its_field_is_refused(cron: str, field: str) -> None:
    with pytest.raises(Invalid, match=f"has a step in .* that no {field} reaches"):
        read_rule(cron=cron, zone="UTC", now=NEW_YEAR)
    assert read_rule(cron="*/59 */23 * * *", zone="UTC", now=NEW_YEAR).cron == "*/59 */23 * * *"


@pytest.mark.parametrize(
    ("zone", "cron", "after", "wanted"),
    [
        (BERLIN, "30 2 * * *", "2027-10-30T12:00", ["31 02:30 +0200", "01 02:30 +0100"]),
        (BERLIN, "*/30 2 * * *", "2027-10-30T12:00", ["31 02:00 +0200", "31 02:30 +0200", "01 02:00 +0100"]),
        (BERLIN, "0 */2 * * *", "2027-10-31T00:00", ["31 02:00 +0200", "31 04:00 +0100"]),
        (NEW_YORK, "30 1 * * *", "2027-11-06T12:00", ["07 01:30 -0400", "08 01:30 -0500"]),
        (LORD_HOWE, "45 1 * * *", "2027-04-03T12:00", ["04 01:45 +1100", "05 01:45 +1030"]),
        ("America/Havana", "30 0 * * *", "2027-11-06T12:00", ["07 00:30 -0400", "08 00:30 -0500"]),
    ],
)
def test_a_time_in_the_overlap_comes_once(zone: str, cron: str, after: str, wanted: list[str]) -> None:
    assert times(cron, zone, after, len(wanted)) == wanted


def test_once_run_in_the_overlap_it_is_not_due_in_the_second_hour() -> None:
    rule = Rule("30 2 * * *", BERLIN)
    second = datetime(2027, 10, 31, 2, 15, fold=1, tzinfo=ZoneInfo(BERLIN))
    assert rule.next_after(second) == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31", "2027-03-14", "2027-11-07", "2027-04-04", "2026-10-04"])
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("cron", "minutes"), [("* * * * *", 1), ("*/15 * * * *", 15), ("*/30 0-23 * * *", 30)])
def test_every_hour_means_real_time_whatever_the_clocks_do(day: str, zone: str, cron: str, minutes: int) -> None:
    rule, moment = Rule(cron, zone), datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(hours=13)
    end = moment + timedelta(hours=40)
    while moment < end:
        following = rule.next_after(moment)
        assert following - moment == timedelta(minutes=minutes)
        moment = following


@settings(max_examples=25, deadline=None)
@given(zone=st.sampled_from(ZONES), hour=st.integers(0, 23), minute=st.integers(0, 59), year=st.integers(2024, 2030))
@example(zone=BERLIN, hour=2, minute=30, year=2027)
@example(zone=LORD_HOWE, hour=1, minute=59, year=2027)
@example(zone="Antarctica/Troll", hour=2, minute=59, year=2025)
@example(zone="America/Havana", hour=0, minute=0, year=2026)
def test_in_three_years_no_planned_time_is_skipped_or_doubled(zone: str, hour: int, minute: int, year: int) -> None:
    rule, clock = Rule(f"{minute} {hour} * * *", zone), ZoneInfo(zone)
    moment, days = datetime(year, 1, 1, 0, 0, tzinfo=clock) - timedelta(seconds=1), []
    while (moment := rule.next_after(moment)) < datetime(year + 3, 1, 1, tzinfo=clock):
        local = moment.astimezone(clock)
        days.append(local.date())
        planned = local.replace(hour=hour, minute=minute, fold=0)
        exists = planned.astimezone(UTC).astimezone(clock).replace(tzinfo=None) == planned.replace(tzinfo=None)
        if exists:
            assert moment == planned.astimezone(UTC)
        else:
            before = (moment - timedelta(minutes=1)).astimezone(clock)
            shown = [at.replace(tzinfo=None) for at in (before, planned, local)]
            assert shown == sorted(set(shown)), "right after the gap"
    assert [b - a for a, b in pairwise(days)] == [timedelta(days=1)] * (len(days) - 1)
    assert len(days) == (datetime(year + 3, 1, 1, tzinfo=UTC) - datetime(year, 1, 1, tzinfo=UTC)).days


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=23),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    start=st.integers(0, 3_600),
)
def test_going_step_by_step_and_asking_anywhere_agree(
    zone: str, hours: set[int], minutes: set[int], start: int
) -> None:
    cron = f"{','.join(map(str, sorted(minutes)))} {','.join(map(str, sorted(hours)))} * * *"
    rule, moment = Rule(cron, zone), NEW_YEAR + timedelta(hours=start * 2)
    steps = [moment := rule.next_after(moment) for _ in range(20)]
    for first, second in pairwise(steps):
        for part in (0.0, 0.3, 0.999):
            assert rule.next_after(first + (second - first) * part) == second


def _by_looking(rule: Rule, begin: datetime, *, hours: int) -> list[datetime]:
    """Each minute asked by itself whether its clocks show a time of the rule: slow, and without any arithmetic."""
    minutes, shown, clock = CronSim(rule.cron, begin.replace(tzinfo=None)), set[datetime](), ZoneInfo(rule.zone)
    found: list[datetime] = []
    before = (begin - timedelta(minutes=1)).astimezone(clock).replace(tzinfo=None)
    for step in range(hours * 60):
        moment = begin + timedelta(minutes=step)
        local = moment.astimezone(clock).replace(tzinfo=None)
        passed = [before + timedelta(minutes=n) for n in range(1, int((local - before).total_seconds() // 60) + 1)]
        due = [one for one in passed or [local] if _fits(minutes, one) and one not in shown]
        if due:
            found.append(moment)
            shown.update(due)
        before = local
    return found


def _fits(cron: CronSim, moment: datetime) -> bool:
    return moment.minute in cron.minutes and moment.hour in cron.hours


@pytest.mark.parametrize("zone", [*ZONES, "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Africa/Casablanca"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "15,45 0-3 * * *", "*/20 1-4 * * *", "5 23 * * *", "0 0,2,3 * * *"])
@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31", "2027-04-04", "2026-10-04", "2027-02-07", "2027-03-14"])
def test_it_is_due_when_a_look_at_the_clock_each_minute_says_so(zone: str, cron: str, day: str) -> None:
    rule, begin = Rule(cron, zone), datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(hours=20)
    end = begin + timedelta(hours=60)
    moment, found = begin - timedelta(seconds=1), []
    while (moment := rule.next_after(moment)) < end:
        found.append(moment)
    assert found == _by_looking(rule, begin, hours=60)


def test_a_moment_between_two_seconds_is_not_due_again() -> None:
    moment = datetime(2027, 1, 1, 2, 30, 0, 400_000, tzinfo=UTC)
    assert Rule("30 2 * * *", "UTC").next_after(moment) == datetime(2027, 1, 2, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("30 25 * * *", "hour"),
        ("61 2 * * *", "minute"),
        ("0 2 30 2 *", "day of month"),
        ("0 2 * * 9", "day of week"),
        ("0 2 * XYZ *", "month"),
        ("*/0 * * * *", "minute"),
        ("0 2 * *", "five fields"),
        ("0 0 2 * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("0 2 * * " + ",".join(["1"] * 100), "five fields"),
    ],
)
def test_a_bad_expression_is_refused_with_its_place_and_an_example(cron: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_rule(cron=cron, zone="UTC", now=NEW_YEAR)
    assert words in refused.value.message
    assert '"30 2 * * *"' in refused.value.message
    assert [fault.pointer for fault in refused.value.errors] == ["/cron"]


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "+02:00", "europe/berlin"])
def test_a_bad_zone_is_refused_with_an_example(zone: str) -> None:
    with pytest.raises(Invalid, match="Europe/Berlin") as refused:
        read_rule(cron="0 2 * * *", zone=zone, now=NEW_YEAR)
    assert [fault.pointer for fault in refused.value.errors] == ["/zone"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("0123456789*/-,#LW?MONJAN²", max_size=6), min_size=5, max_size=5))
@example(["0", "0", "*", "2", "1#1/2"])
@example(["0", "0", "L/2", "*", "5L/2"])
def test_whatever_is_written_is_taken_or_refused(fields: list[str]) -> None:
    try:
        rule = read_rule(cron=" ".join(fields), zone=BERLIN, now=NEW_YEAR)
    except Invalid:
        return
    assert rule.next_after(NEW_YEAR) > NEW_YEAR
    assert rule.in_words
