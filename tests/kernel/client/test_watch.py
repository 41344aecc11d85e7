"""What a person sees while an operation runs."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from tests.kernel.client.server import Wire, stream
from tests.kernel.client.states import state
from tranche.kernel.client.watch import duration, watch_operation

TRIED = datetime(2026, 11, 29, 2, 0, 4, tzinfo=UTC).astimezone()
TRY = {"number": 2, "of": 3, "at": TRIED.isoformat(), "reason": "The file is not there."}
READING = {"name": "stage", "unit": "rows", "done": 20, "total": 200, "failed": 0}
READ = {"name": "stage", "unit": "rows", "done": 200, "failed": 0}
PRINTED = {"name": "pdf", "unit": "invoices", "done": 10, "failed": 0}
SENT = {"name": "send", "unit": "messages", "done": 10, "failed": 10}
GATHERED = {"name": "bundle", "unit": "invoices", "done": 10, "total": None, "failed": 0}
NONE_LEFT = {"code": "all_failed", "message": "None of 10 succeeded."}


def watch(wire: Wire, *states: dict[str, object], width: int = 120, is_terminal: bool = True) -> tuple[str, str]:
    """The status in which it ended, and everything that was written."""
    wire.script = [stream(*enumerate(states, start=1))]
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=width, color_system=None, legacy_windows=False)
    with wire.client() as client:
        ended = watch_operation(client, 7, console=console)
    return ended["status"], written.getvalue()


def last_lines(text: str) -> list[str]:
    """The display as it stays, without its padding."""
    plain = text.rpartition("\x1b[2K")[2].partition("\x1b[?25h")[0]
    return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]


def test_an_undo_says_how_many_it_took_back_and_how_many_it_kept(wire: Wire) -> None:
    _, text = watch(wire, state("completed", phase="undo", done=11, succeeded=2, skipped=9))
    assert last_lines(text) == ["✓ Taking back 2 orders, 9 kept"]


def test_one_order_is_no_orders(wire: Wire) -> None:
    _, text = watch(wire, state("completed", done=1))
    assert last_lines(text) == ["✓ Bringing in 1 order"]


def test_on_a_terminal_there_is_a_bar_with_amount_rate_time_left_and_failures(wire: Wire) -> None:
    status, text = watch(wire, state(done=40, failed=2), state("completed_with_errors", done=100, failed=3))
    assert status == "completed_with_errors"
    moving = next(line for line in text.splitlines() if "40 of 100 orders" in line)
    assert "━" in moving
    assert " ".join(moving.split()).endswith("40 of 100 orders 50/s 2 s left 2 failed")
    assert last_lines(text) == ["✓ Bringing in 100 orders 3 failed"]


def test_every_phase_keeps_its_line_with_what_it_had_to_do(wire: Wire) -> None:
    _, text = watch(wire, state() | {"phase": READING}, state("completed", done=100, steps=[READ]))
    assert last_lines(text) == ["✓ Reading the file 200 rows", "✓ Bringing in 100 orders"]


@pytest.mark.parametrize(
    ("status", "error", "end"),
    [
        ("completed_with_errors", None, "✓"),
        ("failed", NONE_LEFT, "✓"),
        ("failed", {"code": "storage_full", "message": "The disk is full."}, "✗"),
        ("cancelled", None, "■"),
    ],
)
def test_a_failure_is_told_of_the_phase_in_which_it_happened_even_if_nobody_saw_it_run(
    wire: Wire, status: str, error: object, end: str
) -> None:
    last = state(status, failed=10, steps=[PRINTED, SENT], error=error) | {"phase": GATHERED}
    _, text = watch(wire, state("pending"), last)
    assert last_lines(text) == [
        "✓ Printing 10 invoices",
        "✗ Sending 10 messages 10 failed",
        f"{end} Gathering the files 10 invoices",
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (state("pending"), "Waiting for a worker"),
        (state("paused", done=40), "Paused"),
        (state("cancelling", done=40), "Cancelling"),
        (state(done=40, isStalled=True), "No worker is at it"),
        (state(done=40, anotherTry=TRY), f"try 2 of 3 from {TRIED:%H:%M:%S %Z}"),
    ],
)
def test_work_that_does_not_move_says_why(wire: Wire, given: dict[str, object], words: str) -> None:
    _, text = watch(wire, given, state("cancelled", done=40))
    assert words in text
    assert last_lines(text) == ["■ Bringing in 40 orders"]


def test_what_is_tried_again_says_what_went_wrong(wire: Wire) -> None:
    _, text = watch(wire, state(done=40, anotherTry=TRY), state("cancelled", done=40))
    assert "The file is not there." in text
    assert "The file is not there." not in last_lines(text)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_longer_than_the_terminal(wire: Wire, width: int) -> None:
    _, text = watch(wire, state(done=40, failed=2), state("completed", done=100), width=width)
    assert max(len(line.replace("\x1b[?25l", "")) for line in text.splitlines()) <= width


def test_elsewhere_only_the_outcome_is_written_without_anything_a_terminal_obeys(wire: Wire) -> None:
    _, text = watch(wire, state(done=40), state("completed", done=100), is_terminal=False)
    assert "\x1b" not in text
    assert [" ".join(line.split()) for line in text.splitlines()] == ["✓ Bringing in 100 orders"]
    assert text.endswith("\n")


def test_names_from_the_server_cannot_steer_the_terminal(wire: Wire) -> None:
    evil = {"name": "x\x1b[31m[red]y", "unit": "z\x1b]0;t\x07", "done": 1, "total": None, "failed": 0}
    _, text = watch(wire, state("completed") | {"phase": evil}, is_terminal=False)
    assert "\x1b" not in text
    assert "[red]y" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3_599, "59 min 59 s"), (4_000, "1 h 6 min")]
)
def test_time_is_said_in_one_unit_or_two(seconds: float, text: str) -> None:
    assert duration(seconds) == text
