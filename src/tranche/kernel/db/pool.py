"""The connection pool: one transaction at a time, with its tenant set, or a clear refusal."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from tranche.kernel.errors import Unavailable

Row: TypeAlias = dict[str, Any]
Connection: TypeAlias = psycopg.Connection[Row]

# A machine that vanished is noticed after 11 s by an idle connection, after 15 s by one that has sent something.
KEEPALIVES: Final[Mapping[str, Any]] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_AWAY = "The database cannot be reached right now. Nothing was changed; try again in a moment."
_BUSY = "The database is too busy to answer in time. Nothing was changed; try again in a moment."
_FRESH_SECONDS = 0.1
_PORT = 5432


class Line(psycopg.Connection[Row]):
    """A connection of a pool, which knows when it was last used."""

    used_at: float = 0.0


class Database:
    """A pool of connections of one role; every use is one transaction that knows its organization."""

    def __init__(self, url: str, *, size: int = 10, name: str = "tranche", timeout: float = 5.0) -> None:
        """`url` is a libpq address; `timeout` is how many seconds a caller waits for a free connection."""
        self.url = url
        self._pool: ConnectionPool[Line] = ConnectionPool(
            url,
            name=name,
            connection_class=Line,
            min_size=0,
            max_size=size,
            timeout=timeout,
            open=False,
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "application_name": name,
                **KEEPALIVES,
            },
            configure=_spare_pooler,
            check=_check,
            reconnect_timeout=5.0,
        )

    def open(self) -> "Database":
        """Start the pool; a connection is made when it is first asked for, and given up when it was idle for long."""
        self._pool.open()
        return self

    def close(self) -> None:
        """End the pool and its connections."""
        self._pool.close()

    @contextmanager
    def transaction(self, organization_id: int | None) -> Iterator[Connection]:
        """One transaction with the tenant set (None: no tenant, so that no tenant's row is seen).

        Begin and tenant go to the server together, and so do commit and reset: whoever gets the connection next finds
        nothing of this one's. A rollback takes settings back by itself.

        Raises:
            Unavailable: no connection could be had, it broke, or a time limit passed.
        """
        value = "" if organization_id is None else str(int(organization_id))
        with self._line() as conn:
            conn.execute(f"BEGIN; SET LOCAL app.organization_id = '{value}'".encode(), prepare=False)
            yield conn
            conn.execute("COMMIT; RESET ALL", prepare=False)

    @contextmanager
    def lone(self) -> Iterator[Connection]:
        """A connection for one statement, which is a transaction of its own and has no tenant.

        Raises:
            Unavailable: as for `transaction`.
        """
        with self._line() as conn:
            yield conn

    @contextmanager
    def _line(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as conn:
                yield conn
                conn.used_at = time.monotonic()
        except PoolTimeout as error:
            raise Unavailable(_AWAY, retry_after=5) from error
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
            raise Unavailable(_BUSY, code="busy", retry_after=2) from error
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
            raise Unavailable(_BUSY, code="busy", retry_after=1) from error
        except (
            psycopg.OperationalError,
            psycopg.InterfaceError,
            psycopg.errors.IdleInTransactionSessionTimeout,
        ) as error:
            raise Unavailable(_AWAY, retry_after=5) from error


def set_tenant(conn: Connection, organization_id: int | None) -> None:
    """Set the organization of the running transaction; the tenant walls compare with it."""
    value = "" if organization_id is None else str(organization_id)
    conn.execute("SELECT set_config('app.organization_id', %s, true)", [value])


def lengthen_statement_time(conn: Connection, *, seconds: int) -> None:
    """Give the rest of this transaction's statements more time, each, than the role's own limit."""
    conn.execute("SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": f"{seconds}s"})


@contextmanager
def taken_back(conn: Connection) -> Iterator[None]:
    """What is done inside is taken back at its end; the transaction around it goes on."""
    with conn.transaction():
        yield
        raise psycopg.Rollback


def connect(url: str, *, name: str = "tranche") -> Connection:
    """A single connection in autocommit mode, for migrations, doctor and listeners.

    Raises:
        psycopg.OperationalError: the database could not be reached; its first line says where and why.
        psycopg.ProgrammingError: `url` is no address.
    """
    try:
        return psycopg.connect(
            url,
            row_factory=dict_row,
            autocommit=True,
            application_name=name,
            **KEEPALIVES,
        )
    except psycopg.OperationalError as error:
        raise _with_place(error, url) from error


def is_pooled(conn: psycopg.Connection[Any]) -> bool:
    """Whether a pooler such as PgBouncer stands before the server: it introduces itself by a number of its own."""
    row = conn.execute("SELECT pg_backend_pid() AS pid", prepare=False).fetchone()
    return row is not None and row["pid"] != conn.info.backend_pid


def _with_place(error: psycopg.OperationalError, url: str) -> psycopg.OperationalError:
    """Most causes name host and port themselves; a time that is over and a name that is unknown do not."""
    cause = str(error).partition("\n")[0]
    if "port " in cause or "socket " in cause:
        return error
    given = conninfo_to_dict(url)
    where = f'"{given.get("host") or "localhost"}", port {given.get("port") or _PORT}'
    return psycopg.OperationalError(f"connection to server at {where} failed: {cause}")


def _spare_pooler(conn: Line) -> None:
    """Behind a pooler a statement that was prepared may be asked of another server process, which does not know it."""
    if is_pooled(conn):
        conn.prepare_threshold = None


def _check(conn: Line) -> None:
    """Ask a connection that has rested whether it lives; one that has just been used is not asked again."""
    if time.monotonic() - conn.used_at > _FRESH_SECONDS:
        ConnectionPool.check_connection(conn)
