"""Migrations: once each, in order, by two at once, as an owner who is no superuser, on old and new servers."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from tests.kernel.db.servers import reload_rules
from tranche.kernel.db import migrate as migrate_module
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.grants import CannotMakeRole
from tranche.kernel.db.migrate import (
    CannotMigrate,
    CannotMigrateNow,
    Migration,
    MigrationReport,
    SchemaDiffers,
    migrate,
    migrations,
    pending,
    require_current,
)
from tranche.kernel.db.pool import Connection, connect

_DEBIAN = Path("/usr/lib/postgresql/15/bin")
_NAMES = [migration.name for migration in migrations()]


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database of the owner's with nothing in it."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    postgres.create_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def empty_url(postgres: EmbeddedPostgres, empty: str) -> str:
    return postgres.url("tranche_owner", database=empty)


def test_the_files_are_found_in_the_order_of_their_numbers() -> None:
    assert _NAMES[0] == "0001_identity"
    assert [name[:4] for name in _NAMES] == [f"{number:04}" for number in range(1, len(_NAMES) + 1)]


def test_an_empty_database_gets_everything_and_the_second_run_nothing(empty_url: str) -> None:
    with connect(empty_url) as conn:
        assert pending(conn) == _NAMES
    assert migrate(empty_url).applied == tuple(_NAMES)
    assert migrate(empty_url).applied == ()
    with connect(empty_url) as conn:
        assert pending(conn) == []
        assert not conn.execute("SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper").rowcount


def test_two_at_once_make_one(empty_url: str) -> None:
    reports: list[MigrationReport] = []
    threads = [threading.Thread(target=lambda: reports.append(migrate(empty_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.applied for report in reports) == [(), (), (), tuple(_NAMES)]


@pytest.mark.skipif(not _DEBIAN.exists(), reason="needs Debian's PostgreSQL 15")
def test_the_oldest_server_that_is_promised_takes_them_all(empty_home: Path) -> None:
    with EmbeddedPostgres.start(empty_home, pg_bin=_DEBIAN, fsync=False) as server:
        assert server.version.startswith("15.")
        assert migrate(server.owner_url).applied == tuple(_NAMES)
        with connect(server.app_url) as conn:
            require_current(conn)


def test_a_current_database_may_be_served(app_url: str) -> None:
    with connect(app_url) as conn:
        require_current(conn)


def test_an_empty_database_is_refused_and_the_message_says_what_to_run(postgres: EmbeddedPostgres, empty: str) -> None:
    url = postgres.url("tranche_app", database=empty)
    with (
        connect(url) as conn,
        pytest.raises(SchemaDiffers, match=r"lacks 0001_identity.*more\. Run `tranche migrate` with TRANCHE_OWNER"),
    ):
        require_current(conn)


def test_a_worker_that_is_older_than_the_schema_refuses_to_start(app_url: str, owner: Connection) -> None:
    owner.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_of_tomorrow', 'x')")
    with connect(app_url) as conn, pytest.raises(SchemaDiffers, match=r"newer Tranche.*9999_of_tomorrow"):
        require_current(conn)


def test_a_worker_that_is_newer_than_the_schema_refuses_to_start(app_url: str, owner: Connection) -> None:
    owner.execute("DELETE FROM schema_migrations WHERE name = %(name)s", {"name": _NAMES[-1]})
    with connect(app_url) as conn, pytest.raises(SchemaDiffers, match=f"lacks {_NAMES[-1]}"):
        require_current(conn)


def test_an_edited_file_is_refused_by_its_name(owner_url: str, app_url: str, owner: Connection) -> None:
    owner.execute("UPDATE schema_migrations SET checksum = 'other' WHERE name = '0002_operations'")
    with pytest.raises(SchemaDiffers, match="0002_operations was changed"):
        migrate(owner_url)
    with connect(app_url) as conn, pytest.raises(SchemaDiffers, match="0002_operations was changed"):
        require_current(conn)


def test_a_database_without_the_queue_is_refused(app_url: str, owner: Connection) -> None:
    owner.execute("DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs CASCADE")
    with connect(app_url) as conn, pytest.raises(SchemaDiffers, match="job queue"):
        require_current(conn)


def test_the_plain_role_can_enqueue_and_work(app_url: str) -> None:
    done: list[int] = []
    enqueuer = App(connector=SyncPsycopgConnector())
    with connect(app_url) as conn, conn.transaction():
        enqueuer.configure_task("note", connection=conn).defer(number=7)
    asyncio.run(_work(app_url, done))
    assert done == [7]


def test_a_role_that_may_not_make_tables_is_refused_by_name(postgres: EmbeddedPostgres, empty: str) -> None:
    with pytest.raises(CannotMigrate, match="tranche_app may not make tables"):
        migrate(postgres.url("tranche_app", database=empty))


def test_a_missing_role_that_cannot_be_made_is_refused_before_anything_is_done(empty_url: str) -> None:
    with pytest.raises(CannotMakeRole, match="CREATE ROLE nobody_yet LOGIN"):
        migrate(empty_url, app_role="nobody_yet")
    with connect(empty_url) as conn:
        assert pending(conn) == _NAMES
        assert not conn.execute("SELECT FROM pg_class WHERE relname = 'schema_migrations'").rowcount


def test_a_lock_that_is_held_too_long_rolls_the_file_back(
    monkeypatch: pytest.MonkeyPatch, owner_url: str, owner: Connection
) -> None:
    slow = Migration(name="9000_slow", text=b"SET lock_timeout = '50ms'; CREATE TABLE half (); LOCK TABLE orders")
    monkeypatch.setattr(migrate_module, "migrations", lambda: [*migrations(), slow])
    with owner.transaction():
        owner.execute("LOCK TABLE orders")
        with pytest.raises(CannotMigrateNow, match="lock timeout"):
            migrate(owner_url)
    assert not owner.execute("SELECT FROM pg_class WHERE relname = 'half'").rowcount
    assert migrate(owner_url).applied == ("9000_slow",)


def test_a_server_that_is_away_is_said_to_be_away() -> None:
    with pytest.raises(psycopg.OperationalError, match="port 1 failed: Connection refused"):
        migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_role_made_on_a_server_with_passwords_gets_one_that_is_told_once(
    start: Callable[[], EmbeddedPostgres], home: Path
) -> None:
    server = start()
    with connect(server.superuser_url) as conn:
        conn.execute("CREATE ROLE landlord LOGIN CREATEROLE PASSWORD 'old house'")
        conn.execute("CREATE DATABASE house OWNER landlord")
    reload_rules(home, server.superuser_url, "local house all scram-sha-256")
    owner_url = server.url("landlord:old%20house", database="house")
    first, second = (migrate(owner_url, app_role="tenant") for _ in range(2))
    assert (first.app_role_made, second.app_role_made) == (True, False)
    with connect(first.app_url) as conn:
        require_current(conn)
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        connect(second.app_url)
    assert "old" not in first.app_url


async def _work(url: str, done: list[int]) -> None:
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="note", pass_context=False)
    def note(number: int) -> None:
        done.append(number)

    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
