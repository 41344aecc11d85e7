"""Operations over HTTP: waiting for the end, and events with the same bytes as polling."""

import json
import threading
import time

import httpx

from tests.kernel.operations.house import HOME, data_of
from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop


def test_prefer_wait_waits_for_the_end(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, range(1, 31))
    workshop.hooks.chunk = lambda _references: time.sleep(0.1)
    thread = threading.Thread(target=workshop.work, args=(operation, workshop.worker()))
    thread.start()
    answer = client.get(f"{HOME}/{operation}", headers={"Prefer": "wait=9"})
    thread.join()
    assert (data_of(answer)["status"], answer.headers["preference-applied"]) == ("completed", "wait=9")
    assert "retry-after" not in answer.headers


def test_prefer_wait_gives_up_in_time(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1])
    began = time.monotonic()
    answer = client.get(f"{HOME}/{operation}", headers={"Prefer": "wait=1"})
    assert 0.9 < time.monotonic() - began < 5
    assert (data_of(answer)["status"], answer.headers["retry-after"]) == ("pending", "1")


def frames(client: httpx.Client, path: str, *, last: int | None = None) -> list[tuple[int, bytes]]:
    """Every event's id and data, until the stream ends."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with client.stream("GET", path, headers=headers) as answer:
        if answer.status_code == 204:
            return []
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        pieces = b"".join(answer.iter_raw()).split(b"\n\n")
    found = []
    for piece in pieces:
        lines = dict(line.split(b": ", 1) for line in piece.splitlines() if b": " in line)
        if b"id" in lines:
            found.append((int(lines[b"id"]), lines[b"data"]))
    return found


def test_events_carry_the_same_bytes_as_polling_up_to_the_end(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, range(1, 31))
    workshop.hooks.chunk = lambda _references: time.sleep(0.4)
    thread = threading.Thread(target=workshop.work, args=(operation, workshop.worker()))
    thread.start()
    seen = frames(client, f"{HOME}/{operation}/events")
    thread.join()
    versions = [version for version, _ in seen]
    assert versions == sorted(set(versions))
    assert len(versions) >= 3
    version, data = seen[-1]
    assert version == workshop.look(operation).version
    assert json.loads(data)["status"] == "completed"
    assert data in client.get(f"{HOME}/{operation}").content
    assert data in client.get(f"{HOME}/{workshop.look(operation).uuid}", headers={"Prefer": "wait=5"}).content
    listed = client.get(HOME).content
    assert data in listed


def test_a_client_that_comes_back_gets_what_it_has_not_seen(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1])
    ended = workshop.work(operation, workshop.worker())
    path = f"{HOME}/{ended.uuid}/events"
    assert [version for version, _ in frames(client, path, last=1)] == [ended.version]
    assert frames(client, path, last=ended.version) == []
