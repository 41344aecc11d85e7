"""Every readable file loses no cell and is read as other readers read it; every other one is refused in a sentence.

The rules hold for the folder of foreign files, where it is there, and for small files of our own.
"""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.imports.accountant import Account, account_for
from tests.imports.factories import data_folder, write_csv
from tests.imports.judges import CannotJudge, judge, same
from tests.imports.makers import Error, Made, Rows, write_ods, write_xls, write_xlsb
from tests.imports.reading.test_formats import write_typed_xlsx
from tests.once import once

pytestmark = pytest.mark.timeout(300)

_FOLDERS: Final = [folder for name in ("workbooks", "orders", "lots", "accounts") if (folder := data_folder(name))]
_NO_FOLDER: Final = pytest.mark.skipif(not _FOLDERS, reason="the folder of foreign files is not there")


def _write_csv(path: Path, rows: Rows) -> Path:
    return write_csv(path, [["" if cell is None else _plain(cell) for cell in cells] for cells in rows])


def _plain(cell: Made) -> str:
    return cell.name if isinstance(cell, Error) else str(cell)


_WRITERS: Final[dict[str, Callable[[Path, Rows], Path]]] = {
    "xlsx": write_typed_xlsx,
    "xls": write_xls,
    "xlsb": write_xlsb,
    "ods": write_ods,
    "csv": _write_csv,
}


@pytest.fixture(scope="module")
def accounts(session_home: Path) -> list[Account]:
    """What came of every foreign file."""
    paths = sorted(str(path) for folder in _FOLDERS for path in folder.rglob("*") if path.suffix not in (".md", ".tsv"))
    told = once(session_home, "accounts", lambda: _account_for_all(paths))
    found = [Account(**json.loads(line)) for line in told.splitlines()]
    assert len(found) == len(paths)
    return found


def _account_for_all(paths: list[str]) -> str:
    return subprocess.run(
        [sys.executable, "-m", "tests.imports.accountant"],
        input="\n".join(paths), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=280,
    ).stdout  # fmt: skip


@_NO_FOLDER
def test_no_cell_of_a_foreign_file_is_lost(accounts: list[Account]) -> None:
    assert {Path(account.path).name: account.lost[:3] for account in accounts if account.lost} == {}
    assert sum(account.filled for account in accounts) > 500_000


@_NO_FOLDER
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_foreign_files_are_read_as_other_readers_read_them(accounts: list[Account]) -> None:
    read = [account for account in accounts if account.cells]
    differences: dict[str, list[str]] = {}
    unjudged: Counter[str] = Counter()
    for account in read:
        try:
            found = _differences(account)
        except CannotJudge as reason:
            unjudged[str(reason)] += 1
            continue
        if found:
            differences[Path(account.path).name] = found[:3]
    assert differences == {}
    assert sum(unjudged.values()) < len(read) / 3, unjudged


@_NO_FOLDER
def test_every_refusal_of_a_foreign_file_is_a_sentence_with_its_class(accounts: list[Account]) -> None:
    for account in accounts:
        if account.refused and not account.refused.startswith("panic"):
            assert account.status in (400, 413, 415), account.path
            assert account.refused.endswith("."), account.path


def _differences(account: Account) -> list[str]:
    theirs = judge(account)
    ours = {
        (int(row), int(column)): text
        for place, text in account.cells.items()
        for row, _, column in (place.partition(","),)
    }
    told = [f"{place} ours alone: {ours[place]!r}" for place in ours.keys() - theirs.keys()]
    told += [f"{place} theirs alone: {theirs[place]!r}" for place in theirs.keys() - ours.keys()]
    both = ours.keys() & theirs.keys()
    return told + [
        f"{place}: {ours[place]!r}, {theirs[place]!r}" for place in both if not same(ours[place], theirs[place])
    ]


def _table(seed: int) -> list[list[Made]]:
    """A table with something of everything that a real one may have."""
    chance = random.Random(seed)  # noqa: S311  # test data
    rows: list[list[Made]] = []
    if chance.random() < 0.5:
        rows += [["Orders of May"], [None], ["Printed", "by Ann"]]
    rows.append(["Order no", "Qty", "Price", "Date", "Customer", "Colour", "Amount"])
    rows += [[_cell(chance) for _ in range(7)] for _ in range(chance.randrange(1, 12))]
    return rows


def _cell(chance: random.Random) -> Made:
    choices: list[Made] = [
        None, None, "", " ", "A1", "00123", "12,50", "1.234", "größe", "漢字", "a\nb", 'say "hi"', "2024-01-02", "#N/A",
        "03/04/2024", "x" * 300, "=1+1", "NaN", "\u00a0", "Total", 0, 1, -3, 12.5, 1e-7, 1e15, 0.1 + 0.2, True, False,
        1234567890123456, Error("#DIV/0!"), Error("#REF!"), chance.randrange(10**6), round(chance.random(), 12),
        date(2024, 1, 1) + timedelta(days=chance.randrange(900)),
    ]  # fmt: skip
    return chance.choice(choices)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("kind", list(_WRITERS))
def test_no_cell_of_a_file_of_our_own_is_lost(tmp_path: Path, kind: str, seed: int) -> None:
    account = account_for(_WRITERS[kind](tmp_path / f"a.{kind}", _table(seed)))
    assert (account.refused, account.lost) == ("", [])
    assert account.filled > 0


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_a_file_of_our_own_is_read_as_other_readers_read_it(tmp_path: Path, kind: str, seed: int) -> None:
    assert _differences(account_for(_WRITERS[kind](tmp_path / f"a.{kind}", _table(seed)))) == []


@pytest.mark.parametrize("seed", range(25))
def test_the_kinds_of_workbooks_agree_with_each_other(tmp_path: Path, seed: int) -> None:
    table = _table(seed)
    read = {
        kind: account_for(_WRITERS[kind](tmp_path / f"a.{kind}", table)).cells
        for kind in ("xlsx", "xls", "xlsb", "ods")
    }
    for kind in ("xls", "xlsb", "ods"):
        assert read[kind].keys() == read["xlsx"].keys()
        assert all(same(text.removesuffix(" 00:00:00"), read["xlsx"][place].removesuffix(" 00:00:00"))
                   for place, text in read[kind].items())  # fmt: skip
