"""`tranche demo`: from one command to a summary, and nothing left behind."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.commands.processes import Command
from tests.homes import clear
from tests.kernel.db.servers import kill_all, processes_of

Start = Callable[..., Command]


@pytest.fixture
def room(session_home: Path, home: Path) -> Iterator[Path]:
    """Where the demo makes its temporary folders."""
    folder = session_home / f"room-{home.name[-8:]}"
    folder.mkdir(mode=0o711)
    yield folder
    clear(folder)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Three orders, one of them bad."""
    path = tmp_path / "three.csv"
    path.write_text(
        "orderId,customer,item,quantity,unitPrice\nA-1,Miller,Mug,2,3.50\nA-2,Miller,Mug,many,3.50\nA-3,Smith,Jar,1,7\n"
    )
    return path


def test_a_small_sample_comes_in_and_nothing_stays(start: Start, room: Path) -> None:
    demo = start("demo", "--rows", "300", TMPDIR=str(room))
    assert demo.wait() == 0
    said = demo.said()
    assert re.search(r"Imported +98 +98\.00 %", said)
    assert re.search(r"Refused +2", said)
    assert re.search(r"[\d,]+ rows/s", said)
    assert "Missing required field: orderId" in said
    assert "tranche demo FILE" in said
    assert "Traceback" not in said
    assert list(room.iterdir()) == []


def test_a_file_of_ones_own_with_its_causes_and_first_errors(start: Start, room: Path, csv: Path) -> None:
    demo = start("demo", str(csv), TMPDIR=str(room))
    assert demo.wait() == 0
    said = demo.said()
    assert "Upload of three.csv" in said
    assert re.search(r"Imported +2 +66\.67 %", said)
    assert "Causes" in said
    assert re.search(r" 3 +quantity +.*many", said)
    assert list(room.iterdir()) == []


def test_two_at_once_do_not_meet(start: Start, room: Path, csv: Path) -> None:
    first, second = (start("demo", str(csv), TMPDIR=str(room)) for _ in range(2))
    assert (first.wait(), second.wait()) == (0, 0)
    assert first.url() != second.url()


@pytest.mark.parametrize(("name", "content"), [("a.pdf", b"%PDF-1.7 not a spreadsheet"), ("empty.csv", b"")])
def test_what_is_no_spreadsheet_is_refused_in_a_sentence(
    start: Start, room: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    demo = start("demo", str(path), TMPDIR=str(room))
    assert demo.wait() in {1, 2}
    assert "Error: " in demo.said()
    assert "Traceback" not in demo.said()
    assert list(room.iterdir()) == []


def test_a_file_that_is_not_there_is_said_at_once(start: Start, room: Path) -> None:
    demo = start("demo", "nothing.xlsx", TMPDIR=str(room))
    assert demo.wait() == 2
    assert "There is no file nothing.xlsx" in demo.said()
    assert "PostgreSQL" not in demo.said()


def test_served_it_answers_until_ctrl_c_and_then_nothing_stays(start: Start, room: Path, csv: Path) -> None:
    demo = start("demo", str(csv), "--serve", TMPDIR=str(room))
    key = demo.until(lambda: re.search(r"Key +(trn_\w+)", demo.said()), what="a key").group(1)
    answer = httpx.get(f"{demo.url()}/api/orders/batches", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["batches"][0]["successfulOrders"] == 2
    door = demo.until(lambda: re.search(r"http://\S+/join/trn_\w+", demo.said()), what="a door").group()
    assert "Sign in to Demo Company" in httpx.get(door).text
    used = httpx.post(door, headers={"Sec-Fetch-Site": "same-origin"})
    token = used.headers["set-cookie"].partition(";")[0]
    home = httpx.get(demo.url() + used.headers["location"], headers={"Cookie": token})
    assert csv.name in home.text
    assert demo.end(signal.SIGINT)[0] == 0
    assert list(room.iterdir()) == []


def test_ctrl_c_in_the_middle_leaves_nothing_behind(start: Start, room: Path) -> None:
    demo = start("demo", "--rows", "20000", TMPDIR=str(room))
    demo.until(lambda: "Upload of" in demo.said(), what="an upload")
    (home,) = room.iterdir()
    assert processes_of(home)
    assert demo.end(signal.SIGINT)[0] == 130
    assert processes_of(home) == []
    assert list(room.iterdir()) == []


def test_what_a_killed_one_left_behind_is_cleared_by_the_next(start: Start, room: Path, csv: Path) -> None:
    killed = start("demo", str(csv), "--serve", TMPDIR=str(room))
    killed.until(lambda: "Ctrl-C" in killed.said(), what="its end")
    (home,) = room.iterdir()
    kill_all([killed.process.pid])
    assert processes_of(home)
    assert start("demo", str(csv), TMPDIR=str(room)).wait() == 0
    assert processes_of(home) == []
    assert list(room.iterdir()) == []


def test_kept_it_can_be_started_again(start: Start, room: Path, csv: Path) -> None:
    demo = start("demo", str(csv), "--keep", TMPDIR=str(room))
    assert demo.wait() == 0
    (home,) = room.iterdir()
    assert f"TRANCHE_HOME={home}" in demo.said()
    assert processes_of(home) == []
    with start("up", "--port", "0", TRANCHE_HOME=str(home)).client(home) as client:
        assert client.get("/api/orders/batches").json()["batches"][0]["fileName"] == "three.csv"


def test_settings_of_another_installation_are_left_alone(start: Start, room: Path, csv: Path) -> None:
    demo = start("demo", str(csv), TMPDIR=str(room), DATABASE_URL="postgresql://127.0.0.1:1/x", TRANCHE_PORT="1")
    assert demo.wait() == 0
