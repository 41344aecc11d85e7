"""Every odd, broken and hostile file that we know of gives a header and rows, or one clear sentence."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports.factories import data_folder, request
from tests.imports.sweeper import LIMITS, Outcome
from tests.once import once
from tranche.imports.domain import FileTooLarge, Limits, UnreadableFile, UnsupportedFile
from tranche.imports.parser import inspect

_FOLDER = data_folder("workbooks")
_HOSTILE = ("attack", "password", "notbook", "size")
_MEMORY_SIGNALS = (6, 9, 11)

pytestmark = [
    pytest.mark.skipif(_FOLDER is None, reason="the folder of workbooks is not there"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the workbooks lie."""
    assert _FOLDER is not None
    return _FOLDER


@pytest.fixture(scope="module")
def outcomes(folder: Path, session_home: Path) -> dict[str, Outcome]:
    """How each file was read, by its folder and name."""
    swept = once(session_home, "outcomes", lambda: _sweep(folder))
    found = [Outcome(**json.loads(line)) for line in swept.splitlines()]
    return {str(Path(outcome.path).relative_to(folder)): outcome for outcome in found}


def _sweep(folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", "tests.imports.sweeper"],
        input="\n".join(str(path) for path in sorted(folder.glob("*/*"))),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=280,
    ).stdout  # fmt: skip


def _notes(folder: Path, category: str) -> list[str]:
    with (folder / "NOTES.tsv").open(newline="") as file:
        return [row["file"] for row in csv.DictReader(file, delimiter="\t") if row["category"] == category]


def test_every_file_ends_in_rows_or_in_one_sentence(outcomes: dict[str, Outcome], folder: Path) -> None:
    assert len(outcomes) == len(list(folder.glob("*/*"))) > 300
    for name, outcome in outcomes.items():
        last = json.loads(outcome.last or '{"type": "dead"}')
        if last["type"] == "failed":
            sentence = last["message"]
            assert 20 < len(sentence) < 250, name
            assert sentence.endswith("."), name
            assert sentence[0].isupper(), name
            assert not [word for word in ("Traceback", "calamine", "Error:", str(folder)) if word in sentence], name
        elif last["type"] == "done":
            header = json.loads(outcome.first)["header"]
            assert header["matching"]["columns"], name
            assert header["rows"] == last["rows"], name
        else:
            assert outcome.signal in _MEMORY_SIGNALS, name


def test_hardly_any_file_costs_a_child_its_life(outcomes: dict[str, Outcome]) -> None:
    assert sum(outcome.signal > 0 for outcome in outcomes.values()) <= 3


def test_memory_is_bounded(outcomes: dict[str, Outcome]) -> None:
    assert max(outcome.memory_bytes for outcome in outcomes.values()) < LIMITS.memory_bytes


def test_what_is_protected_is_said_to_be(outcomes: dict[str, Outcome], folder: Path) -> None:
    for name in [*_notes(folder, "password"), *(name for name in outcomes if name.startswith("python-calamine/pass"))]:
        assert "password" in json.loads(outcomes[name].last)["message"], name


def test_empty_files_are_said_to_be_empty(outcomes: dict[str, Outcome]) -> None:
    empty = [outcome for outcome in outcomes.values() if not Path(outcome.path).stat().st_size]
    assert empty
    assert {json.loads(outcome.last)["message"] for outcome in empty} == {"The file is empty (0 bytes)."}


def test_every_csv_file_is_read_but_those_without_rows(outcomes: dict[str, Outcome]) -> None:
    refused = {
        name for name, outcome in outcomes.items() if name.startswith("csv/") and '"type":"done"' not in outcome.last
    }
    assert refused == {"csv/openspout__csv_all_lines_empty.csv", "csv/openspout__csv_empty.csv", "csv/phpss__empty.csv"}


def test_we_live_through_the_hostile_ones(folder: Path) -> None:
    names = [name for category in _HOSTILE for name in _notes(folder, category)]
    for name in names:
        try:
            inspect(request(folder / name, limits=Limits(seconds=20)), should_abort=lambda: False)
        except (UnreadableFile, UnsupportedFile, FileTooLarge) as refused:
            assert refused.message, name  # noqa: PT017  # either end is right
    assert len(names) > 15
