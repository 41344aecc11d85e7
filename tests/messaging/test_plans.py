"""What is asked often of messages is answered by an index, as the plain role and behind the tenant walls."""

from collections.abc import Callable

import pytest

from tests.databases import Shared
from tests.plans import explain
from tranche.kernel.db.listing import CAP, Choice, Prefix, fetch_slice
from tranche.kernel.db.pool import Connection
from tranche.messaging import service
from tranche.messaging.domain import State
from tranche.messaging.queries import messages, sending, settling, suppressions

_COUNT = 30_000
_FILL = (
    f"""
    INSERT INTO messages (organization_id, key, operation_id, channel, address, body, mail_id, status, provider_id,
        error, attempts)
    SELECT current_organization(), 'k' || n, NULL,
        CASE n % 1000 WHEN 0 THEN 'sms' ELSE 'email' END, 'c' || n || '@example.test', 'Hello.', '<m' || n || '@x>',
        CASE n % 500 WHEN 0 THEN 'failed' ELSE 'sent' END, 'p' || n, CASE n % 500 WHEN 0 THEN 'no' END, 1
    FROM generate_series(1, {_COUNT}) AS n
    """,
    f"""
    INSERT INTO message_suppressions (organization_id, channel, address, reason)
    SELECT current_organization(), 'email', 'c' || n || '@example.test', 'STOP' FROM generate_series(1, {_COUNT}) AS n
    """,
    f"""
    INSERT INTO message_early_events (organization_id, channel, provider_id, event_key, status)
    SELECT current_organization(), 'sms', 'e' || n, 'k', 'delivered' FROM generate_series(1, {_COUNT}) AS n
    """,
)


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    with shared.database.transaction(shared.context.organization_id) as conn:
        for statement in _FILL:
            conn.execute(statement.encode())
    for table in ("messages", "message_suppressions", "message_early_events"):
        shared.owner.execute(f"ANALYZE {table}".encode())
    return shared


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"channel": "sms"},
        {"channel": "whatsapp"},
        {"status": "failed"},
        {"status": "bounced"},
        {"channel": "email", "status": "failed"},
        {"address": Prefix("c777")},
        {"operation_id": 17},
    ],
)
def test_a_page_of_messages_reads_an_index(filled: Shared, filters: dict[str, object]) -> None:
    with filled.reading() as conn:
        seen = explain(conn, lambda conn: fetch_slice(conn, messages.MESSAGES, Choice(filters), limit=50))
    assert "Seq Scan" not in seen.scans("messages")


@pytest.mark.parametrize(
    ("table", "ask"),
    [
        ("messages", lambda conn: messages.find_message(conn, message_id=7)),
        ("messages", lambda conn: messages.is_known(conn, channel="email", provider_id="p7")),
        ("messages", lambda conn: messages.lock_by_provider_id(conn, channel="email", provider_id="<m7@x>")),
        ("messages", lambda conn: messages.count_by_status(conn, operation_id=7, cap=CAP)),
        ("messages", lambda conn: settling.lose(conn, operation_id=7, positions=[1, 2])),
        ("messages", lambda conn: settling.settle_open(conn, operation_id=7, stage="send")),
        ("messages", lambda conn: settling.release_unknown(conn, operation_id=7, detail="again")),
        ("messages", lambda conn: settling.lock_unknown(conn, operation_id=7, message_id=None)),
        ("messages", lambda conn: settling.mark_sent(conn, message_ids=[1, 2], detail="arrived")),
        ("messages", lambda conn: sending.take(conn, message_ids=range(1, 33), provider="smtp")),
        ("messages", lambda conn: sending.put_back(conn, taken={1: 1, 2: 1})),
        (
            "message_suppressions",
            lambda conn: suppressions.list_suppressed(
                conn, channel="email", addresses=[f"c{n}@example.test" for n in range(32)]
            ),
        ),
        ("message_early_events", lambda conn: sending.take_early(conn, channel="sms", provider_ids=["e1", "e2"])),
    ],
)
def test_what_sending_asks_reads_an_index(filled: Shared, table: str, ask: Callable[[Connection], object]) -> None:
    with filled.reading() as conn:
        assert "Seq Scan" not in explain(conn, ask).scans(table)


def test_the_outcomes_of_a_group_are_noted_by_an_index(filled: Shared) -> None:
    notes = [
        sending.Note(message_id=n, attempts=1, status=State.SENT, provider_id="x", error_code=None, error=None)
        for n in range(1, 33)
    ]
    with filled.reading() as conn:
        assert "Seq Scan" not in explain(conn, lambda conn: sending.note_outcomes(conn, notes=notes)).scans("messages")


def test_the_states_of_a_large_outbox_are_counted_up_to_a_cap(filled: Shared) -> None:
    with filled.reading() as conn:
        seen = explain(conn, lambda conn: messages.count_by_status(conn, operation_id=None, cap=CAP))
        counts = service.count_by_status(conn)
    assert "messages_by_status" in seen.scans("messages")
    assert (counts[State.SENT], counts[State.FAILED], counts[State.BOUNCED]) == (CAP + 1, _COUNT // 500, 0)
