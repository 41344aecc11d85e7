"""What the commands of an installation ask its database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Invalid, TrancheError, Unavailable
from tranche.kernel.text import hide_passwords

# The words of PostgreSQL, PgBouncer and libpq: while one connects there is no code to go by.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|does not exist|no such (?:user|database)|no pg_hba\.conf entry|"
    r"not permitted to log in|permission denied|invalid port number"
)

# What a server says that runs, and that the setting is not to blame for.
_SIGNS: Final = (
    ("too many clients", "Raise its max_connections, or lower TRANCHE_POOL_SIZE of the processes that use it."),
    ("connection slots are reserved", "Raise its max_connections, or lower TRANCHE_POOL_SIZE of those that use it."),
    ("too many connections", "Raise the limit of the role or the database, or lower TRANCHE_POOL_SIZE."),
    ("starting up", "Wait until it has started, then run this again."),
    ("not yet accepting connections", "Wait until it has recovered, then run this again."),
    ("shutting down", "Start it, then run this again."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one statement gave: its rows, or None of columns, and the server's word for what it did."""

    columns: tuple[str, ...] | None
    rows: list[tuple[Any, ...]]
    status: str


class SqlRefused(TrancheError):
    """The database does not take the statement."""

    code = "sql_refused"


class DatabaseAway(Unavailable):
    """The database does not answer, or cannot go on; `cause` says why, in its own words."""

    code = "database_away"

    def __init__(self, cause: str, *, whose: str, way_out: str) -> None:
        super().__init__(f"{whose}: {cause}. {way_out}")
        self.cause = cause


@contextmanager
def reaching(name: str) -> Iterator[None]:
    """Say in one line why the database named by the setting `name` cannot be had.

    Raises:
        DatabaseAway: it does not answer, or has no room on its disk.
        Invalid: the setting is no address, or names a user, a password or a database that the server does not take.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        cause = _cause(error)
        if error.sqlstate is None and _REFUSED.search(cause):
            raise Invalid(
                f"The server refuses what {name} says: {cause}. Correct {name}, or make it so at the server.",
                code="setting",
            ) from error
        if isinstance(error, psycopg.errors.DiskFull):
            way_out = "Make room on the disk of the database, then run this again."
            raise DatabaseAway(
                cause, whose=f"The database of {name} has no room on its disk", way_out=way_out
            ) from error
        way_out = next((told for sign, told in _SIGNS if sign in cause), f"Does it run, and is {name} right?")
        raise DatabaseAway(cause, whose=f"The database of {name} does not answer", way_out=way_out) from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:  # the server's word on a statement, so the address was right
            raise
        # Its words are not told: they may hold a part of the password.
        raise Invalid(
            f"{name} cannot be read as an address such as postgresql://user:password@host:5432/database; signs such as "
            "@, / and % in a password are written %40, %2F and %25.",
            code="setting",
        ) from error


def find_first_admin(conn: Connection) -> Row | None:
    """The oldest active administrator of the oldest organization; as the owner, who sees all of them."""
    return conn.execute(
        """
        SELECT u.organization_id, u.id, u.name
        FROM users u
        WHERE u.role = 'admin' AND u.is_active
        ORDER BY u.organization_id, u.id
        LIMIT 1
        """
    ).fetchone()


def list_organizations(conn: Connection, *, name: str, limit: int) -> list[int]:
    """The ids of the organizations of this name; as the owner."""
    rows = conn.execute(
        "SELECT id FROM organizations WHERE name = %(name)s ORDER BY id LIMIT %(limit)s", {"name": name, "limit": limit}
    ).fetchall()
    return [row["id"] for row in rows]


def has_organization(conn: Connection, *, organization_id: int) -> bool:
    """Whether there is one of this id; as the owner."""
    found = conn.execute("SELECT FROM organizations WHERE id = %(id)s", {"id": organization_id})
    return found.rowcount == 1


def enter_organization(conn: Connection, *, organization_id: int) -> bool:
    """Set the organization, and its zone as that of now(), for the whole session; False if there is none of this id."""
    conn.execute("SELECT set_config('app.organization_id', %(id)s, false)", {"id": str(organization_id)})
    entered = conn.execute(
        "SELECT set_config('TimeZone', zone, false) FROM organizations WHERE id = current_organization()"
    )
    return entered.rowcount == 1


def run_sql(conn: Connection, text: str) -> list[Result]:
    """Run what a person wrote, one statement or several, all or nothing.

    Raises:
        SqlRefused: in the database's own words, and where.
    """
    results = []
    try:
        with conn.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(text)  # the caller's own SQL, held by the walls
            for _ in cursor.results():
                names = tuple(column.name for column in cursor.description) if cursor.description else None
                rows = cursor.fetchall() if names is not None else []
                results.append(Result(columns=names, rows=rows, status=cursor.statusmessage or ""))
    except psycopg.Error as error:
        raise SqlRefused(_words(error, text)) from error
    return results


def _cause(error: psycopg.Error) -> str:
    """The first line, which has host, port and cause; the others hold what may be the reason."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return hide_passwords(line.removeprefix("connection failed: ").removeprefix("connection is bad: ").rstrip("."))


def _words(error: psycopg.Error, text: str) -> str:
    message = error.diag.message_primary or str(error).strip()
    position = error.diag.statement_position
    line = f", line {text.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
    hint = f" ({error.diag.message_hint})" if error.diag.message_hint else ""
    return f"The database refused the statement{line}: {message}{hint}"
