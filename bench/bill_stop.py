r"""How fast a snapshot is taken and read: against the raw pipeline, row by row, and `psql \copy`.

    python bench/bill_stop.py --rows 1000000

The source is a table of finished rows in a second database, so that the source's own query costs nothing. The raw
pipeline copies it by binary COPY into a plain table, makes the same five keys and indexes, and groups it once; all of
it in one process that does nothing else. Tranche's time is from the request until the run has been published: a real
server, one real worker, committed parts, checks, progress. Row by row is one INSERT and one commit for each row, of
5,000 rows, multiplied. Reading is over HTTP. Seconds differ between machines; compare the ratios of one run.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from house import House, open_house
from memory import BACKEND, SERVER, WORKER, Peaks
from tranche.kernel.db.account import server_account
from tranche.kernel.db.binaries import find_binaries
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import connect

_SOURCE: Final = "tranche_sample"
_HOME: Final = "/api/crp-cpc"
_NAMES: Final = (
    "crp_account_no, cpc_customer_no, customer_name, address, last_bill_date, billing_status, current_balance"
)
_FLAT: Final = """
    CREATE TABLE flat AS SELECT 'CRP' || lpad((1 + n % 25000)::text, 6, '0') AS crp_account_no,
        'CPC' || lpad(n::text, 8, '0') AS cpc_customer_no, 'Rahman, Anika ' || n AS customer_name,
        'House ' || n % 180 || ', Road ' || n % 60 || ', Dhanmondi 1209' AS address,
        current_date - (n % 8 * 10)::integer AS last_bill_date,
        CASE WHEN n % 8 > 3 THEN 'Bill Stop Issue' ELSE 'Active Billing' END AS billing_status,
        (n * 37::bigint % 90000 / 100.0)::numeric(15, 2) AS current_balance FROM generate_series(1, {rows}) AS n
