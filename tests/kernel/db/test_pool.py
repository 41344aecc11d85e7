"""The pool sets the tenant in every transaction and leaves nothing behind."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.factories import Organization
from tranche.kernel.db.pool import Connection, Database, connect, set_tenant
from tranche.kernel.errors import Conflict, Unavailable


def test_a_transaction_knows_its_organization(database: Database) -> None:
    with database.transaction(42) as conn:
        assert _tenant(conn) == 42


def test_a_transaction_without_organization_has_none(database: Database) -> None:
    with database.transaction(None) as conn:
        assert _tenant(conn) is None


def test_nothing_of_the_tenant_is_carried_over(app_url: str) -> None:
    pool = Database(app_url, size=1).open()
    try:
        with pool.transaction(42) as conn:
            first = conn.info.backend_pid
            set_tenant(conn, 43)
            conn.execute("SET statement_timeout = '1h'")
        with pool.transaction(None) as conn:
            assert conn.info.backend_pid == first
            assert _tenant(conn) is None
            assert _value(conn, "SELECT current_setting('statement_timeout')") == "1min"
    finally:
        pool.close()


def test_an_error_rolls_back_and_carries_nothing_over(app_url: str, organization: Callable[..., Organization]) -> None:
    acme = organization()
    pool = Database(app_url, size=1).open()
    try:
        with pytest.raises(Conflict), pool.transaction(acme.id) as conn:
            first = conn.info.backend_pid
            conn.execute("INSERT INTO branches (organization_id, name) VALUES (%(id)s, 'Lost')", {"id": acme.id})
            raise Conflict("a refusal in the middle")
        with pool.transaction(None) as conn:
            assert conn.info.backend_pid == first
            assert _tenant(conn) is None
        with pool.transaction(acme.id) as conn:
            assert _value(conn, "SELECT count(*) FROM branches WHERE name = 'Lost'") == 0
    finally:
        pool.close()


def test_a_failed_statement_reaches_the_caller_as_it_is_and_the_connection_serves_on(database: Database) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), database.transaction(1) as conn:
        conn.execute("SELECT 1 / 0")
    with database.transaction(1) as conn:
        assert _value(conn, "SELECT 1") == 1


def test_a_broken_connection_becomes_unavailable_and_the_next_one_works(database: Database, owner_url: str) -> None:
    with connect(owner_url.replace("tranche_owner@", "postgres@")) as superuser:
        with pytest.raises(Unavailable) as caught, database.transaction(1) as conn:
            superuser.execute("SELECT pg_terminate_backend(%(pid)s)", {"pid": conn.info.backend_pid})
            conn.execute("SELECT 1")
    assert caught.value.retry_after == 5
    with database.transaction(1) as conn:
        assert _value(conn, "SELECT 1") == 1


def test_an_idle_connection_that_died_is_replaced_before_use(database: Database, owner_url: str) -> None:
    with database.transaction(1) as conn:
        pid = conn.info.backend_pid
    with connect(owner_url.replace("tranche_owner@", "postgres@")) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
    with database.transaction(1) as conn:
        assert conn.info.backend_pid != pid


def test_a_time_limit_becomes_busy(database: Database) -> None:
    with pytest.raises(Unavailable) as caught, database.transaction(1) as conn:
        conn.execute("SET LOCAL statement_timeout = '20ms'")
        conn.execute("SELECT pg_sleep(5)")
    assert caught.value.error_code == "busy"


def test_an_exhausted_pool_becomes_unavailable(app_url: str) -> None:
    pool = Database(app_url, size=1, timeout=0.2).open()
    try:
        with pool.transaction(1):
            with pytest.raises(Unavailable), pool.transaction(1):
                pass
    finally:
        pool.close()


def test_a_server_that_is_not_there_becomes_unavailable() -> None:
    pool = Database("postgresql://nobody@127.0.0.1:1/nothing", size=1, timeout=0.3).open()
    try:
        with pytest.raises(Unavailable), pool.transaction(1):
            pass
    finally:
        pool.close()


def _tenant(conn: Connection) -> Any:
    return _value(conn, "SELECT current_organization()")


def _value(conn: Connection, statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    assert row is not None
    return next(iter(row.values()))
