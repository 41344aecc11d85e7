"""The bench is not run by the gate, but it must not rot: all its own parts at 300 lines, its files and its pins."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
FILES = sorted(BENCH.glob("*.py"))
SCRIPT = BENCH / "orders_import.py"
WORDS = ("--lines", "300", "--times", "1", "--crowd", "60", "--organizations", "2", "--without-peers")


def _run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Its temporary folder lies in the session's, where a server that outlives a killed run is ended."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


@pytest.mark.timeout(300)  # about ten seconds, but it starts ten processes, and a machine may be busy
def test_a_small_run_fills_the_table_and_keeps_it(session_home: Path, tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text("# Results\n\n<!-- the table begins -->\nof an older run\n<!-- the table ends -->\n\nRead it so.\n")
    book = tmp_path / "book.xlsx"
    done = _run(*WORDS, "--book", book, "--markdown", page, folder=session_home)
    assert done.returncode == 0, done.stderr
    assert book.exists()
    for said in (
        "10 rows, request to completed",
        "10 rows of one more",
        "raw limit, the sum of both",
        "Tranche, 1 worker, second upload",
        "memory of the parser child",
    ):
        assert said in done.stdout
    text = page.read_text()
    assert text.startswith("# Results\n")
    assert text.endswith("\n\nRead it so.\n")
    assert "of an older run" not in text
    assert "| raw limit, the sum of both |" in text
    assert f"{os.cpu_count()} cores" in text
    assert "python bench/orders_import.py --lines 300" in text
    for secret in (str(tmp_path), str(ROOT), os.uname().nodename):
        assert secret not in text, "a table names neither host nor paths"


def test_a_run_beside_peers_that_are_not_installed_says_what_to_do(tmp_path: Path) -> None:
    done = _run("--peers", tmp_path / "nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert "make peers" in done.stderr


def test_the_pins_of_the_peers_hold_hashes_and_no_address() -> None:
    text = (BENCH / "peers.txt").read_text()
    assert "://" not in text
    pins = re.findall(r"^([a-z0-9-]+)==[^\n]+\\\n    --hash=sha256:", text, re.MULTILINE)
    assert {"django", "django-import-export", "openpyxl", "psycopg", "psycopg-binary", "tablib"} <= set(pins)
    assert len(pins) == len(re.findall("^[a-z]", text, re.MULTILINE))


def test_the_peers_are_not_among_what_tranche_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^(django|tablib)", lock, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_bench_is_short_and_opens_with_a_sentence(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    opening = ast.get_docstring(ast.parse(text))
    assert opening
    assert opening.splitlines()[0].endswith((".", ":"))
