"""What a page of orders costs at a thousand and at a million orders: first page, filter, search, a far cursor.

Over HTTP, as the plain role behind the tenant wall: `python bench/pages.py`. Target: p99 grows at most threefold.
"""

import argparse
import base64
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from house import Client, open_house
from table import Line, Run, show, write
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import connect

SIZES: Final = (1_000, 1_000_000)
TARGET: Final = 3.0
_WARM: Final = 20
QUESTIONS: Final = {
    "first page": {"cursor": ""},
    "by total, descending": {"cursor": "", "sort": "-total"},
    "filter: cancelled orders by date": {"cursor": "", "status": "cancelled", "sort": "orderDate"},
    "search by number": {"cursor": "", "search": "N00005", "sort": "orderId"},
    "far page by cursor": {"sort": "orderDate"},
}

_FILL: Final = """
    INSERT INTO customers (organization_id, code, name, name_folded)
        SELECT %(org)s, 'C' || n, 'Customer ' || n, 'customer ' || n FROM generate_series(1, 1000) n;
    INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total, order_date, status)
        SELECT %(org)s, 'N' || lpad(n::text, 7, '0'), c.first + n %% 1000, 'EUR', 1, n::bigint * 7919 %% 99991,
            '2020-01-01'::timestamptz + n * interval '2 minutes',
            CASE WHEN n %% 10 = 0 THEN 'cancelled' ELSE 'open' END
        FROM generate_series(1, %(count)s) n,
            (SELECT min(id) AS first FROM customers WHERE organization_id = %(org)s) c
"""


def main() -> None:
    """Measure both sizes in one run and show the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path, help="put the table into this file")
    parser.add_argument("--requests", type=int, default=300, help="requests for each question and size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres.start(Path(folder), pg_bin=None) as postgres:
        measured = {size: _measure(postgres, Path(folder), size, options.requests) for size in SIZES}
        run = Run(command="python bench/pages.py", postgres=postgres.version)
    lines = [line for question in QUESTIONS for line in _lines(question, measured)]
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="pages")


def _measure(postgres: EmbeddedPostgres, folder: Path, size: int, requests: int) -> dict[str, list[float]]:
    home = folder / f"home{size}"
    home.mkdir()
    with open_house(postgres, home, name=f"pages{size}") as house, house.client("Bench") as client:
        with connect(house.owner_url) as conn:
            conn.execute("SET statement_timeout = 0")
            for statement in _FILL.split(";"):
                conn.execute(statement.encode(), {"org": client.organization_id, "count": size})
            conn.execute("VACUUM ANALYZE")
        house.settle()
        return {question: _ask(client, params, requests) for question, params in QUESTIONS.items()}


def _ask(client: Client, params: dict[str, str], requests: int) -> list[float]:
    """Seconds of each request; where no cursor is given, that of a page in the middle of the list."""
    params = params if "cursor" in params else {**params, "cursor": _middle(client, params)}
    seconds = []
    for _ in range(requests + _WARM):
        begun = time.perf_counter()
        client.ask("/api/orders", params={**params, "limit": "50"})
        seconds.append(time.perf_counter() - begun)
    return seconds[_WARM:]


def _middle(client: Client, params: dict[str, str]) -> str:
    """A cursor half-way: the end of a thousand rows that begin there."""
    total = client.ask("/api/orders", params={"limit": "1"})["pagination"]["totalItems"]
    (order,) = client.ask("/api/orders", params={**params, "limit": "1", "page": str(total // 2)})["data"]
    found = client.ask("/api/orders", params={**params, "limit": "1", "cursor": "", "from": order["orderDate"]})
    text = found["cursors"]["next"]
    cursor = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    bare = client.ask("/api/orders", params={**params, "limit": "1", "cursor": ""})["cursors"]["next"]
    cursor[3] = json.loads(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))[3]
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")


def _lines(question: str, measured: dict[int, dict[str, list[float]]]) -> list[Line]:
    few, many = (sorted(measured[size][question]) for size in SIZES)
    ratio = _p99(many) / _p99(few)
    return [
        Line(what=f"{question}: p99 at {SIZES[0]:,} orders", seconds=_p99(few)),
        Line(
            what=f"{question}: p99 at {SIZES[1]:,} orders (median {statistics.median(many) * 1000:.1f} ms)",
            seconds=_p99(many),
            ratio=ratio,
            target=f"≤ {TARGET:.0f}",
            met=ratio <= TARGET,
        ),
    ]


def _p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


if __name__ == "__main__":
    main()
