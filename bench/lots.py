"""Lot operations through the HTTP interface beside the same work as raw SQL transactions; and a deep trace.

    python bench/lots.py [--seconds 8] [--clients 16] [--markdown bench/RESULTS.md]

Both halves run against the same throw-away server of PostgreSQL, by turns, with the same number of clients: transfers
of 0.001 between random lots of one item. The raw half sends what an operation needs and no more: tenant, lots found,
lots locked in the order of their ids, balances read, the movement written, the audit entry written. The server is
`tranche serve` with a process for each core (`--processes`); all of it, clients included, shares the machine.
"""

import argparse
import contextlib
import json
import logging
import multiprocessing
import os
import random
import secrets
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import httpx

from table import Line, Run, show, write
from tranche.app import make_web
from tranche.commands.crew import Crew
from tranche.commands.logs import configure_logs
from tranche.commands.process import Part, Process, WebPart, bind
from tranche.inventory import service
from tranche.inventory.service import Receipt, Share
from tranche.kernel.context import Context
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.migrate import migrate
from tranche.kernel.db.pool import Database, connect
from tranche.kernel.db.roles import settle_role
from tranche.kernel.identity.service import bootstrap
from tranche.kernel.settings import Settings

LOTS = 200
ROUNDS = 2
TRACES = 11
TARGET = 0.5
TRACE_TARGET = 0.1
ENOUGH = 10**9


def main() -> None:
    """Measure both halves in turn, then the trace, and show the table."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--seconds", type=float, default=8, help="of each of the rounds")
    wanted.add_argument("--clients", type=int, default=16)
    wanted.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of the server")
    wanted.add_argument("--movements", type=int, default=10_000)
    wanted.add_argument("--markdown", type=Path, help="put the table into this file")
    given = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres.start(Path(folder), pg_bin=None) as server:
        server.create_database("bench")
        migrate(server.url(OWNER_ROLE, database="bench"))
        url = server.url(APP_ROLE, database="bench")
        with connect(url) as conn:
            settle_role(conn)
        settings = Settings(
            home=Path(folder),
            port=free_port(),
            log_format="json",
            rate_per_minute=ENOUGH,
            rate_per_minute_organization=ENOUGH,
        )
        database = Database(url, size=20, name="bench").open()
        with serving(settings, url, processes=given.processes):
            lines = compare(given, settings, database)
        database.close()
        run = Run(command=f"python bench/lots.py --seconds {given.seconds:g}", postgres=server.version)
    show(lines, run)
    if given.markdown:
        write(given.markdown, lines, run, section="lots")


def compare(given: argparse.Namespace, settings: Settings, database: Database) -> list[Line]:
    """Raw and HTTP by turns, so that neither has the better hour; then the trace."""
    ctx, key = join(database)
    item = prepare(database, ctx)
    headers = {"Authorization": f"Bearer {key}", "x-branch-id": str(ctx.branch_id)}
    clients = [Caller(settings.port, headers) for _ in range(given.clients)]
    raw = http = 0
    for _ in range(ROUNDS):
        raw += measure(given, lambda chance, _: raw_transfer(database, ctx, item, chance))
        http += measure(given, lambda chance, which: http_transfer(clients[which], item, chance))
    seconds, ratio = ROUNDS * given.seconds, http / raw
    traced, levels = trace(database, ctx, movements=given.movements)
    return [
        Line(what=f"raw SQL transactions, {given.clients} clients", rows=raw, seconds=seconds, ratio=1),
        Line(
            what=f"transfers through HTTP, {given.clients} clients",
            rows=http,
            seconds=seconds,
            ratio=ratio,
            target=f"≥ {TARGET}",
            met=ratio >= TARGET,
        ),
        Line(
            what=f"trace of a lot with {given.movements:,} movements and {levels} levels, median of {TRACES}",
            seconds=traced,
            target="< 0.1 s",
            met=traced < TRACE_TARGET,
        ),
    ]


def serve(settings: Settings, url: str, processes: int) -> None:
    """A server in processes of its own, as it is in earnest; its log goes nowhere."""
    for standard in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), standard)
    configure_logs(level=logging.INFO, log_format=settings.log_format)
    bound = bind(settings.host, settings.port)

    def work(_: int, leash: Part, started: Callable[[], None]) -> None:
        with contextlib.closing(make_web(settings, database_url=url)) as web:
            Process([WebPart(web, settings, bound=bound, started=started), leash]).run(signals=True)

    Crew(processes, work).run(started=lambda: None)


@contextmanager
def serving(settings: Settings, url: str, *, processes: int) -> Iterator[str]:
    """The address of such a server."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(settings, url, processes), daemon=True)
    process.start()
    address = f"http://127.0.0.1:{settings.port}"
    while process.is_alive():
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/livez")
            break
        time.sleep(0.1)
    try:
        yield address
    finally:
        process.terminate()
        process.join(15)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def join(database: Database) -> tuple[Context, str]:
    """An organization with its admin."""
    made = bootstrap(
        database,
        entropy=secrets.token_bytes,
        name="Bench",
        admin_email="ada@bench.test",
        admin_name="Ada",
        zone="UTC",
        currency="USD",
        another=True,
    )
    ctx = Context(
        organization_id=made.organization.id,
        role=made.user.role,
        user_id=made.user.id,
        user_name=made.user.name,
        branch_id=made.branch.id,
    )
    return ctx, made.issued.secret


