"""Two servers and four workers on separate homes, half of them behind PgBouncer; and an upgrade under their hands."""

import io
import zipfile
from typing import Any

import httpx
import pytest

from tests.buckets import s3, s3_server
from tests.chaos.files import make_file
from tests.chaos.follower import Follower
from tests.databases import DatabaseUrls
from tests.machines.park import Park, park, wait
from tests.poolers import Pooler, pooler
from tranche.commands.moving import require_direct
from tranche.kernel.client.events import TERMINAL
from tranche.kernel.db.listen import require_listening
from tranche.kernel.db.pool import Connection, Database, connect, is_pooled
from tranche.kernel.errors import Invalid

__all__ = ["park", "pooler", "s3", "s3_server"]

_ORDERS = 120


def _upload(client: httpx.Client, name: str, *, orders: int = _ORDERS) -> int:
    file = make_file(name, orders=orders, bad_every=50)
    answer = client.post("/api/orders/upload", files={"file": (file.name, file.data, "text/csv")})
    assert answer.status_code == 202, answer.text
    found: int = answer.json()["operationId"]
    return found


def _ended(operation: dict[str, Any]) -> bool:
    return operation["status"] in TERMINAL


def test_machines_share_only_a_database_and_a_bucket(park: Park, pooler: Pooler, database_urls: DatabaseUrls) -> None:
    pooled = {"DATABASE_URL": pooler.url(database_urls.name), "TRANCHE_LISTEN_URL": database_urls.app}
    servers = [park.start("serve", "--port", "0"), park.start("serve", "--port", "0", **pooled)]
    for number in range(4):
        park.start("worker", **(pooled if number % 2 else {}))
    one, other = (park.client(server) for server in servers)
    operation_id = _upload(one, "M")
    follower = Follower(str(other.base_url).rstrip("/"), park.key, operation_id=operation_id)
    found = wait(other, f"/api/operations/{operation_id}", over=_ended)
    assert (found["status"], found["succeeded"]) == ("completed_with_errors", _ORDERS - 2)
    assert follower.finished.wait(20), "the other server never told of the end"
    follower.close()
    _issue_and_print(one, other)
    # Nothing that another machine needs lies in a home.
    for number in range(len(park.machines)):
        assert not (park.home(number) / "files").exists()
        assert not (park.home(number) / "signing.key").exists()
    for machine in park.machines:
        assert "DuplicatePreparedStatement" not in machine.said()
        assert "InvalidSqlStatementName" not in machine.said()
        assert machine.end()[0] == 0


def _issue_and_print(one: httpx.Client, other: httpx.Client) -> None:
    orders = [row["id"] for row in one.get("/api/orders", params={"limit": 100}).json()["data"]]
    answer = one.post("/functions/v1/batch-invoice-orders", json={"order_ids": orders})
    assert answer.status_code == 202, answer.text
    wait(other, answer.headers["location"], over=lambda job: job["status"] in TERMINAL)
    invoices = [row["id"] for row in other.get("/api/invoices", params={"limit": 40}).json()["data"]]
    assert len(invoices) == 40
    body = {"invoice_ids": invoices, "options": {"create_combined_pdf": True}}
    answer = other.post("/api/batch-operations/pdfs", json=body)
    assert answer.status_code == 202, answer.text
    run = answer.json()["id"]
    assert wait(one, f"/api/operations/{run}", over=_ended)["status"] == "completed"
    for client in (one, other):
        files = {file["kind"]: file for file in client.get(f"/api/batch-operations/{run}/files").json()["data"]}
        with zipfile.ZipFile(io.BytesIO(client.get(files["zip"]["url"]).content)) as archive:
            assert sum(name.endswith(".pdf") for name in archive.namelist()) >= 40


def test_a_pooled_connection_prepares_nothing_and_keeps_no_tenant(
    pooler: Pooler, database_urls: DatabaseUrls, database: Database
) -> None:
    pools = [Database(pooler.url(database_urls.name), size=4).open() for _ in range(3)]
    try:
        for turn in range(30):
            with pools[turn % 3].transaction(turn + 1) as conn:
                assert is_pooled(conn)
                row = conn.execute("SELECT current_organization() AS id, %(turn)s::int AS turn", {"turn": turn})
                assert row.fetchone() == {"id": turn + 1, "turn": turn}
            with pools[(turn + 1) % 3].lone() as conn:
                assert conn.execute("SELECT current_organization() AS id").fetchone() == {"id": None}
        with database.transaction(None) as conn:
            assert not is_pooled(conn)
    finally:
        for pool in pools:
            pool.close()


def test_behind_a_pooler_a_process_asks_where_to_listen(
    park: Park, pooler: Pooler, database_urls: DatabaseUrls
) -> None:
    machine = park.start("worker", DATABASE_URL=pooler.url(database_urls.name))
    assert machine.wait() == 2
    assert "Set TRANCHE_LISTEN_URL" in machine.said()
    require_listening(pooler.url(database_urls.name), listen_url=database_urls.app)
    require_listening(database_urls.app, listen_url=None)
    with connect(pooler.url(database_urls.name)) as conn, pytest.raises(Invalid, match="direct address"):
        require_direct(conn)


@pytest.fixture
def slow(owner: Connection) -> None:
    """Every chunk of orders takes its time, so that an upgrade finds work under way."""
    owner.execute("""
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.004); RETURN NEW; END $$;
        CREATE TRIGGER linger BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION linger()
    """)


@pytest.mark.usefixtures("slow")
def test_a_newer_schema_comes_under_the_hands_of_older_processes(park: Park, owner: Connection) -> None:
    server, _ = park.start("serve", "--port", "0"), park.start("worker")
    client = park.client(server)
    running = _upload(client, "U", orders=500)
    wait(client, f"/api/operations/{running}", over=lambda found: found["phase"]["name"] == "commit")
    _migrate_further(owner)
    assert client.get("/readyz").status_code == 200
    assert wait(client, f"/api/operations/{running}", over=_ended)["succeeded"] == 490
    after = _upload(client, "V")
    assert wait(client, f"/api/operations/{after}", over=_ended)["succeeded"] == _ORDERS - 2
    old = park.start("worker")
    assert old.wait() == 6
    assert "migrated by a newer Tranche" in old.said()


def _migrate_further(owner: Connection) -> None:
    """As a newer release would: it adds, and takes nothing away; table by table, because work holds locks too."""
    for table in ("operations", "order_batches", "orders", "order_lines", "workers", "files", "users"):
        owner.execute(f"ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT 'x'".encode())
    owner.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later', 'x')")
