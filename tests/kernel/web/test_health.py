"""Alive, ready, and what a missing database looks like from outside."""

import pytest
from litestar import get
from litestar.di import NamedDependency

from tests.kernel.web.sample import NOWHERE, calling, sample_app
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database


@get("/rows", sync_to_thread=True)
def read_rows(database: NamedDependency[Database], ctx: NamedDependency[Context]) -> int:
    with database.transaction(ctx.organization_id) as conn:
        return len(conn.execute("SELECT 1").fetchall())


@get("/broken", sync_to_thread=True)
def read_broken(database: NamedDependency[Database], ctx: NamedDependency[Context]) -> None:
    with database.transaction(ctx.organization_id) as conn:
        conn.execute("SELECT canary FROM secret_table")


def test_a_server_that_is_not_ready_says_so_with_a_code_only() -> None:
    with calling(sample_app(reason="migrations")) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready_migrations")
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/livez").status_code == 200


def test_while_the_database_is_away_the_answer_is_503() -> None:
    database = Database(NOWHERE, timeout=0.2).open()
    try:
        with calling(sample_app(routes=[read_rows], database=database)) as client:
            answer = client.get("/rows")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "5"
            assert "nowhere" not in answer.text
            assert client.get("/livez").status_code == 200
    finally:
        database.close()


def test_a_fault_in_sql_is_500_without_a_word_of_it(database: Database, context: Context) -> None:
    del context
    with calling(sample_app(routes=[read_broken], database=database)) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "secret_table" not in answer.text


def test_a_route_reads_through_the_pool(database: Database) -> None:
    with calling(sample_app(routes=[read_rows], database=database)) as client:
        assert client.get("/rows").json() == 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_needs_no_key(path: str) -> None:
    with calling(sample_app(), caller="stranger") as client:
        assert client.get(path).status_code == 200
