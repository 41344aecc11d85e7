"""What is measured, each as lines of the table: the large import, the small one, the peers, the crowd."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

from books import Book, make_book, make_small
from house import Client, House, Uploaded
from memory import BACKEND, PARSER, SERVER, WORKER, Peaks
from peers import PEERS, peer_seconds
from raw import copy_seconds, parse_seconds
from table import Line

_RAW_FACTOR: Final = 1.6
_MOST_BYTES: Final = 1_500_000_000
_GROWTH: Final = 1.10
_GROWTH_BYTES: Final = 20_000_000
_SMALL_SECONDS: Final = 0.5
_CROWD_SECONDS: Final = 5.0
_CROWD_HEAD_START: Final = 1.0
_PAUSE: Final = 0.1
_TIMES: Final = 2
_TRANCHE_TIMES: Final = 3


def measure_large(house: House, book: Book, *, workers: list[int], times: int) -> list[Line]:
    """The large book twice with the first number of workers, once with each other, and the raw limit."""
    imports: dict[str, float] = {}
    peaks: list[Peaks] = []
    copied = 0
    for count in dict.fromkeys(workers):
        with house.workers(count) as crew:
            for turn in ("first", "second") if count == workers[0] else ("first",):
                with house.client(f"Large {count} {turn}") as client, house.watch(crew) as seen:
                    house.settle()
                    imports[f"Tranche, {_workers(count)}, {turn} upload"] = _upload(client, book, pause=_PAUSE).seconds
                copied = copied or client.organization_id
                if count == workers[0]:
                    peaks.append(seen)
    raw_parse = parse_seconds(book.path, times=min(times, _TIMES))
    raw_copy = copy_seconds(house, organization_id=copied, times=min(times, _TIMES))
    raw = raw_parse + raw_copy
    return [
        Line(what=f"**{book.rows:,} lines, 9 columns, 1 order in 100 bad**"),
        Line(what="raw parse alone", rows=book.rows, seconds=raw_parse, ratio=raw_parse / raw),
        Line(what="raw COPY alone, the same two tables", rows=book.rows, seconds=raw_copy, ratio=raw_copy / raw),
        Line(what="raw limit, the sum of both", rows=book.rows, seconds=raw, ratio=1.0),
        *(_large_line(what, book, seconds, raw=raw) for what, seconds in imports.items()),
        *_memory_lines(*peaks),
    ]


def _large_line(what: str, book: Book, seconds: float, *, raw: float) -> Line:
    ratio = seconds / raw
    return Line(
        what=what,
        rows=book.rows,
        seconds=seconds,
        ratio=ratio,
        target=f"ratio ≤ {_RAW_FACTOR}",
        met=ratio <= _RAW_FACTOR,
    )


def measure_small(house: House, folder: Path, *, times: int) -> list[Line]:
    """Ten rows, each time into a new organization."""
    book = make_small(folder / "ten.xlsx")
    taken = [_upload_anew(house, book, name=f"Small {turn}").seconds for turn in range(times)]
    what = f"10 rows, request to completed, median of {times}"
    seconds = median(taken)
    return [
        Line(what=what, rows=book.rows, seconds=seconds, target=f"< {_SMALL_SECONDS} s", met=seconds < _SMALL_SECONDS),
        Line(what=f"10 rows, the slowest of {times}", rows=book.rows, seconds=max(taken)),
    ]


def measure_peers(house: House, folder: Path, *, lines: int, python: Path | None, times: int) -> list[Line]:
    """A book of good rows, because peers stop at a bad one: by Tranche, and by each peer; ratio = its time to ours."""
    book = make_book(folder / "peers.xlsx", lines=lines, bad_every=0)
    house.settle()
    taken = []
    for turn in range(min(times, _TRANCHE_TIMES)):
        with house.client(f"Beside {turn}") as client:
            taken.append(_upload(client, book).seconds)
    ours = median(taken)
    raw = parse_seconds(book.path, times=min(times, _TIMES)) + copy_seconds(
        house, organization_id=client.organization_id, times=min(times, _TIMES)
    )
    found = [
        Line(what=f"**{book.rows:,} good lines; ratio: how many times our time**"),
        Line(what=f"Tranche, median of {len(taken)}", rows=book.rows, seconds=ours, ratio=1.0),
        Line(
            what="the raw limit: parse, and COPY into the same two tables",
            rows=book.rows,
            seconds=raw,
            ratio=raw / ours,
        ),
    ]
    for peer in PEERS if python else ():
        house.settle()
        seconds = peer_seconds(
            peer,
            python=python or Path(),
            postgres=house.postgres,
            book=book.path,
            rows=book.rows,
            times=min(times, _TIMES),
        )
        factor = seconds / ours
        found.append(
            Line(
                what=peer.name,
                rows=book.rows,
                seconds=seconds,
                ratio=factor,
                target=f"ratio ≥ {peer.factor}" if peer.factor else "",
                met=factor >= peer.factor if peer.factor else None,
            )
        )
    return found


def measure_crowd(house: House, folder: Path, *, lines: int, organizations: int) -> list[Line]:
    """So many organizations upload at once; a second later another one uploads ten rows."""
    large = make_book(folder / "crowd.xlsx", lines=lines)
    small = make_small(folder / "ten.xlsx")
    house.settle()
    with ExitStack() as stack:
        crowd = [stack.enter_context(house.client(f"Crowd {number}")) for number in range(organizations)]
        other = stack.enter_context(house.client("Other"))
        pool = stack.enter_context(ThreadPoolExecutor(organizations))
        begun = time.perf_counter()
        waiting = [pool.submit(_upload, client, large, pause=_PAUSE * 5) for client in crowd]
        time.sleep(_CROWD_HEAD_START)
        seconds = _upload(other, small).seconds
        for one in waiting:
            one.result()
        everything = time.perf_counter() - begun
    return [
        Line(what=f"**{organizations} organizations upload {large.rows:,} lines each at once**"),
        Line(
            what="10 rows of one more, sent 1 s later",
            rows=small.rows,
            seconds=seconds,
            target=f"< {_CROWD_SECONDS:.0f} s",
            met=seconds < _CROWD_SECONDS,
        ),
        Line(what="all of theirs", rows=large.rows * organizations, seconds=everything),
    ]


def _upload_anew(house: House, book: Book, *, name: str) -> Uploaded:
    with house.client(name) as client:
        return _upload(client, book)


def _upload(client: Client, book: Book, *, pause: float | None = None) -> Uploaded:
    done = client.upload(book.path, pause=pause)
    if done.orders != book.good_orders:
        sys.exit(f"{done.orders} orders came in of {book.good_orders}.")
    return done


def _memory_lines(first: Peaks, second: Peaks) -> list[Line]:
    """A second upload must not take more; small processes may differ by what allocators differ."""
    found = []
    for kind in (SERVER, WORKER, PARSER, BACKEND):
        before, after = first.bytes[kind], second.bytes[kind]
        if not before or not after:
            continue
        grows = after > max(before * _GROWTH, before + _GROWTH_BYTES)
        found.append(
            Line(
                what=f"memory of the {kind}: first upload, second",
                ratio=after / before,
                megabytes=f"{before / 1e6:,.0f}, {after / 1e6:,.0f}",
                target=f"≤ {_MOST_BYTES / 1e6:,.0f} MB, no growth",
                met=max(before, after) <= _MOST_BYTES and not grows,
            )
        )
    return found


def _workers(count: int) -> str:
    return f"{count} worker" + ("" if count == 1 else "s")
