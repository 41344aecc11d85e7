"""All kinds of work at once, while workers, the server and the database are killed at random; then the books.

A short one runs in `make check`; `make soak` is a quarter of an hour (TRANCHE_SOAK, in seconds).
"""

import os
import random
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.chance import make_chance
from tests.chaos.clerks import Clerk, Desk, Importer, Storekeeper, invoice, print_and_send, snapshot
from tests.chaos.crash import CrashingPostgres, crashing_postgres
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, Process, Supervisor
from tests.chaos.selling import make_sale
from tests.chaos.verdict import assert_tidy, found_orders
from tests.chaos.waiting import eventually
from tests.forks import TRANCHE
from tests.homes import clear
from tests.inventory.factories import make_item, make_lot
from tests.ports import free_port
from tranche.billing_stops.sample import queries
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE
from tranche.kernel.db.pool import connect
from tranche.kernel.operations.taking import DIED

SECONDS = float(os.environ.get("TRANCHE_SOAK", "15"))
_SAMPLE = "tranche_sample"
_LOTS, _EACH = 6, 1_000
_SALES, _ORDERS = 4, 300

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(SECONDS * 2 + 300)]


@pytest.fixture
def postgres(session_home: Path) -> Iterator[CrashingPostgres]:
    """A server of its own, with a source of bill stops beside our database."""
    home = session_home / f"soak-{os.getpid()}"
    with crashing_postgres(home) as server:
        server.create_database(_SAMPLE)
        with connect(server.url(OWNER_ROLE, database=_SAMPLE)) as conn:
            queries.fill(conn, customers=3_000, reader=APP_ROLE)
        yield server
    clear(home)


@pytest.fixture
def house(postgres: CrashingPostgres, tmp_path: Path) -> Iterator[House]:
    made = House(app_url=postgres.app_url, owner_url=postgres.owner_url, home=tmp_path / "home")
    yield made
    made.close()


def test_everything_at_once_under_every_kill_leaves_the_books_true(
    postgres: CrashingPostgres, house: House, crew: Crew
) -> None:
    chance = make_chance()
    port = free_port()
    workers = Supervisor(crew.worker, count=2)
    servers = Supervisor(lambda: crew.start_server(port), count=1)
    with workers.watching(), servers.watching():
        desk = partial(Desk, f"http://127.0.0.1:{port}", house.key, branch_id=house.ctx.branch_id)
        item = _stock(house)
        for number in range(_SALES):
            make_sale(house, orders=_ORDERS, prefix=f"SO{number}-", tracked=number % 2 == 0)
        desk().ask("PUT", "/api/crp-cpc/bill-stop-source", json={"data": {"kind": "sample"}})
        importer = Importer()
        works = [importer.work, Storekeeper(item, lots=_LOTS).work, invoice, print_and_send, snapshot]
        clerks = [Clerk(desk(), work, chance.randrange(2**32)) for work in works]
        strikes = _strike(postgres, workers, servers, chance)
        for clerk in clerks:
            clerk.end()
        eventually(lambda: _nothing_runs(house), seconds=180, what="the end of all operations")
        _retry_what_was_set_aside(house, importer)
        eventually(lambda: _nothing_runs(house), seconds=180, what="the end of what is retried")
    sys.stdout.write(f"strikes {strikes}; done {[clerk.times for clerk in clerks]}\n")
    _assert_books(house, crew, importer, item)
    assert all(clerk.times for clerk in clerks), "somebody has done nothing, so the test proved nothing"


def _stock(house: House) -> int:
    with house.database.transaction(house.ctx.organization_id) as conn:
        item = make_item(conn, name="Soaked paint")
        for number in range(_LOTS):
            make_lot(conn, item_id=item, number=f"L-{number}", stock={house.ctx.branch_id or 0: str(_EACH)})
    return item


def _strike(
    postgres: CrashingPostgres, workers: Supervisor, servers: Supervisor, chance: random.Random
) -> dict[str, int]:
    """Kill for as long as the soak lasts, each kind at least once; how often what was struck."""
    strikes = {"worker": 0, "server": 0, "database": 0}
    first = chance.sample(list(strikes), len(strikes))
    ends = time.monotonic() + SECONDS
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(left, chance.uniform(0.5, 4.0)))
        what = first.pop() if first else chance.choices(list(strikes), weights=[6, 2, 1])[0]
        if what == "database":
            with postgres.away(seconds=chance.uniform(0.0, 2.0)):
                pass
        else:
            victims: list[Process] = (workers if what == "worker" else servers).living()
            if not victims:
                continue
            chance.choice(victims).kill()
        strikes[what] += 1
    return strikes


def _nothing_runs(house: House) -> bool:
    return not house.rows("SELECT FROM operations WHERE finished_at IS NULL")


def _retry_what_was_set_aside(house: House, importer: Importer) -> None:
    """As a person does once the killing is over: what has ended three workers at one step is not tried any more."""
    died = house.rows(
        """
        SELECT o.id FROM operations o
        WHERE o.id = ANY (%(kept)s) AND (o.error_code = %(code)s OR EXISTS (
            SELECT FROM import_errors e WHERE e.organization_id = o.organization_id
              AND e.import_id = (o.payload ->> 'importId')::bigint AND e.code = %(code)s))
          OR o.kind = 'order_undo' AND o.failed > 0
        """,
        {"kept": [started.operation_id for _, started in importer.kept], "code": DIED},
    )
    for row in died:
        with house.database.transaction(house.ctx.organization_id) as conn:
            house.operations.retry(conn, house.ctx, operation_id=row["id"], code=None)
    sys.stdout.write(f"set aside and retried: {[row['id'] for row in died]}\n")


def _story(house: House, started: Started) -> str:
    """What has happened to an upload, for whoever must understand why its orders are not as they should be."""
    rows = house.rows(
        """
        SELECT o.id, o.kind, o.status, o.error, o.succeeded, o.failed, o.skipped, e.at, e.event, e.detail
        FROM operations o JOIN operation_events e ON e.organization_id = o.organization_id AND e.operation_id = o.id
        WHERE o.id = %(id)s OR o.payload ->> 'undoes' = %(id)s::text OR o.payload ->> 'batchId' = %(batch)s::text
        ORDER BY e.id
        """,
        {"id": started.operation_id, "batch": started.batch_id},
    )
    return "\n".join(" ".join(map(str, row.values())) for row in rows)


def _assert_books(house: House, crew: Crew, importer: Importer, item: int) -> None:
    """Every kept file once, nothing of those taken back, all stock there, and the doctor content."""
    for file, started in importer.kept:
        assert found_orders(house, started) == dict(file.good), f"{file.name}: {_story(house, started)}"
    for file, started in importer.undone:
        assert found_orders(house, started) == {}, f"{file.name}: {_story(house, started)}"
    assert_tidy(house)
    (stock,) = house.rows(
        """
        SELECT sum(b.quantity) AS quantity FROM lot_balances b
        JOIN lots l ON l.organization_id = b.organization_id AND l.id = b.lot_id WHERE l.item_id = %(item)s
        """,
        {"item": item},
    )
    assert stock["quantity"] == Decimal(_LOTS * _EACH)
    doctor = crew.start("doctor", TRANCHE, "doctor", TRANCHE_OWNER_URL=house.owner_url, DATABASE_URL=house.app_url)
    assert doctor.wait(120) == 0, doctor.said()
