r"""Reading a snapshot: pages over HTTP, and exports beside `psql \copy` and writers of workbooks.

`psql` writes the same columns in the same order to /dev/null, without the guard against formulas; our exports come over
HTTP and are thrown away by their client. The writers of workbooks make their rows up and write into a file: they need
no database and no connection.
"""

import http.client
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from house import Client, House
from memory import SERVER
from snapshot_load import HOME, NAMES, run_peer
from table import Line
from tranche.kernel.db.account import server_account
from tranche.kernel.db.binaries import find_binaries
from tranche.kernel.db.embedded import APP_ROLE

_PAGES: Final = 100
_SLOWEST: Final = 0.05
_TARGET: Final = 0.8
_TIMES: Final = 3
_BLOCK: Final = 1 << 20


def measure_pages(client: Client) -> list[Line]:
    """The analysis by its four sorts, a hundred pages of each, one after the other."""
    taken = []
    for sort in ("crp_account_no", "cpc_customer_no", "current_balance", "last_bill_date"):
        params: dict[str, Any] = {"sort": sort}
        for _ in range(_PAGES):
            begun = time.perf_counter()
            page = client.http.get(f"{HOME}/bill-stop-analysis", params=params).raise_for_status().json()
            taken.append(time.perf_counter() - begun)
            params["cursor"] = page["details"]["next_cursor"]
    quantiles = statistics.quantiles(taken, n=100)
    what = f"analysis over HTTP, {len(taken)} pages"
    return [
        Line(what=f"{what}, median", seconds=quantiles[49]),
        Line(
            what=f"{what}, p99",
            seconds=quantiles[98],
            target=f"< {_SLOWEST:.2f} s",
            met=quantiles[98] < _SLOWEST,
        ),
    ]


def measure_exports(house: House, client: Client, *, rows: int, python: Path | None) -> list[Line]:
    """CSV and `psql` in turns, then XLSX and the peers; ratio: the speed beside `psql`, and how many times our time."""
    copied, csv, sizes = [], [], []
    for _ in range(_TIMES):
        house.settle()
        copied.append(_psql(house, client.organization_id))
        with house.watch([]) as peaks:
            csv.append(_export(house, client, "csv", rows=rows))
        sizes.append(peaks.bytes[SERVER])
    with house.watch([]) as peaks:
        xlsx = min(_export(house, client, "xlsx", rows=rows) for _ in range(2))
    ratio = min(copied) / min(csv)
    found = [
        Line(what=f"`psql \\copy` of the same columns, best of {_TIMES}", rows=rows, seconds=min(copied), ratio=1.0),
        Line(
            what=f"export as CSV over HTTP, best of {_TIMES}",
            rows=rows,
            seconds=min(csv),
            ratio=ratio,
            megabytes=", ".join(f"{size / 1e6:,.0f}" for size in sizes),
            target=f"ratio ≥ {_TARGET}",
            met=ratio >= _TARGET,
        ),
        Line(
            what="export as XLSX over HTTP, best of 2",
            rows=rows,
            seconds=xlsx,
            ratio=1.0,
            megabytes=f"{peaks.bytes[SERVER] / 1e6:,.0f}",
        ),
    ]
    for name in ("rustpy-xlsxwriter", "xlsxwriter") if python else ():
        told = run_peer(
            python or Path(), "peer_xlsx.py", name, str(rows), str(house.home / "peer.xlsx"), folder=house.home
        )
        seconds = told["seconds"]
        found.append(
            Line(
                what=f"{name} alone",
                rows=rows,
                seconds=seconds,
                ratio=seconds / xlsx,
                megabytes=f"{told['bytes'] / 1e6:,.0f}",
            )
        )
    return found


def _psql(house: House, organization_id: int) -> float:
    query = (
        f"SELECT {NAMES}, (SELECT batch_date FROM snapshots WHERE id = (SELECT max(id) FROM snapshots)) AS batch_date "
        "FROM bill_stop_detail_rows WHERE organization_id = current_organization() "
        "AND snapshot_id = (SELECT max(id) FROM snapshots) ORDER BY crp_account_no, cpc_customer_no"
    )
    psql = find_binaries(None, account=server_account()).folder / "psql"
    script = f"SET app.organization_id = '{organization_id}';\n\\copy ({query}) TO '/dev/null' CSV HEADER\n"
    command = [str(psql), "-q", "-X", house.postgres.url(APP_ROLE, database=house.name)]
    begun = time.perf_counter()
    subprocess.run(command, input=script, text=True, check=True)
    return time.perf_counter() - begun


def _export(house: House, client: Client, kind: str, *, rows: int) -> float:
    """By a client that costs little, as `curl` does."""
    query = urlencode({"format": kind, "billing_status": "all"})
    line = http.client.HTTPConnection(urlsplit(house.url).netloc, timeout=300)
    begun = time.perf_counter()
    line.request("GET", f"{HOME}/bill-stop-analysis/export?{query}", headers=dict(client.http.headers))
    answer = line.getresponse()
    count = 0
    while block := answer.read1(_BLOCK):
        count += block.count(b"\n")
    seconds = time.perf_counter() - begun
    line.close()
    if answer.status != http.client.OK or (kind == "csv" and count != rows + 1):
        raise SystemExit(f"The export was answered {answer.status} with {count} lines.")
    return seconds
