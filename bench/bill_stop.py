r"""How fast a snapshot is taken, read and exported: against the raw pipeline, dlt, row by row, `psql \copy`, peers.

    python bench/bill_stop.py --rows 1000000
    python bench/bill_stop.py --rows 5000000 --parts read

The source is a table of finished rows in a second database, so that the source's own query costs nothing. What is
compared with what stands at the head of `snapshot_load.py` and `snapshot_read.py`. Peers run where `make peers` has
installed them, and are left out elsewhere. Seconds differ between machines; compare the ratios of one run.
"""

import argparse
from pathlib import Path
from typing import Final

from house import House, open_house, open_postgres
from peers import default_python
from snapshot_load import FLAT, SOURCE, measure_load, measure_run
from snapshot_read import measure_exports, measure_pages
from table import Line, Run, show, write
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import connect

PARTS: Final = ("load", "read", "export")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--peers", type=Path, default=default_python(), help="the Python that has the peers")
    parser.add_argument("--markdown", type=Path, help="put the table into this file")
    options = parser.parse_args()
    python = options.peers if options.peers.exists() else None
    with open_postgres() as (postgres, home):
        _fill(postgres, home, rows=options.rows)
        with open_house(postgres, home, name="bench") as house:
            lines = _measure(house, rows=options.rows, parts=options.parts, python=python)
        words = f" --parts {' '.join(options.parts)}" if options.parts != PARTS else ""
        run = Run(command=f"python bench/bill_stop.py --rows {options.rows}{words}", postgres=postgres.version)
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section=f"snapshots of {options.rows:,}")


def _fill(postgres: EmbeddedPostgres, home: Path, *, rows: int) -> None:
    postgres.create_database(SOURCE)
    with connect(postgres.url(OWNER_ROLE, database=SOURCE)) as conn:
        conn.execute(FLAT.format(rows=rows, table="flat").encode())
        conn.execute(f"GRANT SELECT ON flat TO {APP_ROLE}")
        conn.execute("VACUUM ANALYZE flat")
    (home / "queries").mkdir()
    (home / "queries" / "flat.sql").write_text("SELECT * FROM flat")


def _measure(house: House, *, rows: int, parts: list[str], python: Path | None) -> list[Line]:
    found = [Line(what=f"**{rows:,} customers**")]
    with house.client("Bench") as client:
        with house.workers(1) as workers:
            if "load" in parts:
                found += measure_load(house, client, workers, rows=rows, python=python)
            else:
                found += measure_run(house, client, workers, rows=rows)
        if "read" in parts:
            house.settle()
            found += measure_pages(client)
        if "export" in parts:
            found += measure_exports(house, client, rows=rows, python=python)
    return found


if __name__ == "__main__":
    main()
