"""The plain role that serves: checked at every start, and settled with its own time limits."""

from psycopg import sql

from tranche.kernel.db.grants import APP_ROLE, role_url
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Forbidden

# A vanished machine's transaction is ended after 10 s; who waits for its locks waits a little longer. A killed
# process would otherwise hold its locks until its last statement is through, however long that takes.
_SETTINGS = {
    "client_connection_check_interval": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "12s",
    "statement_timeout": "60s",
    "TimeZone": "UTC",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
}
_SETTLING = 7_240_301_155_902  # the number of an advisory lock


class UnsafeRole(Forbidden):
    """The connection's role stands above the tenant walls."""

    code = "unsafe_role"


def require_plain_role(conn: Connection) -> None:
    """Refuse to serve as a role that the tenant walls do not hold.

    Raises:
        UnsafeRole: it is a superuser, passes row security, or owns tables; the message says which line to use.
    """
    row = conn.execute("""
        SELECT current_user AS role,
               CASE
                   WHEN bool_or(r.rolsuper) THEN 'is a superuser'
                   WHEN bool_or(r.rolbypassrls) THEN 'passes row security (BYPASSRLS)'
                   WHEN EXISTS (
                       SELECT FROM pg_class c
                       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                         AND pg_has_role(current_user, c.relowner, 'MEMBER')
                   ) OR EXISTS (
                       SELECT FROM pg_database d
                       WHERE d.datname = current_database() AND pg_has_role(current_user, d.datdba, 'MEMBER')
                   ) THEN 'owns the database or its tables'
               END AS fault
        FROM pg_roles r
        WHERE pg_has_role(current_user, r.oid, 'MEMBER') OR r.rolname = session_user
    """).fetchone()
    if row and row["fault"]:
        line = role_url(conn, APP_ROLE, secret="<password>")  # noqa: S106  # a placeholder for the reader
        raise UnsafeRole(
            f"DATABASE_URL connects as {row['role']}, who {row['fault']}, so that nothing would keep organizations "
            f"apart. Use the plain role that `tranche migrate` makes: DATABASE_URL={line}"
        )


def settle_role(conn: Connection) -> None:
    """Set the plain role's own time limits in this database, so that they hold behind a pooler too.

    They hold for connections made from now on; long work lengthens its own by SET LOCAL.
    """
    with conn.transaction():
        # Two processes that start at once would otherwise change the same catalogue row.
        conn.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _SETTLING})
        database, present = _own_settings(conn)
        for name, value in _SETTINGS.items():
            if f"{name}={value}" not in present:
                conn.execute(
                    sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(database), sql.Identifier(name), sql.Literal(value)
                    )
                )


def _own_settings(conn: Connection) -> tuple[str, set[str]]:
    # The name is asked of the server: behind a pooler the one that we connected to may be an alias.
    rows = conn.execute("""
        SELECT d.datname AS database, coalesce(s.setconfig, '{}') AS settings
        FROM pg_database d
        CROSS JOIN pg_roles r
        LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = r.oid
        WHERE d.datname = current_database() AND r.rolname = current_user
    """).fetchall()
    return rows[0]["database"], set(rows[0]["settings"])
