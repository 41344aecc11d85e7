"""Many at once: workers on one operation, and clients that send the same file again and again."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.chaos.drag import slow_down
from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import House, Started, seen_workers
from tests.chaos.processes import Crew
from tests.chaos.scale import SCALE
from tests.chaos.verdict import assert_imported
from tests.ports import free_port

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

_CLIENTS = 8


@pytest.mark.parametrize("count", [2, 4])
def test_several_workers_on_one_import_do_nothing_twice(house: House, crew: Crew, count: int) -> None:
    slow_down(house, seconds_per_order=0.0005)
    crew.workers(count)
    for number in range(SCALE.rounds):
        file = make_file(f"M{number}", orders=6_000)
        with seen_workers(house, phase="commit") as seen:
            started = house.upload(file)
            house.wait(started)
        assert_imported(house, file, started)
        assert len(seen) > 1, "one worker did it all, so the test proved nothing"


def test_the_same_file_from_eight_clients_at_once_makes_one_batch(house: House, crew: Crew) -> None:
    port = free_port()
    crew.server(port)
    crew.workers(1)
    for number in range(SCALE.rounds):
        file = make_file(f"T{number}", orders=500)
        answers = _all_at_once(lambda: _post(house, port, file))  # noqa: B023  # called within the round
        assert sorted(answer.status_code for answer in answers) == [202] + [409] * (_CLIENTS - 1)
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert {body["code"] for body in refused} == {"duplicate_file"}
        _assert_one_effect(house, file)


def test_a_request_repeated_with_its_idempotency_key_has_one_effect(house: House, crew: Crew) -> None:
    port = free_port()
    crew.server(port)
    crew.workers(1)
    for number in range(SCALE.rounds):
        file, key = make_file(f"R{number}", orders=500), uuid4().hex
        answers = _all_at_once(lambda: _insist(house, port, file, key=key))  # noqa: B023  # called within the round
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        _assert_one_effect(house, file)


def test_a_client_whose_server_is_killed_sends_again_and_has_one_effect(house: House, crew: Crew) -> None:
    port = free_port()
    crew.workers(1)
    server = crew.server(port)
    for number in range(SCALE.rounds * 2):
        file, key = make_file(f"L{number}", orders=2_000), uuid4().hex
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(_insist, house, port, file, key=key)
            time.sleep(0.02 * number)
            server.kill()
            server = crew.server(port)
            assert sent.result(60).status_code == 202
        _assert_one_effect(house, file)


def _all_at_once(act: Callable[[], httpx.Response]) -> list[httpx.Response]:
    start = threading.Barrier(_CLIENTS)

    def one(_: int) -> httpx.Response:
        start.wait(10)
        return act()

    with ThreadPoolExecutor(_CLIENTS) as pool:
        return list(pool.map(one, range(_CLIENTS)))


def _insist(house: House, port: int, file: OrdersFile, *, key: str) -> httpx.Response:
    """Send until there is an answer, as a client does that was cut off or told to come again."""
    while True:
        try:
            answer = _post(house, port, file, **{"Idempotency-Key": key})
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code != 409 or answer.json()["code"] != "idempotency_running":
            return answer
        time.sleep(0.05)


def _post(house: House, port: int, file: OrdersFile, **headers: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{port}/api/orders/upload",
        files={"file": (file.name, file.data)},
        headers={"Authorization": f"Bearer {house.key}", **headers},
        timeout=30,
    )


def _assert_one_effect(house: House, file: OrdersFile) -> None:
    batches = house.rows("SELECT * FROM order_batches WHERE file_name = %(name)s", {"name": file.name})
    assert len(batches) == 1
    batch = batches[0]
    started = Started(operation_id=batch["operation_id"], import_id=batch["import_id"], batch_id=batch["id"])
    operations = house.rows("SELECT id FROM operations WHERE label = %(name)s", {"name": file.name})
    assert [row["id"] for row in operations] == [started.operation_id]
    house.wait(started)
    assert_imported(house, file, started)
