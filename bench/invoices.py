"""How fast orders become invoices: against the raw limit, one by one, and by an ORM; one table from one run.

    python bench/invoices.py                                    10,000 and 100,000 orders, with and without lots
    python bench/invoices.py --orders 10000 --workers 2         fewer
    python bench/invoices.py --peers .venv/peers/bin/python     also SQLAlchemy, where it is installed there

Every run of Tranche goes through the door: a real `tranche serve`, one request over HTTP on the loopback that names
the orders by a filter, and real `tranche worker` processes with their default settings, on a PostgreSQL of its own with
fsync on. The clock starts with the request and stops when the operation is terminal; a run in which an invoice is
missing fails. The raw limit is `raw_invoices.py`. "One transaction per invoice" is the product's own verb for one
order, called in a loop without HTTP. What the ORM does stands at the head of `peer_invoices.py`.
"""

import argparse
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from house import Client, House, open_house, open_postgres
from memory import BACKEND, SERVER, WORKER
from raw_invoices import raw_seconds
from sales import LINES, Sales, make_sales
from table import Line, Run, show, typed, write
from tranche.invoicing.domain import Wishes
from tranche.invoicing.service import issue_one
from tranche.kernel.client.events import TERMINAL
from tranche.kernel.context import Context, Role
from tranche.kernel.db.embedded import OWNER_ROLE
from tranche.kernel.db.pool import connect

