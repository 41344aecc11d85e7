"""Taking a snapshot: raw, by Tranche, by dlt, row by row.

The raw pipeline copies the source by binary COPY into a plain table, makes the same five keys and indexes, and groups
it once; all of it in one process that does nothing else. Tranche's time is from the request until the run has been
published: a real server, one real worker, committed parts, checks, progress. dlt copies into a plain table by its own
means, and then makes the same indexes and groups; see `peer_dlt.py`. Row by row is what document 4's script did, one
INSERT and one commit for each row, of 5,000 rows, multiplied.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx

from house import Client, House
from memory import BACKEND, SERVER, WORKER, Peaks
from table import Line
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE
from tranche.kernel.db.pool import connect

SOURCE: Final = "tranche_sample"
HOME: Final = "/api/crp-cpc"
NAMES: Final = (
    "crp_account_no, cpc_customer_no, customer_name, address, last_bill_date, billing_status, current_balance"
)
FLAT: Final = """
    CREATE TABLE {table} AS SELECT 'CRP' || lpad((1 + n % 25000)::text, 6, '0') AS crp_account_no,
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
_TARGET: Final = 1.5
_DLT_TARGET: Final = 3.0
_MOST_SECONDS: Final = 240
_GROWTH: Final = 1.1
_GROWTH_BYTES: Final = 20_000_000


def measure_load(house: House, client: Client, workers: list[int], *, rows: int, python: Path | None) -> list[Line]:
    """All of them; each run of Tranche is a full one."""
    house.settle()
    raw = min(_raw(house) for _ in range(2))
    found = [Line(what="raw pipeline, best of 2", rows=rows, seconds=raw, ratio=1.0)]
    taken, peaks = [], []
    _use_source(client)
    for turn in ("first", "second"):
        seconds, seen = _watched_run(house, client, workers)
        taken.append(seconds)
        peaks.append(seen)
        ratio = seconds / raw
        found.append(
            Line(
                what=f"Tranche, request to published, {turn} run",
                rows=rows,
                seconds=seconds,
                ratio=ratio,
                target=f"ratio ≤ {_TARGET}",
                met=ratio <= _TARGET,
            )
        )
    found += _memory_lines(*peaks)
    best = min(taken)
    for backend in ("pyarrow", "sqlalchemy") if python else ():
        house.settle()
        seconds = _dlt(house, backend, python=python or Path(), rows=rows)
        is_target = backend == "pyarrow"
        found.append(
            Line(
                what=f"dlt, {backend}; ratio: how many times our time",
                rows=rows,
                seconds=seconds,
                ratio=seconds / best,
                target=f"ratio ≥ {_DLT_TARGET:.0f}" if is_target else "",
                met=seconds / best >= _DLT_TARGET if is_target else None,
            )
        )
    seconds = _row_by_row(house, rows)
    what = f"an INSERT and a commit per row, {_ROW_BY_ROW:,} rows multiplied; ratio likewise"
    return [*found, Line(what=what, rows=rows, seconds=seconds, ratio=seconds / best)]


def measure_run(house: House, client: Client, workers: list[int], *, rows: int) -> list[Line]:
    """One run by Tranche, for what is measured next; with its memory, because that must not grow with the rows."""
    _use_source(client)
    seconds, peaks = _watched_run(house, client, workers)
    return [
        Line(what="Tranche, request to published", rows=rows, seconds=seconds),
        *(
            Line(what=f"memory of the {kind}", megabytes=f"{peaks.bytes[kind] / 1e6:,.0f}")
            for kind in (SERVER, WORKER, BACKEND)
        ),
    ]


def _use_source(client: Client) -> None:
    source = {"kind": "sample", "query": "flat.sql"}
    client.http.put(f"{HOME}/bill-stop-source", json={"data": source}).raise_for_status()


def _watched_run(house: House, client: Client, workers: list[int]) -> tuple[float, Peaks]:
    house.settle()
    with house.watch(workers) as peaks:
        return _run(client.http), peaks


def _run(http: httpx.Client) -> float:
    begun = time.perf_counter()
    started = http.post(f"{HOME}/bill-stop-batch/trigger", params={"full": "true"}).raise_for_status().json()
    while (state := http.get(f"{HOME}/bill-stop-batch/status").json())["published_run_id"] != started["run_id"]:
        if not state["is_running"]:
            sys.exit(f"The run failed: {state['last']}")
        time.sleep(0.05)
    seconds = time.perf_counter() - begun
    path = f"/api/operations/{started['operation_id']}"
    while http.get(path).json()["data"]["status"] == "processing":
        time.sleep(0.05)
    return seconds


def _raw(house: House) -> float:
    statement = f"COPY (SELECT {NAMES} FROM flat) TO STDOUT (FORMAT binary)"
    source_url = house.postgres.url(APP_ROLE, database=SOURCE)
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
            out.copy(statement.encode()) as reading,
            into.copy("COPY raw FROM STDIN (FORMAT binary)") as writing,
        ):
            for data in reading:
                writing.write(data)
        for index in (*_INDEXES, _GROUP):
            conn.execute(index.encode())
        return time.perf_counter() - begun


def _dlt(house: House, backend: str, *, python: Path, rows: int) -> float:
    statements = house.home / "statements.sql"
    statements.write_text("\n".join((*_INDEXES, _GROUP)))
    with connect(house.owner_url) as conn:
        conn.execute("DROP SCHEMA IF EXISTS peer CASCADE")
    source_url = house.postgres.url(OWNER_ROLE, database=SOURCE)
    words = (backend, source_url, house.owner_url, NAMES.replace(" ", ""), str(statements))
    told = run_peer(python, "peer_dlt.py", *words, folder=house.home)
    if told["rows"] != rows:
        sys.exit(f"dlt brought in {told['rows']} of {rows} rows.")
    return told["seconds"]


def run_peer(python: Path, script: str, *words: str, folder: Path) -> dict[str, float]:
    """What a peer in its own process tells of itself; it keeps its things in `folder`, and calls nobody."""
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")}
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name(script)), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=_MOST_SECONDS,
        env={**os.environ, **quiet},
    )
    if done.returncode:
        sys.exit(f"{script} {words[0]} failed: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _row_by_row(house: House, rows: int) -> float:
    with connect(house.owner_url) as conn:
        conn.execute("CREATE TABLE single (LIKE raw)")
        begun = time.perf_counter()
        for number in range(_ROW_BY_ROW):
            values = ["CRP1", f"CPC{number}", "Rahman, Anika", "House 1", "2026-11-01", "Active Billing", 1]
            conn.execute("INSERT INTO single VALUES (%s, %s, %s, %s, %s, %s, %s)", values)
        return (time.perf_counter() - begun) * rows / _ROW_BY_ROW


def _memory_lines(first: Peaks, second: Peaks) -> list[Line]:
    found = []
    for kind in (SERVER, WORKER, BACKEND):
        before, after = first.bytes[kind], second.bytes[kind]
        found.append(
            Line(
                what=f"memory of the {kind}: first run, second",
                megabytes=f"{before / 1e6:,.0f}, {after / 1e6:,.0f}",
                target="no growth",
                met=after <= max(before * _GROWTH, before + _GROWTH_BYTES),
            )
        )
    return found
