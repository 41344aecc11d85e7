"""What the owner gives the plain role: the role itself where it is missing, and the rights it needs, no more."""

import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Forbidden

APP_ROLE = "tranche_app"

_DEFAULT = "SELECT, INSERT, UPDATE, DELETE"
_LESS = {
    "audit_entries": "SELECT, INSERT",
    "audit_seals": "SELECT, INSERT",
    "organizations": "SELECT, INSERT, UPDATE",
    "schema_migrations": "SELECT",
}
# Views that take a change through a trigger of their own.
_VIEWS = {"batch_job_queue": "SELECT, UPDATE"}
_KEPT = ("sslmode", "sslrootcert", "channel_binding")


class CannotMakeRole(Forbidden):
    """The plain role is missing, and whoever migrates may not make roles."""

    code = "cannot_make_role"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRole:
    """Whether the role was made just now, and its address."""

    made: bool
    url: str


def require_can_make(conn: Connection, *, role: str) -> None:
    """Refuse early, before anything is migrated, if the plain role is missing and cannot be made.

    Raises:
        CannotMakeRole: the message holds the statement for an administrator.
    """
    row = conn.execute(
        """
        SELECT current_user AS own, r.rolcreaterole OR r.rolsuper AS allowed,
               EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s) AS found
        FROM pg_roles r WHERE r.rolname = current_user
        """,
        {"role": role},
    ).fetchone()
    if row and not row["found"] and not row["allowed"]:
        raise CannotMakeRole(
            f"The plain role {role} is missing, and {row['own']} may not make roles. Have an administrator run: "
            f"CREATE ROLE {role} LOGIN PASSWORD '<password>'; then run `tranche migrate` again."
        )


def make_app_role(conn: Connection, *, role: str) -> AppRole:
    """Make the plain role where it is missing; its password is known here and never again."""
    if conn.execute("SELECT FROM pg_roles WHERE rolname = %(role)s", {"role": role}).rowcount:
        return AppRole(made=False, url=role_url(conn, role, secret=None))
    secret = secrets.token_urlsafe(24) if _asks_password(conn) else None
    statement = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role))
    if secret:
        # Hashed here, so that no server log ever holds the password itself.
        hashed = conn.pgconn.encrypt_password(secret.encode(), role.encode(), b"scram-sha-256").decode()
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(hashed))
    conn.execute(statement)
    return AppRole(made=True, url=role_url(conn, role, secret=secret))


def close_functions(conn: Connection) -> None:
    """Take from everybody the right to run what runs with our rights; in the transaction that made it."""
    for row in _routines(conn):
        if row["is_definer"]:
            conn.execute(sql.SQL("REVOKE ALL ON ROUTINE {} FROM PUBLIC").format(sql.SQL(row["signature"])))


def grant_to(conn: Connection, *, role: str) -> None:
    """Give the plain role what it needs on everything of ours in the schema, and take back what it must not have."""
    to = sql.Identifier(role)
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to))
    _grant_database(conn, role)
    for row in _relations(conn):
        name = sql.Identifier("public", row["name"])
        what = sql.SQL("SEQUENCE" if row["kind"] == "S" else "TABLE")
        conn.execute(sql.SQL("REVOKE ALL ON {} {} FROM {}, PUBLIC").format(what, name, to))
        conn.execute(sql.SQL("GRANT {} ON {} {} TO {}").format(_rights(row), what, name, to))
    for row in _routines(conn):
        signature = sql.SQL(row["signature"])
        conn.execute(sql.SQL("REVOKE ALL ON ROUTINE {} FROM PUBLIC").format(signature))
        if not row["is_procedure"]:
            conn.execute(sql.SQL("GRANT EXECUTE ON ROUTINE {} TO {}").format(signature, to))


def role_url(conn: Connection, role: str, *, secret: str | None) -> str:
    """The address of this connection's database for another role."""
    given = conninfo_to_dict(conn.info.dsn)
    words = {name: str(given[name]) for name in _KEPT if given.get(name)}
    user = quote(role, safe="") + (f":{secret}" if secret else "")
    host, port = conn.info.host, conn.info.port
    if host.startswith("/"):
        place, words = "", {"host": host, "port": str(port), **words}
    else:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    query = f"?{urlencode(words, safe='/')}" if words else ""
    return f"postgresql://{user}@{place}/{quote(conn.info.dbname, safe='')}{query}"


def _rights(row: Row) -> sql.SQL:
    match row["kind"]:
        case "S":
            return sql.SQL("USAGE")
        case "v":
            return sql.SQL(_VIEWS.get(row["name"], "SELECT"))
        case _:
            return sql.SQL(_LESS.get(row["name"], _DEFAULT))


def _grant_database(conn: Connection, role: str) -> None:
    rows = conn.execute(
        """
        SELECT current_database() AS database, wanted
        FROM unnest(ARRAY['CONNECT', 'TEMPORARY']) AS wanted
        WHERE NOT has_database_privilege(%(role)s, current_database(), wanted)
        """,
        {"role": role},
    ).fetchall()
    for row in rows:
        statement = sql.SQL("GRANT {} ON DATABASE {} TO {}")
        conn.execute(statement.format(sql.SQL(row["wanted"]), sql.Identifier(row["database"]), sql.Identifier(role)))


def _relations(conn: Connection) -> list[Row]:
    # A partition is reached through its parent, whose wall it does not share: no right on the partition itself.
    return conn.execute("""
        SELECT c.relname AS name, c.relkind::text AS kind
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
          AND NOT c.relispartition AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        ORDER BY c.relname
        LIMIT 10000
    """).fetchall()


def _routines(conn: Connection) -> list[Row]:
    return conn.execute("""
        SELECT p.oid::regprocedure::text AS signature, p.prosecdef AS is_definer, p.prokind = 'p' AS is_procedure
        FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        ORDER BY p.oid
        LIMIT 10000
    """).fetchall()


def _asks_password(conn: Connection) -> bool:
    return conn.pgconn.used_password or not conn.info.host.startswith("/")
