"""A peer: dlt brings the table from one PostgreSQL database into another, then the same indexes and the same GROUP BY.

    python peer_dlt.py BACKEND SOURCE_URL DATABASE_URL COLUMNS STATEMENTS

BACKEND is that of its `sql_table` (`pyarrow` or `sqlalchemy`); with Arrow its files are CSV, which it loads by COPY.
STATEMENTS is a file of SQL for the table `raw`, one a line. Its clock runs from the opening of the source to the last
statement; its libraries have been imported. It sums up nothing while it loads, checks nothing, and whoever reads
meanwhile reads the table that it is loading. Whoever starts it sets RUNTIME__DLTHUB_TELEMETRY=false, so that it calls
nobody, and DLT_DATA_DIR.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import dlt
import psycopg
from dlt.destinations import postgres
from dlt.sources.sql_database import sql_table
from sqlalchemy import create_engine

_CHUNK = 50_000


def main() -> None:
    """Load; prints seconds and rows as JSON."""
    _, backend, source_url, url, columns, statements = sys.argv
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        _load(backend, source_url, url, columns.split(","), folder)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("SET search_path = peer")
            for statement in Path(statements).read_text().splitlines():
                conn.execute(statement.encode())
            seconds = time.perf_counter() - begun
            (rows,) = conn.execute("SELECT count(*) FROM raw").fetchone() or (0,)
    print(json.dumps({"seconds": seconds, "rows": rows}))


def _load(backend: str, source_url: str, url: str, columns: list[str], folder: str) -> None:
    engine = create_engine(source_url.replace("postgresql://", "postgresql+psycopg2://"))
    table = sql_table(engine, table="flat", backend=backend, chunk_size=_CHUNK, included_columns=columns)
    # It wants a host and a password; libpq takes the host of the query, which is the server's socket.
    target = postgres(credentials=url.replace("@/", ":unused@localhost/"))
    pipeline = dlt.pipeline("bill_stop", pipelines_dir=folder, destination=target, dataset_name="peer")
    with_arrow = backend == "pyarrow"
    pipeline.run(
        table.with_name("raw"),
        table_name="raw",
        write_disposition="replace",
        loader_file_format="csv" if with_arrow else "insert_values",
    )


if __name__ == "__main__":
    main()
