"""How fast orders come in: against the raw limit, beside its peers, small, and in a crowd; one table from one run.

    python bench/orders_import.py                       one million lines, and the peers
    python bench/orders_import.py --lines 100000 --crowd --workers 1 2 4

Every import of Tranche goes through the door: a real `tranche serve`, a multipart upload over HTTP on the loopback,
and one real `tranche worker` with its default settings, on a PostgreSQL of its own with fsync on. The clock starts
with the request and stops when the operation is terminal and the orders have been asked for, all of them there.

The raw limit is the fastest parse of the same workbook, plus COPY of the same finished rows into the same two tables;
see `raw.py`. What the peers do stands in `peers.py`. Seconds differ between machines; compare the ratios of one run.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from books import keep_book, make_book
from house import open_house, open_postgres
from measures import measure_crowd, measure_large, measure_peers, measure_small
from peers import default_python
from table import Line, Run, show, write
from tranche.kernel.db.embedded import EmbeddedPostgres

_LINES, _PEER_LINES, _TIMES = 1_000_000, 20_000, 10
_CROWD, _CROWD_LINES = 8, 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for; `crowd` is the lines of each of its uploads, 0 for no crowd."""

    lines: int
    workers: list[int]
    times: int
    crowd: int
    organizations: int
    peers: Path | None
    book: Path | None
    markdown: Path | None

    @property
    def command(self) -> str:
        """What to type for the same again, without the paths of this machine."""
        words = [f"--lines {self.lines}"] if self.lines != _LINES else []
        words += [f"--workers {' '.join(map(str, self.workers))}"] if self.workers != [1] else []
        words += [f"--times {self.times}"] if self.times != _TIMES else []
        words += ["--crowd" if self.crowd == _CROWD_LINES else f"--crowd {self.crowd}"] if self.crowd else []
        words += [f"--organizations {self.organizations}"] if self.organizations != _CROWD else []
        words += [] if self.peers else ["--without-peers"]
        return " ".join(["python bench/orders_import.py", *words])


def main() -> None:
    """Measure, print the table, and keep it where it is asked for."""
    options = _read()
    lines: list[Line] = []
    with open_postgres() as (postgres, home):
        run = Run(command=options.command, postgres=postgres.version)
        try:
            for part in chain(_many(postgres, home, options), _large(postgres, home, options)):
                lines += part
        finally:
            show(lines, run)  # a run that breaks off after ten minutes tells what it has
    if options.markdown:
        write(options.markdown, lines, run)


def _many(postgres: EmbeddedPostgres, home: Path, options: Options) -> Iterator[list[Line]]:
    """What is measured in one house: it is nearly empty, so that nothing is left over from the large import."""
    with open_house(postgres, home, name="bench_many") as house, house.workers(1):
        yield measure_small(house, home, times=options.times)
        most = min(_PEER_LINES, options.lines)
        yield measure_peers(house, home, lines=most, python=options.peers, times=options.times)
        if options.crowd:
            yield measure_crowd(house, home, lines=options.crowd, organizations=options.organizations)


def _large(postgres: EmbeddedPostgres, home: Path, options: Options) -> Iterator[list[Line]]:
    if options.book:
        book = keep_book(options.book, lines=options.lines)
    else:
        book = make_book(home / "orders.xlsx", lines=options.lines)
    with open_house(postgres, home, name="bench_large") as house:
        yield measure_large(house, book, workers=options.workers, times=options.times)


def _read() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--lines", type=int, default=_LINES, help="of the large workbook (default: %(default)s)")
    add("--book", type=Path, help="keep the large workbook in this file, and take it from there the next time")
    add("--workers", type=int, nargs="+", default=[1], help="also import with so many worker processes")
    add("--times", type=int, default=_TIMES, help="how often ten rows are uploaded, and at most all else (default: 10)")
    add("--crowd", type=int, nargs="?", const=_CROWD_LINES, default=0, help="large uploads at once, of so many lines")
    add("--organizations", type=int, default=_CROWD, help="who upload in the crowd (default: %(default)s)")
    add("--without-peers", action="store_true", help="leave the peers out")
    add("--peers", type=Path, default=default_python(), help="the Python that has the peers installed")
    add("--markdown", type=Path, help="put the table into this file too, in place of the one there")
    given = parser.parse_args()
    if not given.without_peers and not given.peers.exists():
        parser.error("the peers are not installed: run `make peers`, or add --without-peers")
    return Options(
        lines=given.lines,
        workers=given.workers,
        times=given.times,
        crowd=given.crowd,
        organizations=given.organizations,
        peers=None if given.without_peers else given.peers,
        book=given.book,
        markdown=given.markdown,
    )


if __name__ == "__main__":
    main()
