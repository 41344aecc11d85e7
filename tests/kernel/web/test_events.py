"""Streams over a real server: resumed, counted, kept apart, ended."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.kernel.web.sample import Ledger, Running, bearer, running, sample_app, until
from tests.naming import nameless
from tranche.kernel.web import events
from tranche.kernel.web.stream import Hub

PATH = "/operations/5/events"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def hub(ledger: Ledger) -> Hub:
    return Hub(load=ledger, poll_seconds=0.3)


@pytest.fixture
def house(hub: Hub) -> Iterator[Running]:
    with running(sample_app(hub=hub), hub) as house:
        yield house


def read(answer: httpx.Response, count: int) -> list[dict[str, str]]:
    """The next events of an open stream."""
    found: list[dict[str, str]] = []
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            event[name] = value
        elif "data" in event:
            found.append(event)
            event = {}
        if len(found) == count:
            break
    return found


def test_a_stream_begins_with_the_present_state_and_ends_when_it_is_finished(house: Running, ledger: Ledger) -> None:
    with house.client.stream("GET", PATH) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        lines = answer.iter_lines()
        began = [next(lines) for _ in range(5)]
        assert began == ["retry: 2000", "", "id: 1", "event: operation", 'data: {"done":0}']
        ledger.change(2, finished=True)
        assert list(lines) == ["", "id: 2", "event: operation", 'data: {"done":2}', ""]


def test_a_stream_resumes_after_the_last_event_id(house: Running, ledger: Ledger) -> None:
    ledger.change(7)
    with house.client.stream("GET", PATH, headers={"Last-Event-ID": "6"}) as answer:
        assert [event["id"] for event in read(answer, 1)] == ["7"]
    with house.client.stream("GET", PATH, headers={"Last-Event-ID": "7"}) as answer:
        ledger.change(8)
        assert [event["id"] for event in read(answer, 1)] == ["8"]
    with house.client.stream("GET", PATH, headers={"Last-Event-ID": "999"}) as answer:
        assert [event["id"] for event in read(answer, 1)] == ["8"]
    with house.client.stream("GET", PATH, headers={"Last-Event-ID": "x"}) as answer:
        assert [event["id"] for event in read(answer, 1)] == ["8"]


def test_who_has_seen_the_end_is_told_to_stop(house: Running, ledger: Ledger) -> None:
    ledger.change(9, finished=True)
    assert house.client.get(PATH, headers={"Last-Event-ID": "9"}).status_code == 204
    assert "id: 9" in house.client.get(PATH).text


def test_a_foreign_operation_is_404_like_an_unknown_one(house: Running) -> None:
    foreign = house.client.get(PATH, headers=bearer("foreign"))
    unknown = house.client.get("/operations/6/events", headers=bearer("foreign"))
    assert foreign.status_code == unknown.status_code == 404
    number = PATH.split("/")[2]
    assert nameless(foreign.json()["message"], number) == nameless(unknown.json()["message"], 6)
    assert foreign.headers["content-type"] == "application/problem+json"
    assert house.client.get(PATH, headers={"Authorization": ""}).status_code == 401


def test_the_count_returns_to_zero_when_clients_vanish(house: Running, hub: Hub, ledger: Ledger) -> None:
    parts = urlsplit(house.url)
    request = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n".encode()
    sockets = []
    for _ in range(30):
        connection = socket.create_connection((parts.hostname or "", parts.port or 0))
        connection.sendall(request)
        sockets.append(connection)
    until(lambda: hub.open_streams(1) == 30)
    for connection in sockets:
        connection.close()
    until(lambda: hub.open_streams(1) == 0)
    reads = ledger.reads
    time.sleep(0.5)
    assert ledger.reads == reads, "what nobody follows is still read"


def test_a_request_that_fails_is_not_counted(house: Running, hub: Hub) -> None:
    for _ in range(5):
        assert house.client.get("/operations/6/events").status_code == 404
    assert hub.open_streams(1) == 0


def test_too_many_streams_are_429(ledger: Ledger) -> None:
    hub = Hub(load=ledger, most_per_organization=1)
    with running(sample_app(hub=hub), hub) as house, house.client.stream("GET", PATH):
        until(lambda: hub.open_streams(1) == 1)
        refused = house.client.get(PATH)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
        assert refused.headers["retry-after"] == "5"
    assert hub.open_streams(1) == 0


def test_a_silent_stream_is_kept_alive(house: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEPALIVE_SECONDS", 0.1)
    with house.client.stream("GET", PATH) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == ": keep-alive")


def test_a_stream_does_not_live_for_ever(house: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(events, "KEEPALIVE_SECONDS", 0.1)
    assert "id: 1" in house.client.get(PATH).text


def test_streams_hold_no_thread(ledger: Ledger) -> None:
    hub = Hub(load=ledger, poll_seconds=0.2)
    with running(sample_app(hub=hub), hub) as house:
        streams = [house.client.stream("GET", PATH) for _ in range(60)]
        answers = [stream.__enter__() for stream in streams]
        try:
            assert house.client.get("/things").status_code == 200
            ledger.change(2)
            assert all(read(answer, 2)[1]["id"] == "2" for answer in answers)
        finally:
            for stream in streams:
                stream.__exit__(None, None, None)


def test_slow_requests_in_every_thread_do_not_hold_a_stream_back(ledger: Ledger) -> None:
    hub = Hub(load=ledger)
    parts: list[socket.socket] = []
    with running(sample_app(hub=hub), hub) as house:
        address = urlsplit(house.url)
        for _ in range(45):
            connection = socket.create_connection((address.hostname or "", address.port or 0))
            connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n")
            parts.append(connection)
        time.sleep(0.3)
        began = time.monotonic()
        with house.client.stream("GET", PATH) as answer:
            assert read(answer, 1)[0]["id"] == "1"
        assert time.monotonic() - began < 5
        for connection in parts:
            connection.close()
