"""`tranche schedules` against a running server."""

import re
from collections.abc import Callable

import pytest

from tests.live import Live
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode
from tranche.kernel.schedules.commands import distance

MINUTELY = "process-batch-jobs-every-minute"


@pytest.fixture
def quiet(open_live: Callable[..., Live], make_shell: Callable[[Live], Shell]) -> Shell:
    """The commands of a house without a worker."""
    return make_shell(open_live(working=False))


def test_the_list_shows_the_next_run_in_its_own_zone(quiet: Shell) -> None:
    quiet("schedules", "edit", "retention", "--cron", "30 2 * * *", "--zone", "Asia/Kolkata")
    rows = {row["Name"]: row for row in quiet("schedules", "list").table}
    assert (rows["retention"]["When"], rows["retention"]["Cron"]) == ("At 02:30 every day", "30 2 * * *")
    assert list(rows) == ["audit-seal", "bill-stop-age", "bill-stop-batch", "doctor-nightly", MINUTELY, "retention"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d 02:30 IST", rows["retention"]["Next"])
    assert re.fullmatch(r"in \d+ (s|min|h)", rows["retention"]["In"])
    assert (rows[MINUTELY]["On"], rows[MINUTELY]["Of the"]) == ("yes", "organization")


def test_off_on_edit_and_run_say_what_became_of_it(quiet: Shell) -> None:
    assert quiet("schedules", "disable", MINUTELY).err == f"{MINUTELY} is off.\n"
    assert quiet("schedules", "list").table[4]["On"] == "no"
    ran = quiet("schedules", "run", MINUTELY)
    assert (ran.code, "was asked for" in ran.err) == (ExitCode.OK, True)
    (row,) = quiet("schedules", "runs", MINUTELY).table
    assert (row["Status"], row["By hand"]) == ("waiting", "Ada Admin")
    again = quiet("schedules", "run", MINUTELY)
    assert (again.code, "waiting already" in again.err) == (ExitCode.CONFLICT, True)
    assert "next run is" in quiet("schedules", "enable", MINUTELY).err
    assert "02:00 CE" in quiet("schedules", "edit", MINUTELY, "--cron", "0 2 * * *", "--zone", "Europe/Berlin").err


def test_json_is_the_servers_answer(quiet: Shell) -> None:
    assert quiet("schedules", "disable", MINUTELY, "--json").json["data"]["enabled"] is False
    assert quiet("schedules", "run", MINUTELY, "--json").json["data"]["wasManual"] is True
    assert len(quiet("schedules", "runs", MINUTELY, "--json").json["data"]) == 1
    assert quiet("schedules", "edit", MINUTELY, "--cron", "5 5 * * *", "--json").json["data"]["cron"] == "5 5 * * *"
    assert len(quiet("schedules", "list", "--json").json["data"]) == 6


def test_what_is_wrong_is_said_with_an_example(quiet: Shell) -> None:
    ran = quiet("schedules", "edit", "retention", "--cron", "every day")
    assert (ran.code, '"30 2 * * *"' in ran.err) == (ExitCode.USAGE, True)
    assert quiet("schedules", "edit", "retention").code == ExitCode.USAGE
    for verb in ("enable", "disable", "run", "runs"):
        assert quiet("schedules", verb, "../operations").code == ExitCode.NOT_FOUND


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "due"), (0, "due"), (5.4, "in 5 s"), (90, "in 2 min"), (3 * 3600, "in 3 h"), (86_400 * 3, "in 3 days")],
)
def test_a_distance_is_short(seconds: float, text: str) -> None:
    assert distance(seconds) == text
