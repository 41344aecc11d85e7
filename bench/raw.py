"""The raw limit: the fastest parse of a workbook, and COPY of an import's rows into the same two tables.

    python bench/raw.py BOOK      prints the seconds of the parse alone

The parse holds every cell as text and does nothing with it. The COPY is the owner's, whom no tenant wall holds, in
one transaction, of rows that are finished: numbers, customers and items already known, nothing to judge. Indexes,
checks and foreign keys are the tables' own.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import fastexcel

from house import House
from tranche.kernel.db.pool import Connection, connect

_TABLES: Final = ("orders", "order_lines")
_PART: Final = 1 << 20


def parse_seconds(book: Path, *, times: int) -> float:
    """The best of so many, each in a fresh process."""
    command = [sys.executable, __file__, str(book)]
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(times))


def copy_seconds(house: House, *, organization_id: int, times: int) -> float:
    """The best of so many, each into tables that were rid of the organization's rows and vacuumed."""
    with connect(house.owner_url) as conn:
        columns = {table: _columns(conn, table) for table in _TABLES}
        rows = {table: _copy_out(conn, table, columns[table], organization_id) for table in _TABLES}
        taken = []
        for _ in range(times):
            for table in reversed(_TABLES):
                conn.execute(f"DELETE FROM {table} WHERE organization_id = %(id)s", {"id": organization_id})
            conn.execute(f"VACUUM {', '.join(_TABLES)}")
            house.settle()
            begun = time.perf_counter()
            with conn.transaction():
                for table in _TABLES:
                    _copy_in(conn, table, columns[table], rows[table])
            taken.append(time.perf_counter() - begun)
        return min(taken)


def _columns(conn: Connection, table: str) -> str:
    found = conn.execute(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS names "
        "FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %(table)s AND is_generated = 'NEVER'",
        {"table": table},
    ).fetchall()
    return str(found[0]["names"])


def _copy_out(conn: Connection, table: str, columns: str, organization_id: int) -> bytes:
    query = f"COPY (SELECT {columns} FROM {table} WHERE organization_id = {organization_id:d}) TO STDOUT"
    with conn.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(copy)


def _copy_in(conn: Connection, table: str, columns: str, rows: bytes) -> None:
    with conn.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for start in range(0, len(rows), _PART):
            copy.write(rows[start : start + _PART])


def _parse(book: Path) -> float:
    begun = time.perf_counter()
    fastexcel.read_excel(book).load_sheet(0, dtypes="string").to_arrow()
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(_parse(Path(sys.argv[1])))
