"""What backup and restore ask the database, as the owner."""

from psycopg import sql

from tranche.kernel.db.pool import Connection


def hold_snapshot(conn: Connection) -> str:
    """The name by which other sessions see what this transaction sees, as long as it is open."""
    conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    row = conn.execute("SELECT pg_export_snapshot() AS name").fetchone()
    if row is None:
        raise LookupError("SELECT returned nothing")
    return str(row["name"])


def list_migrations(conn: Connection) -> list[str]:
    return [row["name"] for row in conn.execute("SELECT name FROM schema_migrations ORDER BY name LIMIT 10000")]


def is_empty(conn: Connection) -> bool:
    """Whether the schema `public` holds no table, view, sequence or function of its own."""
    row = conn.execute("""
        SELECT NOT EXISTS (
            SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ) AND NOT EXISTS (
            SELECT FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
        ) AS is_empty
    """).fetchone()
    return bool(row and row["is_empty"])


def count_others(conn: Connection) -> int:
    """How many other sessions this database has."""
    row = conn.execute("""
        SELECT count(*) AS count FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
    """).fetchone()
    return int(row["count"]) if row else 0


def drop_all(conn: Connection) -> None:
    """Drop everything in the schema `public` that belongs to us, in one transaction."""
    with conn.transaction():
        for statement in _drops(conn):
            conn.execute(sql.SQL(statement))


def _drops(conn: Connection) -> list[str]:
    rows = conn.execute("""
        WITH own AS (
            SELECT 'public'::regnamespace::oid AS space, oid AS owner FROM pg_roles WHERE rolname = current_user
        )
        SELECT statement FROM (
            SELECT CASE relkind WHEN 'S' THEN 2 ELSE 1 END AS turn, format('DROP %s IF EXISTS %s CASCADE',
                CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                    ELSE 'TABLE' END, c.oid::regclass) AS statement
            FROM pg_class c JOIN own ON c.relnamespace = own.space AND c.relowner = own.owner
            WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT relispartition
            UNION ALL
            SELECT 3, format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
            FROM pg_proc p JOIN own ON p.pronamespace = own.space AND p.proowner = own.owner
            UNION ALL
            SELECT 4, format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
            FROM pg_type t JOIN own ON t.typnamespace = own.space AND t.typowner = own.owner
            WHERE t.typtype IN ('e', 'd') OR (t.typtype = 'c' AND EXISTS (
                SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
        ) AS drops ORDER BY turn, statement LIMIT 100000
    """).fetchall()
    return [row["statement"] for row in rows]


def analyze(conn: Connection) -> None:
    """Give the planner its figures, of our own tables."""
    rows = conn.execute("""
        SELECT c.oid::regclass::text AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        ORDER BY c.relname LIMIT 10000
    """).fetchall()
    for row in rows:
        conn.execute(sql.SQL("ANALYZE {}").format(sql.SQL(row["name"])))
