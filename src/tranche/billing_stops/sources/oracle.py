"""An Oracle source by python-oracledb in thin mode.

It was tested against a recorded fake of the driver's interface, and never against a real Oracle.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from tranche.billing_stops.domain import SourceAway, SourceFault, SourceRefused
from tranche.billing_stops.sources import waiting
from tranche.billing_stops.sources.port import Part, Reading, Wanted
from tranche.billing_stops.sources.rows import RowWriter

ARRAY_SIZE: Final = 10_000
_CLOSE_SECONDS: Final = 10.0
_READ_ONLY: Final = "SET TRANSACTION READ ONLY"
_MOMENT: Final = "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL"

# What stays as it is until somebody changes something: wrong user, locked account, missing table, bad column, syntax.
_REFUSED: Final = frozenset({900, 904, 907, 911, 918, 923, 933, 936, 942, 1017, 1031, 12505, 12514, 28000, 28001})


class Driver(Protocol):
    """What is used of the module `oracledb`."""

    @property
    def Error(self) -> type[Exception]:  # noqa: N802  # the driver's own name
        """The base of its faults."""

    def connect(self, **words: Any) -> Any:  # noqa: ANN401  # the driver's own object
        """Connect in thin mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleAddress:
    """Where the database is; `host` is an address, already resolved and allowed."""

    host: str
    port: int
    service: str
    user: str
    password: str = field(repr=False)


class OracleReader:
    """An Oracle database with one query."""

    def __init__(self, driver: Driver, address: OracleAddress, *, timeout_seconds: int) -> None:
        """`timeout_seconds` bounds each call to the database."""
        self._driver = driver
        self._address = address
        self._timeout = timeout_seconds

    @contextmanager
    def open(self, wanted: Wanted) -> Iterator[Reading]:
        """See Reader. A read-only transaction sees everything as of the moment at which it begins."""
        with self._told():
            connection = waiting.within(waiting.OPEN_SECONDS, self._connect, late=self._close)
        try:
            with self._told():
                connection.call_timeout = int(min(self._timeout, waiting.OPEN_SECONDS) * 1_000)
                reading = _Reading(connection, wanted, told=self._told)
                connection.call_timeout = self._timeout * 1_000
            yield reading
        finally:
            with suppress(SourceFault):  # it waits for the call that is still out; the line goes with the thread
                waiting.within(_CLOSE_SECONDS, lambda: self._close(connection), late=lambda _: None)

    def _connect(self) -> Any:  # noqa: ANN401  # the driver's own object
        """The driver limits only the way to the listener, not how long that may be silent."""
        return self._driver.connect(
            host=self._address.host,
            port=self._address.port,
            service_name=self._address.service,
            user=self._address.user,
            password=self._address.password,
            tcp_connect_timeout=5,
            retry_count=0,
            expire_time=1,
        )

    def _close(self, connection: Any) -> None:  # noqa: ANN401  # the driver's own object
        with suppress(self._driver.Error):
            connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._driver.Error as error:
            fault = error.args[0] if error.args else None
            code = getattr(fault, "code", 0)
            if code in _REFUSED:
                raise SourceRefused(f"The source refused the user or the query (ORA-{code:05d}).") from error
            raise SourceAway(getattr(fault, "full_code", "") or "no code") from error


class _Reading:
    def __init__(self, connection: Any, wanted: Wanted, *, told: Callable[[], Any]) -> None:  # noqa: ANN401  # the driver's own object
        self._connection = connection
        self._wanted = wanted
        self._told = told
        self._cursor = connection.cursor()
        self._cursor.execute(_READ_ONLY)
        self._cursor.execute(_MOMENT)
        self.as_of: datetime | None = self._cursor.fetchone()[0].replace(tzinfo=UTC)
        self.is_status_given = False

    def parts(self) -> Generator[Part, None, None]:
        """All rows, fetched by ten thousand; the query itself begins here, where it can be cancelled."""
        since = self._wanted.since
        words = {} if since is None else {"since": since.astimezone(UTC).replace(tzinfo=None)}
        self._cursor.arraysize = ARRAY_SIZE
        self._cursor.prefetchrows = ARRAY_SIZE
        with self._told():
            self._cursor.execute(self._wanted.query, words, fetch_decimals=True, fetch_lobs=False)
        writer = RowWriter(self._wanted, [column[0] for column in self._cursor.description])
        self.is_status_given = writer.is_status_given
        yield from writer.parts(self._rows())

    def cancel(self) -> None:
        """Break the running call."""
        with suppress(Exception):  # whatever the driver says to a connection that has gone
            self._connection.cancel()

    def _rows(self) -> Iterator[Sequence[object]]:
        while True:
            with self._told():
                rows = self._cursor.fetchmany(ARRAY_SIZE)
            if not rows:
                return
            yield from rows
