"""What a command writes, for people and for programs."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from tranche.kernel import errors
from tranche.kernel.client.bars import Amount, byte_bars
from tranche.kernel.client.output import (
    Column,
    ExitCode,
    Kind,
    ask,
    clean,
    complain,
    exit_code,
    local_time,
    say_page,
    show_fields,
    show_json,
    show_table,
)
from tranche.kernel.client.refusals import ServerFault
from tranche.kernel.errors import TrancheError

COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Name", "name"),
    Column("Total", "total", Kind.COUNT),
    Column("At", "at", Kind.MOMENT),
)
ROW: dict[str, Any] = {
    "id": 1234,
    "name": "a\tb\x1b[31m[bold]\u2028",
    "total": Decimal("1234567.50"),
    "at": "2026-11-20T12:00:00Z",
}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Invalid("x"), ExitCode.USAGE),
        (errors.Unauthorized("x"), ExitCode.AUTH),
        (errors.Forbidden("x"), ExitCode.AUTH),
        (errors.NotFound("x"), ExitCode.NOT_FOUND),
        (errors.Gone("x"), ExitCode.NOT_FOUND),
        (errors.Conflict("x"), ExitCode.CONFLICT),
        (errors.TooMany("x"), ExitCode.TRY_AGAIN),
        (errors.Unavailable("x"), ExitCode.TRY_AGAIN),
        (errors.TooLarge("x"), ExitCode.FAILURE),
        (ServerFault("x"), ExitCode.FAILURE),
    ],
)
def test_every_kind_of_refusal_has_its_exit_code(error: TrancheError, code: int) -> None:
    assert exit_code(error) == code


def test_where_stdout_is_no_terminal_a_table_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(COLUMNS, [ROW, {"id": 2, "name": None, "total": True}])
    assert capsys.readouterr().out.split("\n") == [
        "Id\tName\tTotal\tAt",
        "1234\ta b\ufffd[31m[bold] \t1234567.50\t2026-11-20T12:00:00Z",
        "2\t\ttrue\t",
        "",
    ]


def test_on_a_terminal_numbers_are_grouped_and_nothing_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, color_system=None)
    show_table(COLUMNS, [ROW], console=console)
    show_fields(COLUMNS, ROW, console=console)
    text = written.getvalue()
    assert "\x1b" not in text
    assert "1,234,567.50" in text
    assert " 1234 " in text
    assert "2026-11-20" in text
    assert "[bold]" in text


@pytest.mark.parametrize(
    ("zone", "told"), [("UTC", "2026-11-20 12:00:00 UTC"), ("Asia/Kolkata", "2026-11-20 17:30:00 IST")]
)
def test_a_moment_on_a_terminal_says_whose_clock_it_is(zone: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock_of(zone, monkeypatch):
        written = io.StringIO()
        console = Console(file=written, force_terminal=True, width=100, color_system=None)
        show_table(COLUMNS, [ROW], console=console)
        show_fields(COLUMNS, ROW, console=console)
        assert written.getvalue().count(told) == 2
        assert local_time(ROW["at"]) == told


@contextmanager
def clock_of(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of this process as that of a machine in the zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


WIDE = (
    Column("Id", "id", Kind.NUMBER),
    Column("File", "file"),
    Column("Status", "status"),
    Column("Done", "done", Kind.COUNT),
    Column("Started by", "starter"),
)
LONG = {"id": 7, "file": "orders of october.xlsx", "status": "completed_with_errors", "done": 12431, "starter": "Ada"}


def on_terminal(width: int) -> list[str]:
    written = io.StringIO()
    show_table(WIDE, [LONG], console=Console(file=written, force_terminal=True, width=width, color_system=None))
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 40, 50, 60, 80, 120])
def test_no_word_of_a_table_is_cut_however_narrow_the_terminal(width: int) -> None:
    lines = on_terminal(width)
    words = {word for line in lines for word in line.split() if set(word) != {"─"}}
    wanted = {"Id", "File", "Status", "Done", "Started", "by", "7", "orders", "of", "october.xlsx",
              "completed_with_errors", "12,431", "Ada"}  # fmt: skip
    assert words <= wanted
    assert max(map(len, lines)) <= width


def test_columns_for_which_there_is_no_room_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert not any("Done" in line for line in on_terminal(48))
    assert "Not shown, for want of room: Done, Started by." in capsys.readouterr().err
    assert any("12,431" in line for line in on_terminal(80))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("total", "completed", "words"),
    [
        (None, 3_200_000, "3.2 MB so far"),
        (12_000_000, 3_200_000, "3.2 MB of 12.0 MB"),
        (12_000_000, 12_000_000, "12.0 MB"),
        (1, 1, "done"),
    ],
)
def test_a_bar_says_in_words_what_it_does_not_know(total: int | None, completed: int, words: str) -> None:
    bars = byte_bars(Console(file=io.StringIO(), force_terminal=True))
    bars.add_task("x", total=total, completed=completed)
    (task,) = bars.tasks
    task.finished_time = 1.0 if total == completed else None
    assert Amount().render(task).plain == words


def test_json_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"total": Decimal("0.10"), "name": "é"})
    out = capsys.readouterr().out
    assert '"total": 0.10' in out
    assert json.loads(out)["name"] == "é"


def test_faults_that_the_sentence_does_not_hold_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [errors.FieldError("/name", "is empty"), errors.FieldError("/price", "is below 0")]
    complain(errors.Invalid("The body has faults: is empty", errors=faults))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "Error: The body has faults: is empty\n  /price is below 0\n")


@pytest.mark.parametrize(
    ("typed", "said"), [("y\n", True), (" YES \n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_only_yes_is_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: object
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert ask("Delete 3 orders?") is said
    assert capsys.readouterr() == ("", "Delete 3 orders? [y/N] ")


def test_what_a_question_is_about_stands_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(seen))
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(seen, write_through=True))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    show_table(COLUMNS[:1], [{"id": 7}])
    ask("Delete it?")
    assert seen.getvalue() == b"Id\n7\nDelete it? [y/N] "


def test_a_page_says_where_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    say_page(page=1, pages=3, total=45, what="batches")
    say_page(page=3, pages=3, total=45, what="batches")
    say_page(page=1, pages=1, total=5, what="batches")
    say_page(page=1, pages=0, total=0, what="batches")
    assert capsys.readouterr().err.splitlines() == [
        "Page 1 of 3, 45 batches in all. Go on with --page 2.",
        "Page 3 of 3, 45 batches in all.",
        "There are no batches.",
    ]


def test_what_a_terminal_would_obey_is_replaced() -> None:
    assert clean("a\u2028b\tc\x00\x1b\x7f\x9b\ud800é") == "a b c\ufffd\ufffd\ufffd\ufffd\ufffdé"
