"""`tranche up`: from nothing to a first answer, an orderly end, and nothing lost by a sudden one."""

import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.commands.processes import Command
from tests.kernel.db.servers import kill_all, processes_of
from tranche.imports.sample import write_sample

Start = Callable[..., Command]


def test_from_nothing_to_an_answered_request_with_the_kept_key(start: Start, home: Path) -> None:
    began = time.monotonic()
    up = start("up", "--port", "0")
    with up.client(home) as client:
        answer = client.get("/api/orders/batches")
    seconds = time.monotonic() - began
    assert answer.status_code == 200
    assert answer.json()["batches"] == []
    assert seconds < 30
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600
    assert (home / "url").read_text().strip() == up.url()
    assert (home / "key").read_text().strip() not in up.said()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_server_worker_and_database_in_order_although_a_stream_is_open(
    start: Start, home: Path, sig: signal.Signals
) -> None:
    up = start("up", "--port", "0")
    with up.client(home) as client:
        uploaded = client.post("/api/orders/upload", files={"file": ("a.csv", "orderId,quantity\n1,1\n")})
        operation = uploaded.json()["operationId"]
        with client.stream("GET", f"/api/operations/{operation}/events") as stream:
            lines = stream.iter_lines()
            next(lines)
            code, seconds = up.end(sig)
            list(lines)  # a broken stream raises here
    assert code == 0
    assert seconds < 10
    assert processes_of(home) == []
    assert not (home / "url").exists()
    assert "has ended" in up.said()


def test_a_second_one_in_the_same_home_says_where_the_first_is(start: Start) -> None:
    first = start("up", "--port", "0")
    url = first.url()
    second = start("up", "--port", "0")
    assert second.wait() == 6
    assert "is up already" in second.said()
    assert url in second.said()
    assert httpx.get(f"{url}/livez").status_code == 200


def test_what_was_acknowledged_is_there_after_everything_was_killed(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    with up.client(home) as client:
        made = [client.post("/api/branches", json={"data": {"name": f"Branch {number}"}}) for number in range(20)]
        assert {answer.status_code for answer in made} == {201}
        key = (home / "key").read_text()
    kill_all([up.process.pid, *processes_of(home)])
    again = start("up", "--port", "0")
    with again.client(home) as client:
        names = [branch["name"] for branch in client.get("/api/branches?limit=100").json()["data"]]
    assert names == ["Main", *(f"Branch {number}" for number in range(20))]
    assert (home / "key").read_text() == key


def test_the_server_of_a_killed_one_is_taken_over_and_stopped_at_the_end(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    up.url()
    kill_all([up.process.pid])
    assert processes_of(home)
    again = start("up", "--port", "0")
    again.url()
    assert again.end()[0] == 0
    assert processes_of(home) == []


def test_a_database_that_dies_is_started_again_and_nobody_has_to_come(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    with up.client(home) as client:
        made = client.post("/api/items", json={"data": {"code": "I-1", "name": "Item"}})
        assert made.status_code == 201, made.text
        kill_all([int((home / "postgres/data/postmaster.pid").read_text().split("\n", 1)[0])])
        up.until(lambda: "database.started_again" in up.said(), what="a new database")
        up.until(lambda: client.get("/readyz").status_code == 200, what="a ready server")
        assert [item["code"] for item in client.get("/api/items").json()["data"]] == ["I-1"]
    assert "database.died" in up.said()
    assert up.end()[0] == 0
    assert processes_of(home) == []


def test_a_lost_key_is_made_again(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    up.url()
    assert up.end()[0] == 0
    (home / "key").unlink()
    with start("up", "--port", "0").client(home) as client:
        assert client.get("/api/organization").json()["data"]["name"] == "My company"


def test_a_signal_during_the_start_leaves_no_server_behind(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    up.until(lambda: processes_of(home), what="a database")
    code, _ = up.end()
    assert code in {0, 130}
    assert processes_of(home) == []


def test_a_taken_port_is_said_before_anything_is_started(start: Start, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = start("up", "--port", str(taken.getsockname()[1]))
        assert up.wait() == 6
    assert "is taken by another program" in up.said()
    assert "Traceback" not in up.said()
    assert not (home / "postgres").exists()


def test_an_import_goes_on_after_an_end_in_its_middle(start: Start, home: Path, tmp_path: Path) -> None:
    workbook = tmp_path / "orders.xlsx"
    facts = write_sample(workbook, orders=4_000, bad_every=0, seed=1)
    up = start("up", "--port", "0")
    with up.client(home) as client:
        started = client.post("/api/orders/upload", files={"file": workbook.open("rb")}).json()
        path = f"/api/operations/{started['operationId']}"
        up.until(lambda: client.get(path).json()["data"]["startedAt"], what="a start")
        code, seconds = up.end()
    assert (code, seconds < 10) == (0, True)
    again = start("up", "--port", "0")
    with again.client(home) as client:
        again.until(lambda: client.get(path).json()["data"]["finishedAt"], what="an end")
        ended = client.get(path).json()["data"]
    assert (ended["status"], ended["succeeded"]) == ("completed", facts.orders)


def test_log_lines_can_be_json_and_name_no_person(start: Start, home: Path) -> None:
    up = start("up", "--port", "0", TRANCHE_LOG_FORMAT="json")
    with up.client(home) as client:
        client.get("/api/customers?search=Miller")
    up.end()
    lines = [line for line in up.said().splitlines() if line.startswith("{")]
    assert any('"route":' in line.replace(" ", "") for line in lines)
    assert "Miller" not in up.said()


def test_it_can_examine_itself_because_it_knows_the_owners_address(start: Start, home: Path) -> None:
    up = start("up", "--port", "0")
    with up.client(home) as client:
        assert client.post("/api/schedules/doctor-nightly/run").status_code == 202

        def ended() -> str | None:
            (run,) = client.get("/api/schedules/doctor-nightly/runs").json()["data"]
            said: str | None = run["result"] or run["error"]
            return said

        assert "checks are fine" in up.until(ended, what="an end of the run")
        assert client.get("/api/doctor").json()["data"]["ok"] is True
