"""The workbooks that are measured with, made by the product's own sample; a large one may be kept in a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.imports.sample import write_sample

LINES_PER_ORDER: Final = 3
BAD_EVERY: Final = 100
SMALL_ROWS: Final = 10
_MOST_SEEDS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A workbook, and what an import must find in it."""

    path: Path
    rows: int
    good_orders: int


def make_book(path: Path, *, lines: int, bad_every: int = BAD_EVERY, seed: int = 1) -> Book:
    """About so many lines, every `bad_every`-th order bad (0: none)."""
    facts = write_sample(path, orders=max(1, lines // LINES_PER_ORDER), bad_every=bad_every, seed=seed)
    return Book(path=path, rows=facts.rows, good_orders=facts.good_orders)


def keep_book(path: Path, *, lines: int) -> Book:
    """The same as `make_book`, or what an earlier run left there; a note beside it tells what it holds."""
    note = path.with_name(f"{path.name}.json")
    if path.exists() and note.exists():
        told = json.loads(note.read_text())
        if told["lines"] == lines and told["bytes"] == path.stat().st_size:
            return Book(path=path, rows=told["rows"], good_orders=told["good_orders"])
    note.unlink(missing_ok=True)
    book = make_book(path, lines=lines)
    told = {"lines": lines, "bytes": path.stat().st_size, "rows": book.rows, "good_orders": book.good_orders}
    note.write_text(json.dumps(told))
    return book


def make_small(path: Path) -> Book:
    """Exactly ten good rows: the first seed that gives them."""
    for seed in range(_MOST_SEEDS):
        book = make_book(path, lines=SMALL_ROWS, bad_every=0, seed=seed)
        if book.rows == SMALL_ROWS:
            return book
    raise AssertionError("no seed gives ten rows")
