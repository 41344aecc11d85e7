"""The table of a run: as plain text for the terminal, and as a section of a Markdown file."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SHORT: Final = 0.1
_PLACES: Final = frozenset({"--markdown", "--peers"})
_HEADS: Final = ("", "seconds", "rows/s", "ratio", "peak MB", "target", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; what is None stays empty. `met` says whether the target was reached."""

    what: str
    rows: int | None = None
    seconds: float | None = None
    ratio: float | None = None
    megabytes: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, in the order of the heads."""
        speed = self.rows / self.seconds if self.rows and self.seconds else None
        return (
            self.what,
            "" if self.seconds is None else _seconds(self.seconds),
            "" if speed is None else f"{speed:,.0f}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.megabytes,
            self.target,
            {None: "", True: "yes", False: "NO"}[self.met],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a table holds for: the machine is named by what it has, never by its name."""

    command: str
    postgres: str

    @property
    def sentence(self) -> str:
        """In one line."""
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        return (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GB of memory, "
            f"{platform.system()} {platform.machine()}, PostgreSQL {self.postgres}, "
            f"Python {platform.python_version()}: `{self.command}`"
        )


def typed() -> str:
    """What was typed to start this script, without the places of this machine."""
    kept = ["python", f"bench/{Path(sys.argv[0]).name}"]
    words = iter(sys.argv[1:])
    for word in words:
        if word in _PLACES:
            next(words, None)
        else:
            kept.append(word)
    return " ".join(kept)


def show(lines: Sequence[Line], run: Run) -> None:
    """Print it."""
    rows = [_HEADS, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    print(run.sentence, end="\n\n")
    for row in rows:
        print("  ".join(_align(cell, column, widths[column]) for column, cell in enumerate(row)).rstrip())


def write(path: Path, lines: Sequence[Line], run: Run, *, section: str = "") -> None:
    """Put it between the marks of the file, in place of the table that stood there; without marks, at its end.

    A file may hold several tables, each between the marks of its `section`.
    """
    name = f"the table of {section}" if section else "the table"
    begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
    rows = [_HEADS, tuple("---" if column == 0 else "---:" for column in range(len(_HEADS)))]
    rows += [line.cells for line in lines]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    marked = f"{begin}\n{run.sentence}\n\n{table}\n{end}"
    text = path.read_text() if path.exists() else ""
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if found.search(text):
        text = found.sub(lambda _: marked, text, count=1)
    else:
        text = f"{text.rstrip()}\n\n{marked}\n".lstrip()
    path.write_text(text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= _SHORT else f"{seconds:.4f}"


def _align(cell: str, column: int, width: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)
