"""A job exists if, and only if, the transaction that made it commits."""

import threading

import pytest

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.jobs.queue import ProcrastinateQueue


class RollBack(Exception):
    """Ends a transaction without its effects."""


def names(conn: Connection) -> list[str]:
    return [row["queueing_lock"] for row in conn.execute("SELECT * FROM procrastinate_jobs ORDER BY id").fetchall()]


def put(conn: Connection, key: str) -> bool:
    return ProcrastinateQueue().enqueue(conn, "task", key=key, arguments={"n": 1})


def test_it_is_there_after_the_commit_and_not_before(database: Database, owner: Connection) -> None:
    with database.transaction(None) as conn:
        assert put(conn, "a")
        assert names(owner) == []
    assert names(owner) == ["a"]


def test_it_is_gone_after_a_rollback(database: Database, owner: Connection) -> None:
    def put_and_roll_back() -> None:
        with database.transaction(None) as conn:
            assert put(conn, "a")
            raise RollBack

    with pytest.raises(RollBack):
        put_and_roll_back()
    assert names(owner) == []


def test_a_second_one_of_a_key_is_not_added_and_the_transaction_goes_on(database: Database, owner: Connection) -> None:
    with database.transaction(None) as conn:
        assert put(conn, "a")
    with database.transaction(None) as conn:
        assert put(conn, "b")
        assert not put(conn, "a")
        assert not put(conn, "b")
        assert put(conn, "c")
    assert names(owner) == ["a", "b", "c"]


def test_two_transactions_that_want_the_same_key_make_one_job(database: Database, owner: Connection) -> None:
    added: list[bool] = []

    def second() -> None:
        with database.transaction(None) as conn:
            added.append(put(conn, "a"))

    with database.transaction(None) as conn:
        assert put(conn, "a")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(5)
    assert added == [False]
    assert names(owner) == ["a"]


def test_a_job_that_runs_does_not_keep_the_next_one_out(database: Database, owner: Connection) -> None:
    with database.transaction(None) as conn:
        put(conn, "a")
    owner.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    with database.transaction(None) as conn:
        assert put(conn, "a")
