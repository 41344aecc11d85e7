"""Files spoilt at random (the same for a seed) end in rows or in one sentence; nothing hangs, bursts or falls."""

import json
import random
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.imports.factories import data_folder, request, write_csv
from tests.imports.makers import Error, Rows, write_ods, write_xls, write_xlsb
from tests.imports.reading.test_formats import write_typed_xlsx
from tests.imports.sweeper import LIMITS, Outcome
from tranche.imports.domain import FileTooLarge, Limits, MissingColumns, UnreadableFile, UnsupportedFile
from tranche.imports.parser import inspect, parse

_MEMORY_SIGNALS: Final = (6, 9, 11)
_ROWS: Final[Rows] = [
    ["Order no", "Qty", "Price", "Date", "Customer", "Notes"],
    *([f"A{row}", row, row / 7, "2024-01-02", "Ann & Bob <Ltd>", Error("#N/A") if row % 5 == 0 else "größe"]
      for row in range(1, 40)),
]  # fmt: skip
_TEXT: Final = [[str(cell.name if isinstance(cell, Error) else cell) for cell in cells] for cells in _ROWS]
_WRITERS: Final[dict[str, Callable[[Path], Path]]] = {
    "xlsx": lambda path: write_typed_xlsx(path, _ROWS),
    "xls": lambda path: write_xls(path, _ROWS),
    "xlsb": lambda path: write_xlsb(path, _ROWS),
    "ods": lambda path: write_ods(path, _ROWS),
    "csv": lambda path: write_csv(path, _TEXT, delimiter=";"),
}
_HOSTILE: Final = (
    b"XFD1048576", b"A0", b"ZZZZ9", b"99999999999", b"-1", b"1e400", b"NaN", b"", b"s", b"e", b"str", b"inlineStr",
    b"true", b"\xff", b"&lol;", b"../../etc/passwd", b"A1:XFD1048576", b"4294967295",
)  # fmt: skip
Spoil = Callable[[bytes, random.Random], bytes]


def _truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 20)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwritten(data: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(data)), chance.randrange(1, 64)
    return data[:at] + chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size))) + data[at + size :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
    return data[:end] + data[begin:end] * chance.randrange(1, 4) + data[end:]


def _with_other_values(data: bytes, chance: random.Random) -> bytes:
    """Some attributes of an XML part, or some bytes of any other, say something absurd."""
    parts = data.split(b'"')
    if len(parts) < 4:  # no attribute
        return _flipped(data or b"\x00", chance)
    for _ in range(chance.randrange(1, 4)):
        parts[chance.randrange(1, len(parts) - 1, 2)] = chance.choice(_HOSTILE)
    return b'"'.join(parts)


_SPOILERS: Final[tuple[Spoil, ...]] = (_truncated, _flipped, _overwritten, _doubled)


def _spoilt_archive(source: Path, path: Path, chance: random.Random) -> None:
    """A sound zip of spoilt parts: swapped, left out, cut, or with absurd attributes."""
    with zipfile.ZipFile(source) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    names = sorted(parts)
    one, other = chance.choice(names), chance.choice(names)
    way = chance.randrange(5)
    if way == 0:
        parts[one], parts[other] = parts[other], parts[one]
    elif way == 1:
        del parts[one]
    else:
        parts[one] = chance.choice((_with_other_values, _with_other_values, *_SPOILERS))(parts[one] or b"x", chance)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)


def spoil(kind: str, folder: Path, *, seeds: range) -> list[Path]:
    """Files of a kind, each spoilt in its own way."""
    source = _WRITERS[kind](folder / f"whole.{kind}")
    whole = source.read_bytes()
    made = []
    for seed in seeds:
        chance = random.Random(f"{kind} {seed}")  # noqa: S311  # test data
        path = folder / f"{seed:04}.{kind}"
        if kind in ("xlsx", "xlsb", "ods") and seed % 3:
            _spoilt_archive(source, path, chance)
        else:
            path.write_bytes(chance.choice(_SPOILERS)(whole, chance))
        made.append(path)
    return made


def _sweep(paths: list[Path]) -> list[Outcome]:
    swept = subprocess.run(
        [sys.executable, "-m", "tests.imports.sweeper"],
        input="\n".join(map(str, paths)),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=100,
    )  # fmt: skip
    found = [Outcome(**json.loads(line)) for line in swept.stdout.splitlines()]
    assert len(found) == len(paths)
    return found


@pytest.mark.parametrize("kind", list(_WRITERS))
def test_a_spoilt_file_ends_in_rows_or_in_one_sentence(tmp_path: Path, kind: str) -> None:
    ends: Counter[str] = Counter()
    for outcome in _sweep(spoil(kind, tmp_path, seeds=range(90))):
        last = json.loads(outcome.last or '{"type": "died"}')
        ends[last["type"]] += 1
        if last["type"] == "failed":
            sentence = last["message"]
            assert 20 < len(sentence) < 600, outcome.path
            assert sentence.endswith("."), outcome.path
            assert not [word for word in ("Traceback", "calamine", "Error(", str(tmp_path)) if word in sentence]
        elif last["type"] == "done":
            assert json.loads(outcome.first)["header"]["rows"] == last["rows"], outcome.path
        else:
            assert outcome.signal in _MEMORY_SIGNALS, (outcome.path, outcome.last)
        assert outcome.memory_bytes < LIMITS.memory_bytes, outcome.path
    assert ends["done"], ends
    assert ends["failed"], ends
    assert ends["died"] + ends["began"] + ends["sent"] <= 4, ends


@pytest.mark.parametrize("kind", list(_WRITERS))
def test_the_parent_outlives_every_spoilt_file(tmp_path: Path, kind: str) -> None:
    for path in spoil(kind, tmp_path, seeds=range(200, 206)):
        asked = request(path, limits=Limits(seconds=20, memory_bytes=1_000_000_000))
        try:
            inspect(asked, should_abort=lambda: False)
            with parse(asked, should_abort=lambda: False) as parsed:
                assert sum(part.rows for part in parsed.slices) == parsed.header.rows
        except (UnreadableFile, UnsupportedFile, FileTooLarge, MissingColumns) as refused:
            assert refused.message.endswith("."), path  # noqa: PT017  # either end is right


@pytest.mark.skipif(data_folder("workbooks") is None, reason="the folder of foreign files is not there")
def test_foreign_files_spoilt_end_so_too(tmp_path: Path) -> None:
    folder = data_folder("workbooks")
    assert folder is not None
    chance = random.Random(7)  # noqa: S311  # test data
    paths = []
    for number, source in enumerate(chance.sample(sorted(folder.glob("*/*")), 120)):
        data = source.read_bytes()
        if 0 < len(data) < 400_000:
            path = tmp_path / f"{number:03}{source.suffix}"
            path.write_bytes(chance.choice(_SPOILERS)(data, chance))
            paths.append(path)
    for outcome in _sweep(paths):
        last = json.loads(outcome.last or '{"type": "died"}')
        assert last["type"] in ("failed", "done") or outcome.signal in _MEMORY_SIGNALS, outcome
        assert outcome.memory_bytes < LIMITS.memory_bytes
