"""How much disk what is kept takes: the database grown by an upload, by its invoices, their PDFs and their mails.

    python bench/disk.py                                       100,000 lines of orders, 500 PDFs and mails
    python bench/disk.py --lines 3000 --papers 20              fewer

Each step goes through the door, as in the other benches; then the database is vacuumed and asked for its size. Order
lines count with their order, its customer, its items and its part of what says how the upload went; files are those of
`TRANCHE_HOME`. Nothing here depends on the machine's speed.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from books import make_book
from house import Client, House, open_house, open_postgres
from table import Line, Run, show, typed, write
from tranche.kernel.db.pool import connect

_PAUSE: Final = 0.1


def main() -> None:
    """Measure, print the table, and keep it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000, help="of orders, three each")
    parser.add_argument("--papers", type=int, default=500, help="invoices that are printed and sent")
    parser.add_argument("--markdown", type=Path, help="write the table into this file")
    options = parser.parse_args()
    with open_postgres() as (postgres, home):
        run = Run(command=typed(), postgres=postgres.version)
        with open_house(postgres, home, name="bench_disk") as house, house.client("Disk") as client:
            lines = _measure(house, client, lines=options.lines, papers=options.papers)
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="disk")


def _measure(house: House, client: Client, *, lines: int, papers: int) -> list[Line]:
    book = make_book(house.home / "book.xlsx", lines=lines, bad_every=0)
    with house.workers(1):
        uploaded = _grown(house, lambda: client.upload(book.path))
        invoiced = _grown(
            house, lambda: _do(client, "/functions/v1/batch-invoice-orders", {"filter": {"status": "open"}})
        )
        ids = _invoices(house, client, papers)
        printed = _grown(house, lambda: _do(client, "/api/batch-operations/pdfs", {"invoice_ids": ids}))
        sent = _grown(
            house, lambda: _do(client, "/api/batch-operations/communications", {"invoice_ids": ids, "method": "email"})
        )
    return [
        _line("an order line, with its order, customer and items", rows=book.rows, grown=uploaded),
        _line("an invoice of three lines", rows=book.good_orders, grown=invoiced),
        _line("a printed invoice", rows=len(ids), grown=printed),
        _line("a mail with its invoice, sent", rows=len(ids), grown=sent),
    ]


def _do(client: Client, path: str, body: dict[str, object]) -> None:
    job = client.post(path, body)
    client.wait(int(job.get("operation_id") or job["id"]), pause=_PAUSE)


def _invoices(house: House, client: Client, count: int) -> list[int]:
    with connect(house.owner_url) as conn:
        rows = conn.execute(
            "SELECT id FROM invoices WHERE organization_id = %s ORDER BY id LIMIT %s", (client.organization_id, count)
        ).fetchall()
    return [row["id"] for row in rows]


def _grown(house: House, work: Callable[[], object]) -> tuple[int, int]:
    """By how many bytes the work lets the database grow, and the files."""
    before = _sizes(house)
    work()
    after = _sizes(house)
    return after[0] - before[0], after[1] - before[1]


def _sizes(house: House) -> tuple[int, int]:
    with connect(house.postgres.url("postgres", database=house.name)) as conn:
        conn.execute("VACUUM")
        conn.execute("CHECKPOINT")
        size = conn.execute("SELECT pg_database_size(current_database()) AS size").fetchall()[0]["size"]
    files = sum(file.stat().st_size for file in (house.home / "files").rglob("*") if file.is_file())
    return int(size), files


def _line(what: str, *, rows: int, grown: tuple[int, int]) -> Line:
    database, files = grown
    return Line(what=f"{what}: {database / rows:,.0f} bytes in the database, {files / rows:,.0f} in files")


if __name__ == "__main__":
    main()
