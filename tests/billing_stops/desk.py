"""Somebody at the bill-stop desk: starts runs and looks at what came of them, over HTTP."""

import time
from typing import Any

import httpx

from tests.live import Live

HOME = "/api/crp-cpc"
ISSUE, ACTIVE = "Bill Stop Issue", "Active Billing"


class Desk:
    """Verbs of document 4 on a live house."""

    def __init__(self, live: Live, client: httpx.Client | None = None) -> None:
        self.live = live
        self.client = client or live.client

    def use(self, source: dict[str, Any]) -> "Desk":
        """Set the source up; what is taken is told."""
        answer = self.client.put(f"{HOME}/bill-stop-source", json={"data": source})
        assert answer.status_code == 200, answer.text
        return self

    def trigger(self, **params: Any) -> httpx.Response:
        return self.client.post(f"{HOME}/bill-stop-batch/trigger", params=params)

    def run(self, **params: Any) -> dict[str, Any]:
        """A whole run; its entry in the log."""
        started = self.trigger(**params)
        assert started.status_code == 202, started.text
        self.live.wait(started.json()["operation_id"], client=self.client)
        return self.entry(started.json()["run_id"])

    def entry(self, run_id: int) -> dict[str, Any]:
        return next(run for run in self.history() if run["run_id"] == run_id)

    def analysis(self, **params: Any) -> dict[str, Any]:
        answer = self.client.get(f"{HOME}/bill-stop-analysis", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{HOME}/bill-stop-batch/status").json()
        return found

    def history(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(f"{HOME}/bill-stop-batch/history", params={"limit": 1000}).json()[
            "history"
        ]
        return found

    def details(self, **params: Any) -> list[dict[str, Any]]:
        """All pages of the details."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.analysis(**params, **cursor)["details"]
            found += page["rows"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def until_running(self, *, seconds: float = 20.0) -> dict[str, Any]:
        """The state when the run reads."""
        ends = time.monotonic() + seconds
        while not (state := self.status())["is_running"] or state["current"]["progress"]["phase"] != "read":
            assert time.monotonic() < ends, state
            time.sleep(0.02)
        return state
