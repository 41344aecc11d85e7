"""Brings a database to the schema of this program, and tells whether it is there already."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import psycopg
from procrastinate.schema import SchemaManager

from tranche.kernel.db.grants import APP_ROLE, close_functions, grant_to, make_app_role, require_can_make
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.errors import Conflict, Forbidden, Unavailable

_TURN = 7_240_301_155_901  # any number that no other program would take for its advisory lock
_NAMED = 3
_SESSION = {"search_path": "public", "lock_timeout": "10min", "statement_timeout": "1h"}


class SchemaDiffers(Conflict):
    """The database's schema is not the one of this program."""

    code = "schema_differs"


class SchemaLacks(SchemaDiffers):
    """The database lacks something of this program; `way_out` says how it gets there."""

    def __init__(self, missing: str, *, way_out: str = "Run `tranche migrate` with TRANCHE_OWNER_URL set") -> None:
        super().__init__(f"The database lacks {missing}. {way_out}, then start again.")
        self.missing = missing


class CannotMigrateNow(Unavailable):
    """The database went away, or somebody holds a lock for too long."""

    code = "cannot_migrate_now"


class CannotMigrate(Forbidden):
    """The role has not the rights to migrate."""

    code = "cannot_migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of `tranche/migrations`, in the order of its name."""

    name: str
    text: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What was done. `app_url` is for DATABASE_URL; it holds a password only if the role was made just now."""

    applied: tuple[str, ...]
    app_role_made: bool
    app_url: str


def migrate(owner_url: str, *, app_role: str = APP_ROLE) -> MigrationReport:
    """Apply what is missing, each file in its own transaction; make the plain role and grant it its rights.

    Safe to run again, and at the same time by two: one waits for the other.

    Raises:
        SchemaDiffers: an applied file was edited, or the database knows files that this program does not.
        CannotMigrate: the role may not make tables here.
        CannotMigrateNow: the database went away, or a table stayed locked; a started file was rolled back.
        CannotMakeRole: the plain role is missing and this role may not make it.
        psycopg.OperationalError: the database could not be reached.
    """
    conn = connect(owner_url, name="tranche migrate")
    try:
        with conn:
            return _migrate(conn, app_role=app_role)
    except psycopg.OperationalError as error:
        raise CannotMigrateNow(f"The database could not be migrated now: {str(error).strip()}. Try again.") from error


def pending(conn: Connection) -> list[str]:
    """The names of the files that the database has not seen yet, in their order."""
    return [migration.name for migration in _missing(conn)]


def require_known(conn: Connection) -> None:
    """Refuse a schema that lacks something of ours; what a newer release has added does not matter to who runs already.

    Raises:
        SchemaDiffers: the message names the files.
    """
    seen = _applied(conn)
    missing = [migration.name for migration in migrations() if migration.name not in seen]
    if missing:
        raise SchemaDiffers(f"The database lacks {_listed(missing)}.")


def require_current(conn: Connection) -> None:
    """Refuse to serve on a schema that is older or newer than this program.

    Raises:
        SchemaLacks: the message names the first files and what to run.
        SchemaDiffers: it is newer, or a file was edited.
    """
    missing = pending(conn)
    if missing:
        raise SchemaLacks(_listed(missing))
    if not _can_read(conn, "procrastinate_jobs"):
        raise SchemaLacks("the job queue")


def migrations() -> list[Migration]:
    """All files of this program, in order."""
    files = (file for file in resources.files("tranche").joinpath("migrations").iterdir() if _is_migration(file))
    return [
        # A checkout with other line ends is still the same migration.
        Migration(name=file.name.removesuffix(".sql"), text=file.read_bytes().replace(b"\r\n", b"\n"))
        for file in sorted(files, key=lambda file: file.name)
    ]


def _migrate(conn: Connection, *, app_role: str) -> MigrationReport:
    _take_turn(conn)
    _require_can_create(conn)
    require_can_make(conn, role=app_role)
    with conn.transaction():
        _make_ledger(conn)
    applied = [_apply(conn, migration) for migration in _missing(conn)]
    with conn.transaction():
        _install_queue(conn)
    with conn.transaction():
        role = make_app_role(conn, role=app_role)
        grant_to(conn, role=app_role)
    return MigrationReport(applied=tuple(applied), app_role_made=role.made, app_url=role.url)


def _is_migration(file: Traversable) -> bool:
    return file.name.endswith(".sql") and file.name[:4].isdigit()


def _missing(conn: Connection) -> list[Migration]:
    seen = _applied(conn)
    known = migrations()
    unknown = sorted(seen.keys() - {migration.name for migration in known})
    if unknown:
        raise SchemaDiffers(
            f"The database was migrated by a newer Tranche: this one does not know {_listed(unknown)}. "
            "Install the newer version here; `tranche migrate` does not go back."
        )
    edited = [
        migration.name for migration in known if seen.get(migration.name, migration.checksum) != migration.checksum
    ]
    if edited:
        raise SchemaDiffers(
            f"The file of {_listed(edited)} was changed after it had been applied. Restore it as it was, and put "
            "the change into a new file; then run `tranche migrate` again."
        )
    return [migration for migration in known if migration.name not in seen]


def _applied(conn: Connection) -> dict[str, str]:
    if not _can_read(conn, "schema_migrations"):
        return {}
    rows = conn.execute("SELECT name, checksum FROM schema_migrations ORDER BY name LIMIT 10000")
    return {row["name"]: row["checksum"] for row in rows}


def _apply(conn: Connection, migration: Migration) -> str:
    with conn.transaction():
        conn.execute(migration.text)
        close_functions(conn)
        conn.execute(
            "INSERT INTO schema_migrations (name, checksum) VALUES (%(name)s, %(checksum)s)",
            {"name": migration.name, "checksum": migration.checksum},
        )
    return migration.name


def _make_ledger(conn: Connection) -> None:
    conn.execute("""
        CREATE TABLE IF NOT EXISTS schema_migrations (
            name text PRIMARY KEY,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
    """)


def _install_queue(conn: Connection) -> None:
    if not _can_read(conn, "procrastinate_jobs"):
        conn.execute(SchemaManager.get_schema())


def _require_can_create(conn: Connection) -> None:
    row = conn.execute("""
        SELECT current_user AS role, has_schema_privilege('public', 'CREATE') AS allowed
    """).fetchone()
    if row and not row["allowed"]:
        raise CannotMigrate(
            f"The role {row['role']} may not make tables. TRANCHE_OWNER_URL must name the role that owns the database: "
            f"ALTER DATABASE {conn.info.dbname} OWNER TO {row['role']}."
        )


def _can_read(conn: Connection, table: str) -> bool:
    row = conn.execute(
        """
        SELECT CASE WHEN to_regclass(%(table)s) IS NULL THEN false
                    ELSE has_table_privilege(%(table)s, 'SELECT') END AS allowed
        """,
        {"table": f"public.{table}"},
    ).fetchone()
    return bool(row and row["allowed"])


def _take_turn(conn: Connection) -> None:
    """Be the only one who migrates this database; the lock falls with the connection."""
    for name, value in _SESSION.items():
        conn.execute("SELECT set_config(%(name)s, %(value)s, false)", {"name": name, "value": value})
    conn.execute("SELECT pg_advisory_lock(%(key)s)", {"key": _TURN})


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
