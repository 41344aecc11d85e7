"""`Prefer: wait=N` is honoured, bounded, and holds no thread."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.kernel.web.sample import Ledger, running, sample_app, until
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import preferred_wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10),
        ("respond-async, wait=5", 5),
        ("wait = 7; foo=bar", 7),
        ('wait="3"', 3),
        ("wait=100000", 30),
        ("wait=0", 0),
        ("wait=-1", 0),
        ("wait=abc", 0),
        ("await=4", 0),
        ("", 0),
    ],
)
def test_the_preference_is_read_or_ignored(header: str, seconds: int) -> None:
    scope: Any = {"type": "http", "method": "GET", "path": "/", "headers": [(b"prefer", header.encode())]}
    assert preferred_wait(AnyRequest(scope)) == seconds


def test_the_answer_comes_when_the_operation_is_finished() -> None:
    ledger = Ledger()
    hub = Hub(load=ledger, poll_seconds=0.2)
    with running(sample_app(hub=hub), hub) as house, ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(house.client.post, "/operations/5/wait", headers={"Prefer": "wait=10"})
        until(lambda: hub.open_streams(1) == 1)
        ledger.change(2)
        ledger.change(3, finished=True)
        assert waiting.result().json() == {"version": 3, "finished": True, "Preference-Applied": "wait=10"}
        assert time.monotonic() - began < 8
        assert hub.open_streams(1) == 0


def test_after_the_wait_the_answer_says_how_far_it_is() -> None:
    ledger = Ledger()
    hub = Hub(load=ledger, poll_seconds=0.2)
    with running(sample_app(hub=hub), hub) as house:
        began = time.monotonic()
        answer = house.client.post("/operations/5/wait", headers={"Prefer": "wait=1"}).json()
        assert (answer["version"], answer["finished"]) == (1, False)
        assert 0.9 < time.monotonic() - began < 5
        assert house.client.post("/operations/6/wait", headers={"Prefer": "wait=1"}).status_code == 404


def test_sixty_who_wait_leave_the_threads_free() -> None:
    ledger = Ledger()
    hub = Hub(load=ledger, poll_seconds=0.2)
    with running(sample_app(hub=hub), hub) as house, ThreadPoolExecutor(60) as pool:
        waiting = [
            pool.submit(house.client.post, "/operations/5/wait", headers={"Prefer": "wait=20"}) for _ in range(60)
        ]
        until(lambda: hub.open_streams(1) == 60)
        assert house.client.get("/things").status_code == 200
        ledger.change(2, finished=True)
        assert {one.result().json()["version"] for one in waiting} == {2}
