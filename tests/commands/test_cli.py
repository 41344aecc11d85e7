"""The command `tranche` itself: its help, its sub-commands, and how they end."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tranche.cli import Commands, run
from tranche.commands import lazy
from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, TrancheError, Unavailable


@pytest.mark.parametrize("name", Commands.entries)
def test_every_line_of_the_help_is_a_command_with_a_help_of_its_own(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Usage: tranche {name}" in said
    assert "completion" not in said


def test_a_paragraph_of_the_help_is_broken_where_the_terminal_ends_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["up", "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    begin = next(number for number, line in enumerate(lines) if line.startswith("All data are kept"))
    paragraph = lines[begin : lines.index("", begin)]
    assert all(len(line) > 60 for line in paragraph[:-1]), paragraph


def test_the_help_loads_no_command() -> None:
    program = "import sys; from tranche.cli import run; run(['--help']); print('litestar' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "False"
    assert all(f" {name} " in said for name in Commands.entries)


def test_server_and_worker_leave_the_libraries_of_spreadsheets_to_the_readers() -> None:
    program = "import sys, tranche.app, tranche.worker; print({'pyarrow', 'fastexcel', 'polars'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("words", "place", "offered"),
    [
        ("tranche ord", 1, ["orders"]),
        ("tranche orders jud", 2, ["judge"]),
        ("tranche orders judge --m", 3, ["--mapping", "--mode"]),
    ],
)
def test_a_shell_completes_commands_and_their_options(words: str, place: int, offered: list[str]) -> None:
    asked = {"_TRANCHE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}
    program = "from tranche.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=os.environ | asked
    )
    assert [line for line in done.stdout.splitlines() if line] == offered


def test_completion_is_set_up_at_the_root_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "--install-completion" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tranche 0.")


@pytest.mark.parametrize("words", [["nonsense"], ["up", "--nonsense"], ["up", "--port", "high"], ["bootstrap"]])
def test_wrong_use_is_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["operations", "watch", "abc"], "'ID': must be a whole number of 1 or more"),
        (["operations", "list", "--limit", "0"], "'--limit': must be a whole number from 1 to 1000"),
        (["bill-stop", "source", "set", "--max-age", "x"], "'--max-age': must be a whole number"),
        (["operations", "list", "--status", "burnt"], "'--status': 'burnt' is not one of 'pending'"),
    ],
)
def test_a_value_that_is_refused_is_told_what_is_expected(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(words) == 2
    said = capsys.readouterr().err
    assert f"Invalid value for {told}" in said
    assert "Input should" not in said


def test_the_words_of_a_choice_are_whole_in_the_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["operations", "list", "--help"]) == 0
    said = capsys.readouterr().out.split()
    assert {"paused", "cancelling", "cancelled", "completed_with_errors"} <= set(said)


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrat"]) == 2
    assert "'migrate'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("No.", errors=[FieldError("/name", "must not be empty")]), 2),
        (NotFound("No."), 4),
        (Conflict("No."), 6),
        (Unavailable("No."), 75),
        (TooLarge("No."), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(lazy, "load", refuse)
    assert run(["up"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    if isinstance(error, TrancheError):
        assert said.err.startswith("Error: No.")
        assert all(fault.detail in said.err for fault in error.errors)


@pytest.mark.parametrize(
    ("error", "code"), [(PermissionError(13, "Permission denied"), 5), (FileExistsError(17, "File exists"), 1)]
)
def test_a_home_that_cannot_be_used_is_named_by_its_setting(
    error: OSError,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        error.filename = str(tmp_path / "home" / "up.lock")
        raise error

    monkeypatch.setattr(lazy, "load", refuse)
    monkeypatch.setenv("TRANCHE_HOME", str(tmp_path / "home"))
    assert run(["up"]) == code
    said = capsys.readouterr().err
    assert f"{error.filename}: {error.strerror}." in said
    assert f"TRANCHE_HOME is {tmp_path / 'home'}: it must be a folder of the user who runs this." in said


def test_a_full_disk_is_told_with_the_room_where_commands_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lazy, "load", refuse)
    monkeypatch.setenv("TRANCHE_HOME", str(tmp_path))
    assert run(["up"]) == 75
    said = capsys.readouterr().err
    assert said.startswith("Error: no space left on the disk. Bytes free: ")
    assert f" in {tmp_path}, " in said
    assert "must be a folder of the user" not in said


def test_a_wrong_setting_is_named(tranche: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANCHE_PORT", "high")
    ran = tranche("doctor")
    assert ran.code == 2
    assert "TRANCHE_PORT" in ran.err


def test_output_that_nobody_reads_any_more_is_no_error() -> None:
    program = "from tranche.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(20)
