"""How fast orders come in: against the raw limit in one run, and with one, two and four workers.

    python bench/orders_import.py [--lines 300000]

The raw limit is the fastest parse of the same workbook, plus COPY of the same rows into the same two
tables by their owner, whom no tenant wall holds. Seconds differ between machines; compare the ratios.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fastexcel

from tranche.imports.domain import Limits, Mapping
from tranche.imports.sample import write_sample
from tranche.kernel.context import Context, Role
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.migrate import migrate
from tranche.kernel.db.pool import Database, connect
from tranche.kernel.db.roles import settle_role
from tranche.kernel.identity.service import bootstrap
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.operations.handlers import Registry
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.local import LocalFiles
from tranche.orders.service import Upload, upload
from tranche.orders.tasks import make_handlers

LINES_PER_ORDER = 3
COPIED = {
    "orders": "organization_id, id, batch_id, number, customer_id, kind, status, order_date, currency, line_count, "
    "total, notes, created_at, updated_at",
    "order_lines": "organization_id, order_id, line_number, item_id, description, quantity, unit_price, tax_rate, "
    "amount, source_row, extra",
}


def main() -> None:
    """Make a workbook, import it with 1, 2 and 4 workers, then do the same the raw way."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", type=int, default=300_000)
    lines = arguments.parse_args().lines
    with tempfile.TemporaryDirectory(prefix="tranche-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        book = home / "orders.xlsx"
        facts = write_sample(book, orders=lines // LINES_PER_ORDER, bad_every=100, seed=1)
        with EmbeddedPostgres.start(home, pg_bin=None) as server:
            migrate(server.owner_url)
            with connect(server.app_url) as conn:
                settle_role(conn)
            taken = {count: import_with(count, server, home, book) for count in (1, 2, 4)}
            raw_copy = copy_seconds(server)
        raw_parse = parse_seconds(book)
        show(facts.rows, taken, raw_parse=raw_parse, raw_copy=raw_copy)


def import_with(count: int, server: EmbeddedPostgres, home: Path, book: Path) -> float:
    """Seconds from the upload to the end of its operation, in a new organization."""
    database = Database(server.app_url, size=4).open()
    made = bootstrap(
        database,
        entropy=secrets.token_bytes,
        name=f"Bench {count}",
        admin_email="bench@example.test",
        admin_name="Bench",
        another=True,
    )
    ctx = Context(organization_id=made.organization.id, role=Role.ADMIN, user_id=made.user.id, user_name="Bench")
    files = LocalFiles(home / "files")
    operations = Operations(ProcrastinateQueue(), Registry(make_handlers(files, limits=Limits())))
    with workers(count, server, home):
        begun = time.perf_counter()
        with book.open("rb") as stream:
            stored = files.put(ctx.organization_id, stream, limit=10**9)
        with database.transaction(ctx.organization_id) as conn:
            wanted = Upload(stored=stored, file_name=book.name, mapping=Mapping())
            _, operation = upload(conn, ctx, operations, wanted=wanted)
        while True:
            with database.transaction(ctx.organization_id) as conn:
                found = get_operation(conn, operation_id=operation.id)
            if found.status.is_terminal:
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - begun
    database.close()
    if not found.succeeded:
        sys.exit(f"the import failed: {found.error}")
    return seconds


@contextmanager
def workers(count: int, server: EmbeddedPostgres, home: Path) -> Iterator[None]:
    """So many worker processes, ready before the block begins."""
    environment = {**os.environ, "DATABASE_URL": server.app_url, "TRANCHE_HOME": str(home)}
    command = [sys.executable, "-c", "from tranche.cli import main; main()", "worker"]
    crew = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        with connect(server.app_url) as conn:
            while conn.execute("SELECT count(*) AS n FROM workers").fetchall()[0]["n"] < count:
                time.sleep(0.05)
        yield
    finally:
        for process in crew:
            process.terminate()
        for process in crew:
            process.wait(20)


def parse_seconds(book: Path) -> float:
    """The fastest reader alone, every column as text."""
    begun = time.perf_counter()
    fastexcel.read_excel(book).load_sheet(0, dtypes="string").to_arrow()
    return time.perf_counter() - begun


def copy_seconds(server: EmbeddedPostgres) -> float:
    """COPY of one organization's imported rows, as finished text, into the same tables."""
    with connect(server.owner_url) as conn:
        kept = {
            table: b"".join(_copy_out(conn, f"SELECT {columns} FROM {table} WHERE organization_id = 1"))
            for table, columns in COPIED.items()
        }
        conn.execute("DELETE FROM order_lines WHERE organization_id = 1")
        conn.execute("DELETE FROM orders WHERE organization_id = 1")
        conn.execute("VACUUM orders, order_lines")
        begun = time.perf_counter()
        with conn.transaction(), conn.cursor() as cursor:
            for table, columns in COPIED.items():
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    copy.write(kept[table])
        return time.perf_counter() - begun


def _copy_out(conn: object, query: str) -> Iterator[bytes]:
    with conn.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:  # type: ignore[attr-defined]  # psycopg's
        yield from (bytes(part) for part in copy)


def show(rows: int, taken: dict[int, float], *, raw_parse: float, raw_copy: float) -> None:
    """One table: seconds, rows a second, ratio to the raw limit."""
    raw = raw_parse + raw_copy
    print(f"{rows:,} lines (.xlsx, 9 columns, 1 order in 100 bad), {os.cpu_count()} cores\n")
    print(f"{'':28}{'seconds':>10}{'rows/s':>12}{'x raw':>8}")
    print(f"{'raw parse':28}{raw_parse:>10.2f}{rows / raw_parse:>12,.0f}")
    print(f"{'raw COPY, two tables':28}{raw_copy:>10.2f}{rows / raw_copy:>12,.0f}")
    print(f"{'raw limit (both)':28}{raw:>10.2f}{rows / raw:>12,.0f}{1:>8.2f}")
    for count, seconds in taken.items():
        print(f"{f'Tranche, {count} worker(s)':28}{seconds:>10.2f}{rows / seconds:>12,.0f}{seconds / raw:>8.2f}")


if __name__ == "__main__":
    main()
