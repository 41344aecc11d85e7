"""What every page asks reaches its index behind the tenant wall, on filled tables and as the plain role."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.databases import Shared
from tests.plans import explain
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.queries import links, sessions
from tranche.kernel.operations.queries import watching


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    """Twenty thousand sessions, links and operations, most of them long past."""
    owner = shared.owner
    values = {"id": shared.context.organization_id, "user": shared.context.user_id}
    owner.execute(
        """
        INSERT INTO sessions (organization_id, user_id, token_hash, expires_at)
        SELECT %(id)s, %(user)s, sha256(n::text::bytea), now() + n * interval '1 minute'
        FROM generate_series(1, 20000) AS n
        """,
        values,
    )
    owner.execute(
        """
        INSERT INTO entry_links (organization_id, user_id, purpose, token_hash, expires_at, used_at)
        SELECT %(id)s, %(user)s, 'reset', sha256(n::text::bytea), now(), now() FROM generate_series(1, 20000) AS n
        """,
        values,
    )
    owner.execute(
        """
        INSERT INTO operations (organization_id, uuid, kind, phase, status, finished_at)
        SELECT %(id)s, gen_random_uuid(), 'x', 'x', CASE WHEN n > 19990 THEN 'processing' ELSE 'completed' END,
            CASE WHEN n <= 19990 THEN now() - n * interval '1 hour' END
        FROM generate_series(1, 20000) AS n
        """,
        values,
    )
    owner.execute("VACUUM ANALYZE")
    return shared


QUESTIONS: dict[str, tuple[str, Callable[[Connection], object], set[str]]] = {
    "a session": (
        "sessions",
        lambda conn: sessions.find_usable(conn, session_id=1, idle_seconds=60),
        {"sessions_pkey"},
    ),
    "ended sessions": ("sessions", lambda conn: sessions.delete_ended(conn, most=20), {"sessions_by_end"}),
    "a link": ("entry_links", lambda conn: links.lock_usable(conn, link_id=1), {"entry_links_pkey"}),
    "what runs": ("operations", lambda conn: watching.list_running(conn, limit=6), {"operations_open"}),
    "how many run": ("operations", lambda conn: watching.count_running(conn, most=99), {"operations_open"}),
    "what ended": ("operations", lambda conn: watching.list_ended(conn, hours=24, limit=6), {"operations_ended"}),
    "what needs a hand": (
        "operations",
        lambda conn: watching.list_troubled(conn, since=datetime.now(UTC), limit=6),
        {"operations_ended"},
    ),
}


def test_every_question_of_a_page_reaches_its_index(filled: Shared) -> None:
    wrong = {}
    for name, (table, ask, indexes) in QUESTIONS.items():
        with filled.reading() as conn:
            scans = explain(conn, ask).scans(table)
        if not scans & indexes or "Seq Scan" in scans:
            wrong[name] = scans
    assert wrong == {}


def test_a_cookie_and_a_link_are_found_by_the_hash_alone(filled: Shared) -> None:
    for table in ("sessions", "entry_links"):
        plan = explain(
            filled.owner,
            lambda conn, table=table: conn.execute(f"SELECT id FROM {table} WHERE token_hash = '\\x00'"),  # type: ignore[misc]  # bound at once
        )
        assert plan.scans(table) == {f"{table}_by_hash"}
