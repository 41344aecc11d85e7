"""Schedules and doctor's report over HTTP: envelope, rights, refusals, idempotency, walls."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.live import Live
from tranche.kernel.context import Role

HOME = "/api/schedules"
MINUTELY = "process-batch-jobs-every-minute"


@pytest.fixture
def idle(open_live: Callable[..., Live]) -> Live:
    """A house without a worker."""
    return open_live(working=False)


def as_role(live: Live, role: Role) -> httpx.Client:
    return httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {live.key_for(role)}"}, timeout=30)


def test_the_list_names_all_that_runs_by_the_clock(idle: Live) -> None:
    body = idle.client.get(HOME).json()
    assert (body["success"], body["message"]) == (True, "Schedules fetched")
    found = {each["name"]: each for each in body["data"]}
    assert list(found) == ["audit-seal", "bill-stop-age", "bill-stop-batch", "doctor-nightly", MINUTELY, "retention"]
    assert found[MINUTELY].keys() == {
        "name", "kind", "description", "belongsTo", "cron", "inWords", "zone", "enabled", "catchUp", "nextAt",
        "lastPlannedAt", "isUnderWay", "lastRun", "editedBy", "editedAt",
    }  # fmt: skip
    assert {name: each["belongsTo"] for name, each in found.items()} == {
        "audit-seal": "installation",
        "bill-stop-age": "organization",
        "bill-stop-batch": "organization",
        "doctor-nightly": "installation",
        MINUTELY: "organization",
        "retention": "installation",
    }
    assert (found[MINUTELY]["cron"], found[MINUTELY]["catchUp"]) == ("* * * * *", "once")


def test_a_schedule_is_edited_and_says_by_whom(idle: Live) -> None:
    answer = idle.client.put(f"{HOME}/retention", json={"data": {"cron": "15 4 * * MON", "zone": "America/New_York"}})
    assert answer.status_code == 200, answer.text
    changed = answer.json()["data"]
    assert changed == idle.client.get(f"{HOME}/retention").json()["data"]
    assert changed["inWords"] == "At 04:15 on Monday"
    assert (changed["cron"], changed["zone"], changed["editedBy"]) == ("15 4 * * MON", "America/New_York", "Ada Admin")
    assert datetime.fromisoformat(changed["nextAt"]).weekday() == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"data": {"cron": "0 99 * * *"}}, "/data/cron"),
        ({"data": {"cron": "0 0 31 2 *"}}, "/data/cron"),
        ({"data": {"zone": "Nowhere"}}, "/data/zone"),
        ({"data": {"cron": 5}}, "/data/cron"),
        ({"data": {"cron": None}}, "/data/cron"),
        ({"data": {"enabled": "yes"}}, "/data/enabled"),
        ({"data": {"catchUp": "all"}}, "/data/catchUp"),
        ({}, "/data"),
    ],
)
def test_what_cannot_be_taken_is_400_with_its_place_and_changes_nothing(
    idle: Live, body: dict[str, Any], pointer: str
) -> None:
    before = idle.client.get(f"{HOME}/{MINUTELY}").json()["data"]
    answer = idle.client.put(f"{HOME}/{MINUTELY}", json=body)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert idle.client.get(f"{HOME}/{MINUTELY}").json()["data"] == before


def test_enable_and_disable_answer_with_the_schedule(idle: Live) -> None:
    for verb, enabled in (("disable", False), ("disable", False), ("enable", True)):
        answer = idle.client.post(f"{HOME}/{MINUTELY}/{verb}")
        assert (answer.status_code, answer.json()["data"]["enabled"]) == (200, enabled)
        assert (answer.json()["data"]["nextAt"] is None) is not enabled


def test_run_is_202_then_409_and_once_per_key(idle: Live) -> None:
    idle.client.post(f"{HOME}/{MINUTELY}/disable")
    headers = {"Idempotency-Key": "run once"}
    first = idle.client.post(f"{HOME}/{MINUTELY}/run", headers=headers)
    assert (first.status_code, first.headers["location"]) == (202, f"{HOME}/{MINUTELY}/runs")
    assert (first.json()["data"]["status"], first.json()["data"]["requestedBy"]) == ("waiting", "Ada Admin")
    again = idle.client.post(f"{HOME}/{MINUTELY}/run", headers=headers)
    assert (again.status_code, again.content) == (202, first.content)
    clash = idle.client.post(f"{HOME}/{MINUTELY}/run")
    assert (clash.status_code, clash.json()["code"]) == (409, "run_under_way")
    runs = idle.client.get(f"{HOME}/{MINUTELY}/runs").json()
    assert [run["id"] for run in runs["data"]] == [first.json()["data"]["id"]]
    assert runs["pagination"]["totalItems"] == 1


def test_runs_come_in_pages(idle: Live) -> None:
    answer = idle.client.get(f"{HOME}/{MINUTELY}/runs?page=2&limit=5").json()
    assert (answer["data"], answer["pagination"]["currentPage"]) == ([], 2)
    assert idle.client.get(f"{HOME}/{MINUTELY}/runs?page=0").status_code == 400
    assert idle.client.get(f"{HOME}?page=1").status_code == 400


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_everybody_reads_and_only_admins_change(idle: Live, role: Role) -> None:
    with as_role(idle, role) as client:
        for path in ("", f"/{MINUTELY}", f"/{MINUTELY}/runs"):
            assert client.get(HOME + path).status_code == 200
        refused = [client.post(f"{HOME}/{MINUTELY}/{verb}") for verb in ("run", "enable", "disable")]
        refused += [client.put(f"{HOME}/{MINUTELY}", json={"data": {}}), client.get("/api/doctor")]
        assert [answer.status_code for answer in refused] == [403] * 5
    assert idle.client.get(f"{HOME}/{MINUTELY}/runs").json()["data"] == []


def test_an_unknown_name_is_404_for_every_verb(idle: Live) -> None:
    answers = [idle.client.get(f"{HOME}/nothing{path}") for path in ("", "/runs")]
    answers += [idle.client.post(f"{HOME}/nothing/{verb}") for verb in ("run", "enable", "disable")]
    answers += [idle.client.put(f"{HOME}/nothing", json={"data": {"enabled": False}})]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "unknown_schedule")] * 6
    said = {answer.json()["detail"] for answer in answers}
    assert len(said) == 1
    assert "; there are audit-seal, bill-stop-age, " in said.pop()


def test_one_organization_touches_no_other_and_not_the_installation(idle: Live) -> None:
    idle.client.put(f"{HOME}/{MINUTELY}", json={"data": {"cron": "*/5 * * * *"}})
    idle.client.post(f"{HOME}/{MINUTELY}/run")
    _, stranger = idle.join()
    with stranger:
        assert stranger.get(f"{HOME}/{MINUTELY}").json()["data"]["cron"] == "* * * * *"
        assert stranger.get(f"{HOME}/{MINUTELY}/runs").json()["data"] == []
        assert stranger.post(f"{HOME}/{MINUTELY}/run").status_code == 202
        for client in (stranger, idle.client):
            assert client.get(f"{HOME}/retention").status_code == 200
            for refused in (
                client.post(f"{HOME}/retention/run"),
                client.put(f"{HOME}/retention", json={"data": {"enabled": False}}),
            ):
                assert (refused.status_code, refused.json()["code"]) == (403, "installation_schedule")


def test_before_the_first_examination_there_is_no_report(idle: Live) -> None:
    answer = idle.client.get("/api/doctor")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_report")
