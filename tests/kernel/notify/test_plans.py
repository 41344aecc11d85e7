"""The outbox's hot questions reach their index behind the tenant wall, on a filled table and as the plain role."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.databases import Shared
from tests.kernel.notify.office import Office
from tests.plans import explain
from tranche.kernel.db.pool import Connection
from tranche.kernel.notify.domain import Channel
from tranche.kernel.notify.queries import leases, notifications

OPEN, ENDED, ENDPOINT = "notifications_open", "notifications_ended", "notifications_by_endpoint"


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    """Thirty thousand that were sent, two hundred that wait."""
    office = Office(shared.database, shared.owner, shared.context)
    issued = office.endpoint("https://hook.example.test")
    values = {"id": office.ctx.organization_id, "endpoint": issued.endpoint.id}
    office.owner.execute(
        """
        INSERT INTO notifications (organization_id, channel, event, endpoint_id, destination, body, status, message_id,
            provider_id, sent_at, updated_at)
        SELECT %(id)s, 'webhook', 'a.b', CASE WHEN n %% 100 = 0 THEN %(endpoint)s END, 'x', 'x', 'sent', 'm', 'p',
            now(), now() - n * interval '1 minute'
        FROM generate_series(1, 30000) AS n
        """,
        values,
    )
    office.owner.execute(
        """
        INSERT INTO notifications (organization_id, channel, event, destination, body, message_id)
        SELECT %(id)s, 'webhook', 'a.b', 'x', 'x', 'm' FROM generate_series(1, 200)
        """,
        values,
    )
    office.owner.execute("VACUUM ANALYZE")
    return shared


QUESTIONS: dict[str, tuple[Callable[[Connection], object], set[str]]] = {
    "is anything due": (notifications.has_due, {OPEN}),
    "the next one": (
        lambda conn: leases.lease_next(conn, channel=Channel.WEBHOOK, lease=uuid4(), seconds=60, domain="x"),
        {OPEN, "notifications_pkey"},
    ),
    "what has lapsed": (
        lambda conn: leases.settle_lapsed(conn, channel=Channel.WEBHOOK, most_attempts=7),
        {OPEN, "notifications_pkey"},
    ),
    "what is old": (
        lambda conn: notifications.delete_ended(conn, older_than=timedelta(days=20), most=100),
        {ENDED, "notifications_pkey"},
    ),
    "deliveries of one endpoint": (
        lambda conn: notifications.list_notifications(
            conn, endpoint_id=1, channel=None, status=None, limit=20, offset=0
        ),
        {ENDPOINT, "notifications_pkey"},
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_hot_question_does_not_read_the_whole_table(filled: Shared, name: str) -> None:
    ask, indexes = QUESTIONS[name]
    with filled.reading() as conn:
        scans = explain(conn, ask).scans("notifications")
    assert scans - {"ModifyTable"}
    assert scans <= indexes | {"ModifyTable"}


def test_looking_for_the_due_of_all_organizations_reads_an_index(filled: Shared) -> None:
    (row,) = filled.owner.execute("SELECT prosrc FROM pg_proc WHERE proname = 'list_due_notifications'").fetchall()
    statement = row["prosrc"].replace("wanted", "'webhook'").replace("most", "1000")
    assert explain(filled.owner, lambda conn: conn.execute(statement)).scans("notifications") == {OPEN}
