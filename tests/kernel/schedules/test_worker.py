"""A real worker: what is due runs end to end, and each of the three schedules does its work."""

import time
from collections.abc import Callable
from typing import Any

from tests.live import Live

HOME = "/api/schedules"
MINUTELY = "process-batch-jobs-every-minute"


def wait_for_run(live: Live, name: str, *, count: int = 1, seconds: float = 30.0) -> dict[str, Any]:
    """The newest run, when so many have ended."""
    ends = time.monotonic() + seconds
    while True:
        runs = live.client.get(f"{HOME}/{name}/runs").json()["data"]
        ended = [run for run in runs if run["finishedAt"]]
        if len(ended) >= count:
            return dict(ended[0])
        assert time.monotonic() < ends, f"no run of {name} in {seconds} s: {runs}"
        time.sleep(0.1)


def make_due(live: Live, name: str) -> None:
    """Its planned time is two minutes ago, as after a time without workers."""
    live.client.get(HOME)  # makes it, if no worker has
    table = "schedules" if name == MINUTELY else "installation_schedules"
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute(
            f"UPDATE {table} SET next_at = date_trunc('minute', now()) - interval '2 minutes' WHERE name = %s".encode(),
            [name],
        )


def test_a_worker_runs_what_is_due_and_catches_up_once(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    make_due(live, MINUTELY)
    make_due(live, "retention")
    live.start_worker()
    run = wait_for_run(live, "retention")
    assert (run["status"], run["result"], run["wasManual"]) == ("succeeded", "There was nothing to delete.", False)
    assert run["worker"]
    wait_for_run(live, MINUTELY)
    late = [each for each in live.client.get(f"{HOME}/{MINUTELY}/runs").json()["data"] if each["startedAt"]]
    assert len(late) <= 2, "the caught up one, and perhaps the minute that has just begun"
    schedule = live.client.get(f"{HOME}/retention").json()["data"]
    assert schedule["lastRun"]["status"] == "succeeded"
    assert schedule["nextAt"] > run["finishedAt"]


def test_run_now_while_it_is_off_is_done_by_a_worker(live: Live) -> None:
    live.client.post(f"{HOME}/{MINUTELY}/disable")
    before = len(live.client.get(f"{HOME}/{MINUTELY}/runs").json()["data"])
    assert live.client.post(f"{HOME}/{MINUTELY}/run").status_code == 202
    run = wait_for_run(live, MINUTELY, count=before + 1)
    assert (run["status"], run["wasManual"]) == ("succeeded", True)


def test_the_examination_needs_the_owners_address_and_says_so(live: Live) -> None:
    live.client.post(f"{HOME}/doctor-nightly/run")
    run = wait_for_run(live, "doctor-nightly")
    assert run["status"] == "failed"
    assert "Give TRANCHE_OWNER_URL to one worker" in run["error"]


def test_with_the_owners_address_the_examination_keeps_its_report(
    open_live: Callable[..., Live], owner_url: str
) -> None:
    live = open_live(owner_url=owner_url)
    live.client.post(f"{HOME}/doctor-nightly/run")
    run = wait_for_run(live, "doctor-nightly")
    assert run["status"] == "succeeded", run["error"]
    assert "checks are fine" in run["result"]
    report = live.client.get("/api/doctor").json()["data"]
    assert report["ok"] is True
    assert {check["hits"] for check in report["checks"]} == {0}
    assert len(report["checks"]) > 30
