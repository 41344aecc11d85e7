"""`tranche upkeep`: whoever runs the machine changes the installation's schedules, whatever organizations there are."""

import json
from collections.abc import Callable

import pytest

from tests.commands.conftest import Ran
from tests.factories import Organization
from tranche.kernel.db.pool import Connection

Call = Callable[..., Ran]


def test_of_several_organizations_nobody_but_the_owner_changes_the_upkeep(
    tranche: Call, owner: Connection, organization: Callable[..., Organization]
) -> None:
    organization(name="Acme")
    organization(name="Other")
    listed = json.loads(tranche("upkeep", "list", "--json").out)["data"]
    assert [each["name"] for each in listed] == ["audit-seal", "doctor-nightly", "retention"]
    ran = tranche("upkeep", "edit", "retention", "--cron", "5 1 * * *", "--zone", "Asia/Dhaka")
    assert ran.code == 0, ran.err
    assert "01:05 +06" in ran.err
    assert tranche("upkeep", "disable", "retention").err == "retention is off.\n"
    assert "on; its next run is" in tranche("upkeep", "enable", "retention").err
    row = owner.execute("SELECT cron, zone, edited_by FROM installation_schedules WHERE name = 'retention'").fetchone()
    assert row is not None
    assert (row["cron"], row["zone"]) == ("5 1 * * *", "Asia/Dhaka")
    assert row["edited_by"].endswith("(upkeep)")
    assert "retention\tAt 01:05 every day\t5 1 * * *\tAsia/Dhaka" in tranche("upkeep", "list").out


def test_a_run_is_asked_for_and_once_only(tranche: Call, owner: Connection) -> None:
    assert tranche("upkeep", "run", "retention").code == 0
    assert tranche("upkeep", "run", "retention").code == 6
    assert owner.execute("SELECT FROM procrastinate_jobs WHERE task_name = 'schedules.run'").rowcount == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("enable", "process-batch-jobs-every-minute"), 4, "tranche schedules"),
        (("run", "nothing"), 4, "The installation has no schedule nothing; `tranche upkeep list` shows its own"),
        (("edit", "retention"), 2, "--cron"),
        (("edit", "retention", "--cron", "0 77 * * *"), 2, '"30 2 * * *"'),
    ],
)
def test_what_cannot_be_done_is_said(tranche: Call, words: tuple[str, ...], code: int, said: str) -> None:
    ran = tranche("upkeep", *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_it_needs_the_owners_address(tranche: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    ran = tranche("upkeep", "list")
    assert (ran.code, "TRANCHE_OWNER_URL" in ran.err) == (2, True)
