"""How cost grows with the work: an import, a run of invoices, their PDFs, a snapshot and a list, each at 1, 10, 100.

    python bench/growth.py                                   about a quarter of an hour
    python bench/growth.py --scale 0.1                       a tenth of each size
    python bench/growth.py --only import invoices            some of them

Each size is done by a new organization through the door of a real server and one real worker. The slope is the
exponent of growth over the last tenfold step: near 1 where cost is proportional. Memory is the peak of each kind of
process while the work was done. The picture goes to `docs/pictures/growth.svg`, the table to `bench/RESULTS.md`.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from books import make_book
from house import Client, House, open_house, open_postgres
from memory import BACKEND, PARSER, SERVER, WORKER
from plot import Curve, Point, draw
from sales import make_sales
from snapshot_load import FLAT, SOURCE
from table import Line, Run, show, typed, write
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import connect

_STEPS: Final = (1, 10, 100)
_MOST_SLOPE: Final = 1.15
_PICTURE: Final = Path(__file__).parent.parent / "docs" / "pictures" / "growth.svg"
_KINDS: Final = (SERVER, WORKER, PARSER, BACKEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One kind of work: the least size, what is made ready before the clock starts, and what is measured."""

    name: str
    unit: str
    least: int
    prepare: Callable[[House, Client, int], object]
    act: Callable[[Client, object], None]


def main() -> None:
    """Measure, print the table, keep it and the picture."""
    works = {work.name: work for work in _WORKS}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="of each size (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=list(works), default=list(works), help="some of them")
    parser.add_argument("--markdown", type=Path, help="put the table into this file, and draw the picture")
    options = parser.parse_args()
    with open_postgres() as (postgres, home):
        _make_source(postgres)
        run = Run(command=typed(), postgres=postgres.version)
        with open_house(postgres, home, name="growth") as house, house.workers(1) as crew:
            curves = [_curve(house, crew, works[name], options.scale) for name in options.only]
    lines = [line for curve in curves for line in _lines(curve)]
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="growth")
        _PICTURE.write_text(draw(curves))


def _curve(house: House, crew: list[int], work: _Work, scale: float) -> Curve:
    points = []
    for step in _STEPS:
        items = max(1, int(work.least * step * scale))
        with house.client(f"{work.name} {items}") as client:
            ready = work.prepare(house, client, items)
            house.settle()
            with house.watch(crew) as peaks:
                begun = time.perf_counter()
                work.act(client, ready)
                seconds = time.perf_counter() - begun
        points.append(Point(items=items, seconds=seconds, bytes=dict(peaks.bytes)))
        print(f"{work.name}: {items:,} {work.unit} in {seconds:.2f} s", file=sys.stderr, flush=True)
    return Curve(name=work.name, unit=work.unit, points=tuple(points))


def _lines(curve: Curve) -> list[Line]:
    found = [Line(what=f"**{curve.name}**; MB: {', '.join(_KINDS)}")]
    for point in curve.points:
        megabytes = " / ".join(f"{point.bytes.get(kind, 0) / 1e6:.0f}" for kind in _KINDS)
        found.append(
            Line(what=f"{point.items:,} {curve.unit}", rows=point.items, seconds=point.seconds, megabytes=megabytes)
        )
    met = curve.slope <= _MOST_SLOPE
    return [*found, Line(what="slope of the last step", ratio=curve.slope, target=f"≤ {_MOST_SLOPE}", met=met)]


def _book(house: House, _: Client, lines: int) -> Path:
    return make_book(house.home / f"{lines}.xlsx", lines=lines).path


def _upload(client: Client, book: object) -> None:
    client.upload(Path(str(book)), pause=0.05)


def _orders(house: House, client: Client, orders: int) -> None:
    make_sales(house, client, orders=orders, tracked=False)


def _invoice(client: Client, _: object) -> None:
    started = client.post("/functions/v1/batch-invoice-orders", {"filter": {"status": "open"}})
    client.wait(int(started["operation_id"]), pause=0.05)


def _invoiced(house: House, client: Client, invoices: int) -> list[int]:
    make_sales(house, client, orders=invoices, tracked=False)
    _invoice(client, None)
    with house.database.transaction(client.organization_id) as conn:
        return [row["id"] for row in conn.execute("SELECT id FROM invoices ORDER BY id").fetchall()]


def _print(client: Client, invoices: object) -> None:
    started = client.post("/api/batch-operations/pdfs", {"invoice_ids": invoices})
    client.wait(int(started["id"]), pause=0.05)


def _make_source(postgres: EmbeddedPostgres) -> None:
    postgres.create_database(SOURCE)


def _sourced(house: House, client: Client, rows: int) -> None:
    with connect(house.postgres.url(OWNER_ROLE, database=SOURCE)) as conn:
        conn.execute(FLAT.format(rows=rows, table=f"flat_{rows}").encode())
        conn.execute(f"GRANT SELECT ON flat_{rows} TO {APP_ROLE}".encode())
        conn.execute(f"VACUUM ANALYZE flat_{rows}".encode())
    queries = house.home / "queries"
    queries.mkdir(exist_ok=True)
    (queries / f"flat_{rows}.sql").write_text(f"SELECT * FROM flat_{rows}")
    client.put("/api/crp-cpc/bill-stop-source", {"data": {"kind": "sample", "query": f"flat_{rows}.sql"}})


def _snapshot(client: Client, _: object) -> None:
    started = client.post("/api/crp-cpc/bill-stop-batch/trigger?full=true", {})
    client.wait(int(started["operation_id"]), pause=0.05)


def _list(client: Client, _: object) -> None:
    size = client.download("/api/orders/export?format=csv")
    if not size:
        sys.exit("The list was empty.")


_WORKS: Final = (
    _Work(name="import", unit="lines", least=2_000, prepare=_book, act=_upload),
    _Work(name="invoices", unit="orders", least=1_000, prepare=_orders, act=_invoice),
    _Work(name="PDFs", unit="invoices", least=20, prepare=_invoiced, act=_print),
    _Work(name="snapshot", unit="customers", least=10_000, prepare=_sourced, act=_snapshot),
    _Work(name="list as CSV", unit="orders", least=5_000, prepare=_orders, act=_list),
)


if __name__ == "__main__":
    main()
