"""A PostgreSQL source: every statement to it. COPY out is handed on to COPY in, as bytes."""

import os
import re
import socket
import struct
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import sql

from tranche.billing_stops.domain import SourceAway, SourceFault, SourceRefused
from tranche.billing_stops.sources import waiting
from tranche.billing_stops.sources.port import PART_BYTES, Part, Reading, Wanted
from tranche.kernel.db.copy_out import copy_messages
from tranche.kernel.db.pool import KEEPALIVES

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00"
_HEAD: Final = _SIGNATURE + struct.pack(">II", 0, 0)
_END: Final = struct.pack(">h", -1)
_SINCE: Final = re.compile(r"(?<![:\w]):since\b")
_SHOWN: Final = 300

_REFUSED: Final[Mapping[str, str]] = {
    "28": "refused the user or the password",
    "3D": "has no database of that name",
    "42": "refused the query",
    "22": "has a value that the query cannot convert",
    "0A": "refused the query",
}


class PostgresReader:
    """A PostgreSQL database with one query."""

    def __init__(self, connection: Mapping[str, Any], *, timeout_seconds: int, way_out: str = "") -> None:
        """`connection` are libpq's words, the host already resolved; `timeout_seconds` bounds the whole query.

        `way_out` is a sentence for whoever finds no database there.
        """
        self._connection = connection
        self._way_out = way_out
        self._timeout = timeout_seconds

    @contextmanager
    def open(self, wanted: Wanted) -> Iterator[Reading]:
        """See Reader. Everything is read as of the moment at which the transaction begins.

        The driver's own limit ends where the server has let us in; what is asked next has one of ours.
        """
        with _told(self._way_out):
            conn = psycopg.connect(
                **{**KEEPALIVES, **self._connection},
                application_name="tranche snapshot",
                options=f"-c statement_timeout={self._timeout}s -c lock_timeout=10s",
            )
        with closing(conn):
            with _told(), _hanging_up(conn, after=waiting.OPEN_SECONDS):
                conn.read_only = True
                conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                reading = _Reading(conn, wanted)
            yield reading


class _Reading:
    def __init__(self, conn: psycopg.Connection[Any], wanted: Wanted) -> None:
        self._conn = conn
        row = conn.execute("SELECT now()").fetchone()
        self.as_of: datetime | None = row[0] if row else None
        query = _query(wanted)
        found = [column.name for column in _described(conn, query)]
        self.is_status_given = wanted.rule_column in found
        self._statement = _copy_statement(wanted, query, found)

    def parts(self) -> Generator[Part, None, None]:
        """Each message of COPY is one row, the first with the head before it; their bytes pass through untouched."""
        data, rows = bytearray(), 0
        statement = self._statement.as_bytes(self._conn)
        with _told(), closing(copy_messages(self._conn, statement)) as batches:
            for messages, count in batches:
                if len(data) >= PART_BYTES and messages != _END:
                    yield _part(data, rows)
                    data, rows = bytearray(_HEAD), 0
                data += messages
                rows += count
        if data.endswith(_END) and len(data) > len(_HEAD) + len(_END):
            # The last message was the end, which every part gets anyway.
            yield _part(data[: -len(_END)], rows - 1)

    def cancel(self) -> None:
        """Ask the server to end the query, and hang up: a server that is gone or silent cannot be asked."""
        with suppress(psycopg.Error):
            self._conn.cancel_safe(timeout=5.0)
        _hang_up(self._conn)


@contextmanager
def _hanging_up(conn: psycopg.Connection[Any], *, after: float) -> Iterator[None]:
    """Cut the line when the block takes longer; what waits in it then meets a server that went away."""
    timer = threading.Timer(after, _hang_up, [conn])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(conn: psycopg.Connection[Any]) -> None:
    """Cut the line under a connection, from any thread: whoever waits for its server is woken at once."""
    with (
        suppress(psycopg.Error, OSError),  # it is closed already
        socket.socket(fileno=os.dup(conn.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def _part(data: bytearray, rows: int) -> Part:
    return Part(bytes(data) + _END, rows, is_binary=True)


def _query(wanted: Wanted) -> sql.Composable:
    text = sql.SQL(wanted.query)
    if wanted.since is None:
        return text
    first, *rest = _SINCE.split(wanted.query)
    pieces: list[sql.Composable] = [sql.SQL(first)]
    for piece in rest:
        pieces += [sql.Literal(wanted.since), sql.SQL(piece)]
    return sql.Composed(pieces)


def _described(conn: psycopg.Connection[Any], query: sql.Composable) -> list[psycopg.Column]:
    cursor = conn.execute(sql.SQL("SELECT * FROM (\n{}\n) AS q LIMIT 0").format(query))
    return cursor.description or []


def _copy_statement(wanted: Wanted, query: sql.Composable, found: list[str]) -> sql.Composed:
    missing = [name for name in wanted.names if name not in found and name != wanted.rule_column]
    if missing:
        raise SourceRefused(f"The query gives no column {', '.join(missing)}; it gives {', '.join(found)}.")
    columns: list[sql.Composable] = []
    for name in wanted.names:
        kind = wanted.data_set.kinds.get(name)
        if name == wanted.rule_column and name not in found:
            columns.append(sql.SQL(wanted.data_set.rule.sql("q", cutoff=wanted.cutoff)))
        else:
            columns.append(sql.SQL("q.{}::{}").format(sql.Identifier(name), sql.SQL(kind.value if kind else "boolean")))
    return sql.SQL("COPY (SELECT {} FROM (\n{}\n) AS q) TO STDOUT (FORMAT binary)").format(
        sql.SQL(", ").join(columns), query
    )


@contextmanager
def _told(way_out: str = "") -> Iterator[None]:
    """Faults of the driver as ours: what may pass, and what stays as it is until somebody changes something."""
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or _state_in(error)
        if (what := _REFUSED.get(state[:2])) is not None:
            said = (error.diag.message_primary or "")[:_SHOWN] if state[:2] in {"42", "0A"} else ""
            ending = f" {way_out}" if way_out and state[:2] == "3D" else ""
            raise SourceRefused(f"The source {what}{f': {said}' if said else ''}.{ending}") from error
        if isinstance(error, psycopg.errors.QueryCanceled):
            raise SourceFault("The source's query took too long and was ended.", code="source_timeout") from error
        raise SourceAway("connection refused" if "Connection refused" in str(error) else "") from error


def _state_in(error: psycopg.Error) -> str:
    """A refusal at the door carries no code in every version of libpq; its words are fixed."""
    text = str(error)
    if "password" in text or "authentication" in text or re.search(r'role "[^"]*" does not exist', text):
        return "28000"
    return "3D000" if re.search(r'database "[^"]*" does not exist', text) else ""
