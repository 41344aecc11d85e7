"""COPY TO STDOUT in batches: whole rows, in order, and a connection that can be used again whatever happened."""

import contextlib
import threading
from typing import Final

import psycopg
import pytest

from tranche.kernel.db.copy_out import MOST_BYTES, MOST_ROWS, copy_out
from tranche.kernel.db.pool import Connection

_NUMBERS: Final = "COPY (SELECT n FROM generate_series(1, %(most)s) AS n) TO STDOUT (FORMAT csv)"
_ENDLESS: Final = "COPY (SELECT n, repeat('x', 100) FROM generate_series(1, 100000000) AS n) TO STDOUT (FORMAT csv)"


def _is_usable(conn: Connection) -> bool:
    return conn.execute("SELECT 7 AS n").fetchall() == [{"n": 7}]


@pytest.mark.parametrize("most", [0, 1, MOST_ROWS, 2_500])
def test_every_row_comes_once_in_batches_of_whole_rows(owner: Connection, most: int) -> None:
    batches = list(copy_out(owner, _NUMBERS, {"most": most}))
    assert b"".join(batches) == b"".join(b"%d\n" % n for n in range(1, most + 1))
    assert all(batch.endswith(b"\n") for batch in batches)
    assert [batch.count(b"\n") for batch in batches[:-1]] == [MOST_ROWS] * (len(batches) - 1)
    assert _is_usable(owner)


def test_wide_rows_come_by_few(owner: Connection) -> None:
    wide = "COPY (SELECT repeat('x', 100000) FROM generate_series(1, 10)) TO STDOUT"
    batches = list(copy_out(owner, wide, {}))
    assert max(map(len, batches)) < MOST_BYTES + 100_002
    assert sum(map(len, batches)) == 10 * 100_001


def test_who_goes_in_the_middle_ends_the_query_and_leaves_the_connection_usable(owner: Connection) -> None:
    with contextlib.closing(copy_out(owner, _ENDLESS, {})) as rows:  # type: ignore[type-var]  # it is a generator
        assert next(rows).startswith(b"1,")
    assert _is_usable(owner)


def test_an_error_in_the_middle_is_raised_as_of_any_statement(owner: Connection) -> None:
    rows = copy_out(owner, "COPY (SELECT 1 / (5000 - n) FROM generate_series(1, 9000) AS n) TO STDOUT", {})
    assert next(rows)
    with pytest.raises(psycopg.errors.DivisionByZero):
        list(rows)
    assert _is_usable(owner)


def test_a_statement_that_cannot_be_is_raised_at_once(owner: Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        next(copy_out(owner, "COPY (SELECT nothing) TO STDOUT", {}))
    assert _is_usable(owner)


def test_another_thread_can_end_it(owner: Connection) -> None:
    rows = copy_out(owner, _ENDLESS, {})
    assert next(rows)
    ending = threading.Thread(target=owner.cancel_safe)
    ending.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        list(rows)
    ending.join()
    assert _is_usable(owner)
