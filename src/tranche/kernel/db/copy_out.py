"""COPY TO STDOUT in batches of rows.

psycopg hands out each row by itself, and a million turns of its machinery cost more than the database takes for the
rows. Here rows are taken as long as some have arrived, and the connection is waited for only when there are none.
"""

import contextlib
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

import psycopg
from psycopg import generators
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from tranche.kernel.db.pool import Connection

MOST_ROWS: Final = 1_000
MOST_BYTES: Final = 256 * 1024

_CANCEL_SECONDS: Final = 5


def copy_out(conn: Connection, statement: str, values: Mapping[str, Any]) -> Iterator[bytes]:
    """Whole rows, up to a thousand or 256 KB at once and always at least one; closing the iterator cancels the query.

    Raises:
        psycopg.Error: as of any statement.
    """
    command = psycopg.ClientCursor(conn).mogrify(statement.encode(), values)
    with contextlib.closing(copy_messages(conn, command.encode())) as batches:
        for rows, _ in batches:
            yield rows


def copy_messages(conn: psycopg.Connection[Any], statement: bytes) -> Generator[tuple[bytes, int], None, None]:
    """The same for a statement as it is, with how many messages came: one for each row, and of a binary COPY one more.

    Raises:
        psycopg.Error: as of any statement.
    """
    pgconn = conn.pgconn
    pgconn.send_query(statement)
    _check(conn.wait(generators.execute(pgconn)), ExecStatus.COPY_OUT)
    try:
        has_more = True
        while has_more:
            data, count, has_more = conn.wait(_receive(pgconn))
            if count:
                yield data, count
        _check(conn.wait(generators.execute(pgconn)), ExecStatus.COMMAND_OK)
    finally:
        if pgconn.transaction_status == TransactionStatus.ACTIVE:
            _abandon(conn)


def _receive(pgconn: PGconn) -> PQGen[tuple[bytes, int, bool]]:
    """The next messages, how many they are, and whether there may be more."""
    data = bytearray()
    count = 0
    while count < MOST_ROWS and len(data) < MOST_BYTES:
        size, message = pgconn.get_copy_data(1)
        if size > 0:
            data += message
            count += 1
        elif size:
            return bytes(data), count, False
        else:
            while not (yield Wait.R):
                continue
            pgconn.consume_input()
    return bytes(data), count, True


def _abandon(conn: psycopg.Connection[Any]) -> None:
    """End the query and take what is still on its way, so that the connection can be used again."""
    with contextlib.suppress(psycopg.Error):  # a connection that broke is the pool's to notice
        conn.cancel_safe(timeout=_CANCEL_SECONDS)
        while conn.wait(_receive(conn.pgconn))[2]:
            continue
        conn.wait(generators.execute(conn.pgconn))


def _check(results: list[PGresult], status: ExecStatus) -> None:
    for result in results:
        if result.status != status:
            raise error_from_result(result)
