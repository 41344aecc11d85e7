"""The maps in README and docs/architecture.md name what is there: each room once, and nothing else."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/tranche"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
README = (ROOT / "README.md").read_text()
_NO_ROOMS = {"migrations", "__init__", "__main__"}


def _rooms(folder: Path) -> set[str]:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return (packages | {path.stem for path in folder.glob("*.py")}) - _NO_ROOMS


def test_the_table_of_floors_names_every_room_once() -> None:
    table = re.search(r"## Floors\n.*?\n\n(\|.*?)\n\n", ARCHITECTURE, re.DOTALL)
    assert table
    named = Counter(re.findall(r"`src/tranche/([\w.]+)`", table[1]))
    assert named == Counter(f"{name}.py" if (PACKAGE / f"{name}.py").exists() else name for name in _rooms(PACKAGE)), (
        "docs/architecture.md, Floors"
    )


def test_the_kernels_rooms_are_named_once() -> None:
    sentence = re.search(r"Inside the kernel, from the top: (.*?)\.\n", ARCHITECTURE, re.DOTALL)
    assert sentence
    assert Counter(re.findall(r"`(\w+)`", sentence[1])) == Counter(_rooms(PACKAGE / "kernel"))


def test_the_floors_that_the_linter_keeps_are_the_rooms() -> None:
    contracts = (ROOT / ".importlinter").read_text()
    layers = re.search(r"contract:kernel\].*?layers =\n(.*?)\n\n", contracts, re.DOTALL)
    assert layers
    assert Counter(re.findall(r"\w+", layers[1])) == Counter(_rooms(PACKAGE / "kernel"))
    floors = re.search(r"contract:floors\].*?layers =\n(.*?)\n\n", contracts, re.DOTALL)
    assert floors
    assert Counter(re.findall(r"tranche\.(\w+)", floors[1])) == Counter(_rooms(PACKAGE))


def test_readme_leads_to_every_guide_once() -> None:
    guides = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
    guides |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/contracts").glob("*.md")}
    table = README.split("## Read on")[1]
    named = Counter(re.findall(r"\]\((docs/[\w/-]+\.md)\)", table))
    assert named == Counter(guides)


def test_every_decision_is_numbered_once() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md"))
    assert {number: count for number, count in numbers.items() if count > 1} == {}
