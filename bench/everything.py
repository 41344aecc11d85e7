"""All benches, one after the other, and one table of every ratio that has a target.

    make bench                            all of them, about an hour
    make bench ARGS="invoices lots"       some of them

Each puts its own table into `bench/RESULTS.md`; what has a target is then gathered into the first table there. Run it
on a machine that does nothing else.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_RESULTS: Final = _HERE / "RESULTS.md"
_PEERS: Final = Path(sys.prefix) / "peers" / "bin" / "python"
_BENCHES: Final[dict[str, list[list[str]]]] = {
    "imports": [["orders_import.py", "--crowd"]],
    "pages": [["pages.py"]],
    "invoices": [["invoices.py", "--peers", str(_PEERS)]],
    "lots": [["lots.py"]],
    "mails": [["messages.py", "--mails", "10000"]],
    "PDFs": [["pdf.py"]],
    "snapshots": [["bill_stop.py"], ["bill_stop.py", "--rows", "5000000", "--parts", "read"]],
    "growth": [["growth.py"]],
    "disk": [["disk.py"]],
}
_SECTION: Final = re.compile(
    r"<!-- the table(?: of (?P<name>[^>]*?))? begins -->\n(?P<text>.*?)<!-- the table", re.DOTALL
)
_GROUP: Final = re.compile(r"\*\*(.+?)\*\*")
_BEGIN, _END = "<!-- all targets begin -->", "<!-- all targets end -->"
_CELLS: Final = 7


def main() -> None:
    """Run them, and gather; a bench that fails is named at the end, and the others are run all the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="BENCH", help=f"some of {', '.join(_BENCHES)}")
    names = parser.parse_args().names or list(_BENCHES)
    if unknown := set(names) - set(_BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(_BENCHES)}")
    failed = [name for name in names for words in _BENCHES[name] if not _run(name, words)]
    gather(_RESULTS)
    if failed:
        sys.exit(f"These failed: {', '.join(failed)}")


def _run(name: str, words: list[str]) -> bool:
    begun = time.monotonic()
    done = subprocess.run([sys.executable, str(_HERE / words[0]), *words[1:], "--markdown", str(_RESULTS)], check=False)
    print(f"{name}: {'done' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
    return done.returncode == 0


def gather(path: Path) -> None:
    """Put every line that has a target into the file's first table, in place of the one there."""
    text = path.read_text()
    rows = [
        "| bench | what | seconds | rows/s | ratio | target | met |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    rows += [f"| {' | '.join(row)} |" for row in _with_target(text)]
    table = "\n".join([_BEGIN, *rows, _END])
    found = re.compile(f"{_BEGIN}.*?{_END}", re.DOTALL)
    path.write_text(found.sub(lambda _: table, text, count=1))


def _with_target(text: str) -> Iterator[tuple[str, ...]]:
    for section in _SECTION.finditer(text):
        group = ""
        for line in section["text"].splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) != _CELLS:
                continue
            what, seconds, speed, ratio, _, target, met = cells
            if head := _GROUP.match(what):
                group = f"{head[1]}: "
            if met in ("yes", "NO"):
                yield (section["name"] or "imports", group + what, seconds, speed, ratio, target, met)


if __name__ == "__main__":
    main()
