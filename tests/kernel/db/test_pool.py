"""The pool sets the tenant in every transaction and leaves nothing behind."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.factories import Organization
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import Connection, Database, connect, set_tenant, taken_back
from tranche.kernel.errors import Conflict, Unavailable


@pytest.fixture
def narrow(app_url: str) -> Iterator[Database]:
    """A pool of one connection, so that the next caller gets the one that the last caller had."""
    pool = Database(app_url, size=1, timeout=0.5).open()
    yield pool
    pool.close()


@pytest.fixture
def superuser(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    with connect(postgres.superuser_url) as conn:
        yield conn


def test_a_transaction_knows_its_organization(database: Database) -> None:
    with database.transaction(42) as conn:
        assert _tenant(conn) == 42


def test_a_transaction_without_organization_has_none(database: Database) -> None:
    with database.transaction(None) as conn:
        assert _tenant(conn) is None


def test_nothing_of_the_tenant_is_carried_over(narrow: Database) -> None:
    with narrow.transaction(42) as conn:
        first = conn.info.backend_pid
        set_tenant(conn, 43)
        conn.execute("SET statement_timeout = '1h'")
        conn.execute("SELECT set_config('app.organization_id', '44', false)")
    with narrow.transaction(None) as conn:
        assert conn.info.backend_pid == first
        assert _tenant(conn) is None
        assert _value(conn, "SELECT current_setting('statement_timeout')") == "1min"


def test_a_refusal_rolls_back_and_carries_nothing_over(
    narrow: Database, organization: Callable[..., Organization]
) -> None:
    acme = organization()
    with pytest.raises(Conflict):
        _insert_and_refuse(narrow, acme.id)
    with narrow.transaction(None) as conn:
        assert _tenant(conn) is None
    with narrow.transaction(acme.id) as conn:
        assert _value(conn, "SELECT count(*) FROM branches WHERE name = 'Lost'") == 0


def test_what_is_taken_back_leaves_the_transaction_around_it(
    narrow: Database, organization: Callable[..., Organization]
) -> None:
    acme = organization()
    with narrow.transaction(acme.id) as conn:
        conn.execute("INSERT INTO branches (organization_id, name) VALUES (%s, 'Kept')", (acme.id,))
        with taken_back(conn):
            conn.execute("INSERT INTO branches (organization_id, name) VALUES (%s, 'Tried')", (acme.id,))
    with narrow.transaction(acme.id) as conn:
        names = {row["name"] for row in conn.execute("SELECT name FROM branches").fetchall()}
    assert names == {"Main", "Kept"}


def test_a_failed_statement_reaches_the_caller_as_it_is_and_the_connection_serves_on(narrow: Database) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        _run(narrow, "SELECT 1 / 0")
    with narrow.transaction(None) as conn:
        assert _tenant(conn) is None


def test_a_cancelled_statement_carries_nothing_over(narrow: Database) -> None:
    with pytest.raises(Unavailable) as caught:
        _run(narrow, "SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(5)")
    assert caught.value.error_code == "busy"
    assert caught.value.retry_after
    with narrow.transaction(None) as conn:
        assert _tenant(conn) is None


def test_a_broken_connection_becomes_unavailable_and_the_next_one_works(
    database: Database, superuser: Connection
) -> None:
    with pytest.raises(Unavailable) as caught:
        _run_on_broken(database, superuser)
    assert caught.value.retry_after == 5
    with database.transaction(1) as conn:
        assert _value(conn, "SELECT 1") == 1


def test_an_idle_connection_that_died_is_replaced_before_use(narrow: Database, superuser: Connection) -> None:
    with narrow.transaction(1) as conn:
        pid = conn.info.backend_pid
    time.sleep(0.2)  # the pool takes it back in the background
    superuser.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
    with narrow.transaction(1) as conn:
        assert conn.info.backend_pid != pid


def test_a_lock_that_somebody_else_holds_becomes_busy(database: Database, owner: Connection) -> None:
    with owner.transaction():
        owner.execute("LOCK TABLE branches")
        with pytest.raises(Unavailable) as caught:
            _run(database, "SET LOCAL lock_timeout = '20ms'", "SELECT FROM branches")
    assert caught.value.error_code == "busy"


def test_a_transaction_that_was_left_idle_is_ended(database: Database) -> None:
    with pytest.raises(Unavailable):
        _run(database, "SET LOCAL idle_in_transaction_session_timeout = '50ms'", wait=0.3)


def test_an_exhausted_pool_becomes_unavailable(narrow: Database) -> None:
    with narrow.transaction(1), pytest.raises(Unavailable):
        _run(narrow, "SELECT 1")


def test_a_server_that_is_not_there_becomes_unavailable() -> None:
    pool = Database("postgresql://nobody@127.0.0.1:1/nothing", size=1, timeout=0.3).open()
    try:
        with pytest.raises(Unavailable):
            _run(pool, "SELECT 1")
    finally:
        pool.close()


def _run(pool: Database, *statements: str, wait: float = 0) -> None:
    with pool.transaction(1) as conn:
        for statement in statements:
            conn.execute(statement.encode())
        if wait:
            time.sleep(wait)
            conn.execute("SELECT 1")


def _insert_and_refuse(pool: Database, organization_id: int) -> None:
    with pool.transaction(organization_id) as conn:
        conn.execute("INSERT INTO branches (organization_id, name) VALUES (%(id)s, 'Lost')", {"id": organization_id})
        raise Conflict("a refusal in the middle")


def _run_on_broken(pool: Database, superuser: Connection) -> None:
    with pool.transaction(1) as conn:
        superuser.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": conn.info.backend_pid})
        conn.execute("SELECT 1")


def _tenant(conn: Connection) -> Any:
    return _value(conn, "SELECT current_organization()")


def _value(conn: Connection, statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    assert row is not None
    return next(iter(row.values()))