def prepare(database: Database, ctx: Context) -> int:
    """An item with lots, a million in each."""
    with database.transaction(ctx.organization_id) as conn:
        item = service.create_item(conn, ctx, fields={"name": "Paint"}).id
        for number in range(LOTS):
            receipt = Receipt(number=f"L-{number}", quantity=Decimal(1_000_000))
            service.receive(conn, ctx, item_id=item, receipt=receipt)
    return item


def measure(given: argparse.Namespace, act: Callable[[random.Random, int], None]) -> int:
    """How often `act` is done by all clients together."""
    counts = [0] * given.clients
    ends = time.monotonic() + given.seconds

    def client(which: int) -> None:
        chance = random.Random(which)  # noqa: S311  # no secret
        while time.monotonic() < ends:
            act(chance, which)
            counts[which] += 1

    threads = [threading.Thread(target=client, args=(which,)) for which in range(given.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def raw_transfer(database: Database, ctx: Context, item: int, chance: random.Random) -> None:
    """The statements alone."""
    numbers = [f"L-{number}" for number in chance.sample(range(LOTS), 2)]
    with database.transaction(ctx.organization_id) as conn:
        rows = conn.execute(
            "SELECT id, number, item_id FROM lots WHERE organization_id = %s AND number = ANY(%s)",
            (ctx.organization_id, numbers),
        ).fetchall()
        ids = {row["number"]: row["id"] for row in rows}
        conn.execute(
            "SELECT FROM lots WHERE organization_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            (ctx.organization_id, sorted(ids.values())),
        )
        conn.execute(
            "SELECT lot_id, quantity FROM lot_balances WHERE organization_id = %s AND lot_id = ANY(%s)",
            (ctx.organization_id, sorted(ids.values())),
        ).fetchall()
        conn.execute(
            """
            INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
                to_lot_id, to_branch_id, quantity, created_by)
            VALUES (%s, gen_random_uuid(), 'transfer', %s, %s, %s, %s, %s, 0.001, %s) RETURNING id
            """,
            (ctx.organization_id, item, ids[numbers[0]], ctx.branch_id, ids[numbers[1]], ctx.branch_id, ctx.user_id),
        ).fetchall()
        conn.execute(
            "INSERT INTO audit_entries (organization_id, user_id, actor, action) VALUES (%s, %s, 'Ada', %s)",
            (ctx.organization_id, ctx.user_id, "lot.transfer"),
        )


class Caller:
    """One kept connection, on which requests are sent one after the other."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        """Nothing is sent yet."""
        self._line = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {**headers, "Content-Type": "application/json"}

    def post(self, path: str, body: object) -> None:
        """Send one request and read its answer, which must be a success."""
        self._line.request("POST", path, body=json.dumps(body), headers=self._headers)
        answer = self._line.getresponse()
        content = answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(content.decode())


def http_transfer(client: Caller, item: int, chance: random.Random) -> None:
    """One operation as a client asks for it."""
    source, destination = (f"L-{number}" for number in chance.sample(range(LOTS), 2))
    body = {
        "itemId": item,
        "sourceBatchNumber": source,
        "destinationBatchNumber": destination,
        "quantity": 0.001,
    }
    client.post("/api/batch/transfer", {"data": body})


def trace(database: Database, ctx: Context, *, movements: int) -> tuple[float, int]:
    """Median seconds of the trace of a lot with this many movements below it, and over how many levels."""
    with database.transaction(ctx.organization_id) as conn:
        item = service.create_item(conn, ctx, fields={"name": "Deep"}).id
        receipt = Receipt(number="D-0", quantity=Decimal(1_000_000))
        lot = service.receive(conn, ctx, item_id=item, receipt=receipt).to_lot_id
        for level in range(1, 7):
            share = Share(number=f"D-{level}", quantity=Decimal(900_000 - level))
            service.transfer(conn, ctx, item_id=item, source=f"D-{level - 1}", destination=share)
        conn.execute(
            """
            INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
                to_lot_id, to_branch_id, quantity)
            SELECT current_organization(), gen_random_uuid(), 'transfer', %(item)s, a.id, %(branch)s, b.id,
                %(branch)s, 1
            FROM generate_series(1, %(n)s) AS n
            JOIN lots a ON a.number = 'D-' || (n %% 6) JOIN lots b ON b.number = 'D-' || (n %% 6 + 1)
            """,
            {"item": item, "branch": ctx.branch_id, "n": movements},
        )
    times = []
    for _ in range(TRACES):
        with database.transaction(ctx.organization_id) as conn:
            begun = time.perf_counter()
            found = service.trace(conn, ctx, lot_id=lot or 0)
            times.append(time.perf_counter() - begun)
    return statistics.median(times), max(node.level for node in found.nodes)


if __name__ == "__main__":
    main()
