"""The maps in README and docs/architecture.md name what is there: each room once, and nothing else."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/tranche"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
README = (ROOT / "README.md").read_text()
LINTER = (ROOT / ".importlinter").read_text()
_NO_ROOMS = {"migrations", "__init__", "__main__"}


def _rooms(folder: Path) -> set[str]:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return (packages | {path.stem for path in folder.glob("*.py")}) - _NO_ROOMS


def _table() -> list[str]:
    """The rooms as the table of floors names them, from the top."""
    table = re.search(r"## Floors\n.*?\n\n(\|.*?)\n\n", ARCHITECTURE, re.DOTALL)
    assert table
    return re.findall(r"`src/tranche/(\w+)(?:\.py)?`", table[1])


def _groups_of_the_kernel() -> list[set[str]]:
    """The rooms of the kernel as the sentence below the table has them, from the top."""
    sentence = re.search(r"Inside the kernel, from the top: (.*?)\.\n", ARCHITECTURE, re.DOTALL)
    assert sentence
    return [set(re.findall(r"`(\w+)`", group)) for group in sentence[1].split(";")]


def _floors(contract: str) -> list[set[str]]:
    """The floors that the linter keeps, from the top; those who are strangers to each other share one."""
    layers = re.search(rf"contract:{contract}\].*?layers =\n(.*?)\n\n", LINTER, re.DOTALL)
    assert layers
    return [set(re.findall(r"(\w+)(?: \||$)", line)) for line in layers[1].splitlines()]


def test_the_table_of_floors_names_every_room_once() -> None:
    assert Counter(_table()) == Counter(_rooms(PACKAGE)), "docs/architecture.md, Floors"


def test_the_table_of_floors_stands_as_the_linter_keeps_it() -> None:
    floors = _floors("floors")
    assert Counter(room for floor in floors for room in floor) == Counter(_rooms(PACKAGE))
    order = [next(at for at, floor in enumerate(floors) if room in floor) for room in _table()]
    assert order == sorted(order)


def test_the_kernels_rooms_are_named_once_and_as_the_linter_keeps_them() -> None:
    assert _groups_of_the_kernel() == _floors("kernel")
    assert Counter(room for floor in _floors("kernel") for room in floor) == Counter(_rooms(PACKAGE / "kernel"))


def test_readme_leads_to_every_guide_once() -> None:
    guides = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
    guides |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/contracts").glob("*.md")}
    table = README.split("## Read on")[1]
    named = Counter(re.findall(r"\]\((docs/[\w/-]+\.md)\)", table))
    assert named == Counter(guides)


def test_every_decision_is_numbered_once() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md"))
    assert {number: count for number, count in numbers.items() if count > 1} == {}