_ORDERS: Final = (10_000, 100_000)
_WORKERS: Final = 2
_ONE_BY_ONE: Final = 500
_PACE: Final = {False: 5_000, True: 2_500}
_RATIO: Final = 0.5
_FIRST_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 600
_SMALL: Final = 10
_PATIENCE: Final = 5.0
_BATCH: Final = "/functions/v1/batch-invoice-orders"
_OPEN: Final = {"filter": {"status": "open"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one run took: until the first invoice was there, and until the operation had ended."""

    first: float
    seconds: float


def main() -> None:
    """Measure, print the table, and keep it where it is asked for."""
    options = _read()
    lines: list[Line] = []
    with open_postgres() as (postgres, home):
        run = Run(command=typed(), postgres=postgres.version)
        with open_house(postgres, home, name="bench_invoices") as house:
            try:
                for tracked in (False, True):
                    for orders in options.orders:
                        lines += _measure(house, orders=orders, tracked=tracked, workers=options.workers)
                lines += _beside_a_large_one(house, orders=max(options.orders), workers=options.workers)
                lines += _one_by_one(house, orders=options.one_by_one)
                lines += _orm(house, python=options.peers, orders=options.one_by_one) if options.peers else []
            finally:
                show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="invoices")


def _measure(house: House, *, orders: int, tracked: bool, workers: int) -> list[Line]:
    """One run of Tranche, and the raw limit over the same orders of another organization."""
    what = f"{orders:,} orders of {LINES} lines, {'with lots' if tracked else 'untracked'}"
    with house.client(f"Raw {what}") as client:
        raw = raw_seconds(house, _ready(house, client, orders=orders, tracked=tracked))
    with house.client(what) as client, house.workers(workers) as crew:
        _ready(house, client, orders=orders, tracked=tracked)
        with house.watch(crew) as peaks:
            taken = _run(client, orders=orders)
    ratio, pace = raw / taken.seconds, orders / taken.seconds
    return [
        Line(what=f"**{what}**"),
        Line(what="raw chunked SQL, one connection", rows=orders, seconds=raw, ratio=1.0),
        Line(
            what=f"Tranche, {workers} workers, request to completed",
            rows=orders,
            seconds=taken.seconds,
            ratio=ratio,
            megabytes=" / ".join(f"{peaks.bytes[kind] / 1e6:.0f}" for kind in (SERVER, WORKER, BACKEND)),
            target=f"≥ {_PACE[tracked]:,}/s, ratio ≥ {_RATIO}",
            met=pace >= _PACE[tracked] and ratio >= _RATIO,
        ),
        Line(
            what="Tranche, request to first invoice",
            seconds=taken.first,
            target=f"< {_FIRST_SECONDS} s",
            met=taken.first < _FIRST_SECONDS,
        ),
    ]


def _ready(house: House, client: Client, *, orders: int, tracked: bool) -> Sales:
    sales = make_sales(house, client, orders=orders, tracked=tracked)
    house.settle()
    return sales


def _run(client: Client, *, orders: int) -> Taken:
    begun = time.perf_counter()
    job = client.post(_BATCH, _OPEN)
    first = None
    while True:
        state = client.ask(f"/api/operations/{job['operation_id']}")["data"]
        seconds = time.perf_counter() - begun
        if first is None and state["succeeded"]:
            first = seconds
        if state["status"] in TERMINAL:
            break
        if seconds > _MOST_SECONDS:
            sys.exit("A run did not end.")
        time.sleep(0.02)
    if state["succeeded"] != orders:
        sys.exit(f"A run issued {state['succeeded']} of {orders} invoices: {state}")
    return Taken(first=first or seconds, seconds=seconds)


def _beside_a_large_one(house: House, *, orders: int, workers: int) -> list[Line]:
    """How long a small run of one organization takes while a large one of another is under way."""
    with house.client("Large") as large, house.client("Small") as small, house.workers(workers):
        make_sales(house, small, orders=_SMALL, tracked=False)
        _ready(house, large, orders=orders, tracked=False)
        path = f"/api/operations/{large.post(_BATCH, _OPEN)['operation_id']}"
        while not large.ask(path)["data"]["succeeded"]:
            time.sleep(0.02)
        taken = _run(small, orders=_SMALL)
        was_there = large.ask(path)["data"]["status"] == "processing"
        if was_there:
            large.post(f"{path}/cancel", {})
        while large.ask(path)["data"]["status"] not in TERMINAL:
            time.sleep(0.02)
    return [
        Line(what=f"**while {orders:,} orders of another organization are being invoiced**"),
        Line(
            what=f"Tranche, {_SMALL} orders, request to completed{'' if was_there else '; the large run ended before'}",
            rows=_SMALL,
            seconds=taken.seconds,
            target=f"< {_PATIENCE} s",
            met=was_there and taken.seconds < _PATIENCE,
        ),
    ]


def _one_by_one(house: House, *, orders: int) -> list[Line]:
    with house.client("One by one") as client:
        sales = _ready(house, client, orders=orders, tracked=False)
        ctx = Context(organization_id=sales.organization_id, role=Role.ADMIN)
        with house.database.transaction(sales.organization_id) as conn:
            ids = [row["id"] for row in conn.execute("SELECT id FROM orders ORDER BY id").fetchall()]
        begun = time.perf_counter()
        for order_id in ids:
            with house.database.transaction(sales.organization_id) as conn:
                issue_one(conn, ctx, order_id=order_id, wishes=Wishes(), user_id=None, now=datetime.now(UTC))
        seconds = time.perf_counter() - begun
    return [
        Line(what="**beside it, untracked**"),
        _beside("a transaction per invoice, the product's own verb", orders, seconds),
    ]


def _orm(house: House, *, python: Path, orders: int) -> list[Line]:
    with house.client(f"ORM {secrets.token_hex(4)}") as client:
        sales = _ready(house, client, orders=orders, tracked=False)
        url = house.postgres.url(OWNER_ROLE, database=house.name)
        script = Path(__file__).parent / "peer_invoices.py"
        done = subprocess.run(
            [str(python), str(script), url, str(sales.organization_id)], check=False, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"SQLAlchemy failed: {done.stderr}")
        with connect(house.owner_url) as conn:
            (row,) = conn.execute(
                "SELECT count(*) AS count FROM invoices WHERE organization_id = %(id)s", {"id": sales.organization_id}
            ).fetchall()
        if row["count"] != orders:
            sys.exit(f"SQLAlchemy issued {row['count']} invoices.")
    return [_beside("SQLAlchemy ORM, a transaction per invoice", orders, float(done.stdout))]


def _beside(what: str, orders: int, seconds: float) -> Line:
    return Line(what=what, rows=orders, seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    orders: list[int]
    workers: int
    one_by_one: int
    peers: Path | None
    markdown: Path | None


def _read() -> _Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--orders", type=int, nargs="+", default=list(_ORDERS), help="of each run (default: %(default)s)")
    add("--workers", type=int, default=_WORKERS, help="worker processes (default: %(default)s)")
    add("--one-by-one", type=int, default=_ONE_BY_ONE, help="orders of what is measured beside (default: %(default)s)")
    add("--peers", type=Path, help="the Python that has SQLAlchemy installed; without it no ORM is measured")
    add("--markdown", type=Path, help="put the table into this file too, in place of the one there")
    given = parser.parse_args()
    return _Options(
        orders=given.orders,
        workers=given.workers,
        one_by_one=given.one_by_one,
        peers=given.peers,
        markdown=given.markdown,
    )


if __name__ == "__main__":
    main()
