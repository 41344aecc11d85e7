"""The plain role: what it may do, its time limits, and that nobody above the tenant walls serves."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.databases import DatabaseUrls
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.grants import close_functions
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.db.roles import UnsafeRole, require_plain_role, settle_role


@pytest.fixture
def superuser(postgres: EmbeddedPostgres, database_urls: DatabaseUrls) -> Iterator[Connection]:
    with connect(postgres.url("postgres", database=database_urls.name)) as conn:
        yield conn


@pytest.fixture
def stranger(superuser: Connection, database_urls: DatabaseUrls, postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """A connection of a role of this test's own, without any right."""
    name = f"role_{database_urls.name}"
    superuser.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    with connect(postgres.url(name, database=database_urls.name)) as conn:
        yield conn
    superuser.execute(sql.SQL("REASSIGN OWNED BY {} TO tranche_owner").format(sql.Identifier(name)))
    superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_the_plain_role_may_serve(app_url: str) -> None:
    with connect(app_url) as conn:
        require_plain_role(conn)


def test_the_owner_may_not_serve_and_is_told_which_line_to_use(owner_url: str, database_urls: DatabaseUrls) -> None:
    with connect(owner_url) as conn, pytest.raises(UnsafeRole, match="owns the database or its tables") as caught:
        require_plain_role(conn)
    assert "DATABASE_URL=postgresql://tranche_app:<password>@/" in caught.value.message
    assert database_urls.name in caught.value.message


def test_a_superuser_may_not_serve(superuser: Connection) -> None:
    with pytest.raises(UnsafeRole, match="is a superuser"):
        require_plain_role(superuser)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("ALTER ROLE {} BYPASSRLS", "BYPASSRLS"),
        ("ALTER ROLE {} SUPERUSER", "is a superuser"),
        ("GRANT tranche_owner TO {}", "owns the database"),
        ("ALTER TABLE orders OWNER TO {}", "owns the database"),
    ],
)
def test_a_role_above_the_walls_may_not_serve(
    superuser: Connection, stranger: Connection, change: str, fault: str
) -> None:
    require_plain_role(stranger)
    superuser.execute(sql.SQL(change).format(sql.Identifier(stranger.info.user)))
    with pytest.raises(UnsafeRole, match=fault):
        require_plain_role(stranger)


def test_the_limits_hold_for_new_connections_of_the_plain_role_only(app_url: str, owner_url: str) -> None:
    with connect(app_url) as conn:
        assert _limits(conn) == ("10s", "12s", "1min")
    with connect(owner_url) as conn:
        assert _limits(conn) == ("0", "0", "0")


def test_many_processes_may_settle_the_role_at_once(app_url: str, database_urls: DatabaseUrls) -> None:
    with connect(app_url) as conn:
        conn.execute(
            sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} RESET ALL").format(sql.Identifier(database_urls.name))
        )
    faults: list[Exception] = []
    threads = [threading.Thread(target=_settle, args=(app_url, faults)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with connect(app_url) as conn:
        assert _limits(conn) == ("10s", "12s", "1min")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "UPDATE audit_seals SET entries = 1",
        "DELETE FROM audit_seals",
        "DELETE FROM organizations",
        "INSERT INTO schema_migrations (name, checksum) VALUES ('x', 'x')",
        "DELETE FROM schema_migrations",
        "CREATE TABLE mine (id bigint)",
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON orders",
        "CALL raise_tenant_wall('orders')",
        "SET ROLE tranche_owner",
    ],
)
def test_the_plain_role_may_not(app_url: str, statement: str) -> None:
    with connect(app_url) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement.encode())


def test_the_plain_role_may_truncate_nothing(owner: Connection) -> None:
    rows = owner.execute("""
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND has_table_privilege('tranche_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')
    """).fetchall()
    assert rows == []


def test_the_plain_role_reads_every_table_and_view(owner: Connection) -> None:
    rows = owner.execute("""
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
          AND NOT has_table_privilege('tranche_app', c.oid, 'SELECT')
    """).fetchall()
    assert rows == []


def test_nobody_but_the_plain_role_may_run_the_owners_functions(owner: Connection) -> None:
    rows = owner.execute("""
        SELECT p.proname AS name, p.prokind AS kind,
               has_function_privilege('tranche_app', p.oid, 'EXECUTE') AS ours,
               p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0) AS everybodys
        FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
    """).fetchall()
    assert {"find_api_key", "raise_tenant_wall", "procrastinate_fetch_job_v2"} <= {row["name"] for row in rows}
    assert [row["name"] for row in rows if row["everybodys"]] == []
    assert [row["name"] for row in rows if row["ours"] != (row["kind"] == "f")] == []


def test_a_function_is_closed_to_others_from_the_moment_it_is_there(owner_url: str) -> None:
    with connect(owner_url) as conn, conn.transaction():
        conn.execute("CREATE FUNCTION see_all() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1")
        close_functions(conn)
        row = conn.execute("SELECT has_function_privilege('tranche_app', 'see_all()', 'EXECUTE') AS may").fetchone()
    assert row == {"may": False}


def test_the_plain_role_may_use_temporary_tables(app_url: str) -> None:
    with connect(app_url) as conn, conn.transaction():
        conn.execute("CREATE TEMP TABLE stage (id bigint) ON COMMIT DROP")


def _settle(url: str, faults: list[Exception]) -> None:
    try:
        with connect(url) as conn:
            settle_role(conn)
    except psycopg.Error as error:
        faults.append(error)


def _limits(conn: Connection) -> tuple[str, str, str]:
    row = conn.execute("""
        SELECT current_setting('idle_in_transaction_session_timeout') AS idle,
               current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement
    """).fetchone()
    assert row is not None
    return row["idle"], row["lock"], row["statement"]