"""
_INDEXES: Final = (
    "ALTER TABLE raw ADD PRIMARY KEY (crp_account_no, cpc_customer_no)",
    "CREATE INDEX ON raw (billing_status, crp_account_no, cpc_customer_no)",
    "CREATE INDEX ON raw (billing_status, cpc_customer_no, crp_account_no)",
    "CREATE INDEX ON raw (billing_status, current_balance DESC, crp_account_no, cpc_customer_no)",
    "CREATE INDEX ON raw (billing_status, last_bill_date, crp_account_no, cpc_customer_no)",
)
_GROUP: Final = (
    "CREATE TABLE raw_summary AS SELECT crp_account_no, count(*) AS total, sum(current_balance) AS balance, "
    "count(*) FILTER (WHERE billing_status = 'Bill Stop Issue') AS stops FROM raw GROUP BY crp_account_no"
)
_ROW_BY_ROW: Final = 5_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="tranche-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the database's user must pass through
        with EmbeddedPostgres.start(home, pg_bin=None) as postgres:
            postgres.create_database(_SOURCE)
            with connect(postgres.url(OWNER_ROLE, database=_SOURCE)) as conn:
                conn.execute(_FLAT.format(rows=rows).encode())
                conn.execute(f"GRANT SELECT ON flat TO {APP_ROLE}")
                conn.execute("VACUUM ANALYZE flat")
            (home / "queries").mkdir()
            (home / "queries" / "flat.sql").write_text("SELECT * FROM flat")
            with open_house(postgres, home, name="bench") as house:
                _measure(house, rows=rows)


def _measure(house: House, *, rows: int) -> None:
    house.settle()
    raw = min(_raw(house) for _ in range(2))
    print(f"raw pipeline: {raw:.2f} s", flush=True)
    print(f"row by row, {rows:,} rows at the speed of {_ROW_BY_ROW:,}: {_row_by_row(house, rows):,.0f} s", flush=True)
    with house.client("Bench") as client, house.workers(1) as workers:
        http = client._http  # noqa: SLF001  # the same key, other addresses
        source = {"kind": "sample", "query": "flat.sql"}
        http.put(f"{_HOME}/bill-stop-source", json={"data": source}).raise_for_status()
        for time_of in ("first", "second"):
            house.settle()
            with Peaks(server=house.server, workers=workers, postmaster=_postmaster(house)) as peaks:
                seconds = _run(http)
            print(f"Tranche, {time_of} run: {seconds:.2f} s, {seconds / raw:.2f} of raw", flush=True)
            print({name: f"{peaks.bytes[name] >> 20} MB" for name in (SERVER, WORKER, BACKEND)}, flush=True)
        print(_pages(http), flush=True)
        _export(house, http, client.organization_id)


def _raw(house: House) -> float:
    statement = f"COPY (SELECT {_NAMES} FROM flat) TO STDOUT (FORMAT binary)"
    source_url = house.postgres.url(APP_ROLE, database=_SOURCE)
    with connect(house.owner_url) as conn, connect(source_url) as source:
        conn.execute("DROP TABLE IF EXISTS raw, raw_summary")
        conn.execute(
            'CREATE TABLE raw (crp_account_no varchar(50) COLLATE "C", cpc_customer_no varchar(50) COLLATE "C", '
            "customer_name varchar(255), address text, last_bill_date date, "
            'billing_status varchar(50) COLLATE "C", current_balance numeric(15, 2))'
        )
        begun = time.perf_counter()
        with (
            conn.transaction(),
            source.cursor() as out,
            conn.cursor() as into,
            out.copy(statement) as reading,
            into.copy("COPY raw FROM STDIN (FORMAT binary)") as writing,
        ):
            for data in reading:
                writing.write(data)
        for index in _INDEXES:
            conn.execute(index.encode())
        conn.execute(_GROUP)
        return time.perf_counter() - begun


def _row_by_row(house: House, rows: int) -> float:
    with connect(house.owner_url) as conn:
        conn.execute("CREATE TABLE single (LIKE raw)")
        begun = time.perf_counter()
        for number in range(_ROW_BY_ROW):
            values = ["CRP1", f"CPC{number}", "Rahman, Anika", "House 1", "2026-11-01", "Active Billing", 1]
            conn.execute("INSERT INTO single VALUES (%s, %s, %s, %s, %s, %s, %s)", values)
        return (time.perf_counter() - begun) * rows / _ROW_BY_ROW


def _run(http: httpx.Client) -> float:
    begun = time.perf_counter()
    started = http.post(f"{_HOME}/bill-stop-batch/trigger", params={"full": "true"}).raise_for_status().json()
    while (state := http.get(f"{_HOME}/bill-stop-batch/status").json())["published_run_id"] != started["run_id"]:
        if not state["is_running"]:
            sys.exit(f"The run failed: {state['last']}")
        time.sleep(0.05)
    seconds = time.perf_counter() - begun
    path = f"/api/operations/{started['operation_id']}"
    while http.get(path).json()["data"]["status"] == "processing":
        time.sleep(0.05)
    return seconds


def _pages(http: httpx.Client) -> str:
    """The analysis with its filters, sorts and far pages, one after the other."""
    taken = []
    for sort in ("crp_account_no", "cpc_customer_no", "current_balance", "last_bill_date"):
        params: dict[str, Any] = {"sort": sort}
        for _ in range(100):
            begun = time.perf_counter()
            page = http.get(f"{_HOME}/bill-stop-analysis", params=params).raise_for_status().json()
            taken.append(time.perf_counter() - begun)
            params["cursor"] = page["details"]["next_cursor"]
    quantiles = statistics.quantiles(taken, n=100)
    return f"analysis over HTTP, 400 pages: median {quantiles[49] * 1000:.1f} ms, p99 {quantiles[98] * 1000:.1f} ms"


def _export(house: House, http: httpx.Client, organization_id: int) -> None:
    query = (
        f"SELECT {_NAMES.replace('current_balance', 'current_balance, s.batch_date')} FROM bill_stop_detail_rows d "
        "JOIN snapshots s ON s.organization_id = d.organization_id AND s.id = d.snapshot_id "
        "WHERE d.snapshot_id = (SELECT max(id) FROM snapshots) ORDER BY crp_account_no, cpc_customer_no"
    )
    psql = find_binaries(None, account=server_account()).folder / "psql"
    script = f"SET app.organization_id = '{organization_id}';\n\\copy ({query}) TO '/dev/null' CSV HEADER\n"
    command = [str(psql), "-q", "-X", house.postgres.url(APP_ROLE, database=house.name)]
    begun = time.perf_counter()
    subprocess.run(command, input=script, text=True, check=True)
    copied = time.perf_counter() - begun
    print(f"psql \\copy: {copied:.2f} s")
    for kind in ("csv", "xlsx"):
        begun, size = time.perf_counter(), 0
        params = {"format": kind, "billing_status": "all"}
        with http.stream("GET", f"{_HOME}/bill-stop-analysis/export", params=params) as answer:
            for piece in answer.raise_for_status().iter_raw():
                size += len(piece)
        seconds = time.perf_counter() - begun
        print(f"export {kind}: {seconds:.2f} s, {size >> 20} MB, {copied / seconds:.2f} of psql's speed", flush=True)


def _postmaster(house: House) -> int:
    with connect(house.owner_url) as conn:
        (row,) = conn.execute("SELECT pg_backend_pid() AS pid").fetchall()
        return int((Path("/proc") / str(row["pid"]) / "stat").read_text().rpartition(")")[2].split()[1])


if __name__ == "__main__":
    main()
