"""Hot questions reach their index behind the tenant wall, on filled tables and as the plain role."""

from datetime import UTC, datetime

import pytest

from tests.databases import Shared
from tests.plans import explain
from tranche.imports.memory import queries as memories
from tranche.imports.undo import Outcome
from tranche.kernel.db.listing import Choice, Listing, Place, Prefix, fetch_slice
from tranche.kernel.db.pool import Connection
from tranche.orders.queries import batches, orders, undoing
from tranche.orders.queries.listing import BATCHES, ORDERS

FILL = """
    INSERT INTO customers (organization_id, code, name, name_folded)
        SELECT %(org)s, 'C' || n, 'Customer ' || n, 'customer ' || n FROM generate_series(1, 500) n;
    INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at)
        SELECT %(org)s, %(user)s, 'f' || n, 'completed', now() FROM generate_series(1, 200) n;
    INSERT INTO orders
            (organization_id, batch_id, number, customer_id, currency, line_count, total, order_date, status)
        SELECT %(org)s, b.first + n %% 200, 'N' || n, c.first + n %% 500, 'EUR', 1, n,
            CASE WHEN n %% 7 > 0 THEN '2026-01-01'::timestamptz + n * interval '1 minute' END,
            CASE WHEN n %% 1000 = 0 THEN 'cancelled' ELSE 'open' END
        FROM generate_series(1, 30000) n,
            (SELECT min(id) AS first FROM order_batches WHERE organization_id = %(org)s) b,
            (SELECT min(id) AS first FROM customers WHERE organization_id = %(org)s) c;
    INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at, imported_at)
        SELECT %(org)s, %(user)s, 'g' || n, 'completed', now(), '2026-01-01'::timestamptz + n * interval '10 minutes'
        FROM generate_series(1, 10000) n;
    INSERT INTO import_mappings (organization_id, target, fingerprint, header, columns, used_at)
        SELECT %(org)s, CASE n %% 2 WHEN 0 THEN 'order' ELSE 'item' END, sha256(n::text::bytea), '[]', '{}',
            now() - n * interval '1 minute'
        FROM generate_series(1, 20000) n;
    WITH undo AS (
        INSERT INTO operations (organization_id, uuid, kind, phase)
        SELECT %(org)s, gen_random_uuid(), 'order_undo', 'undo' FROM generate_series(1, 3) RETURNING id
    )
    INSERT INTO operation_items (organization_id, operation_id, position, stage, status, error)
        SELECT %(org)s, undo.id, n, 'undo', CASE WHEN n %% 1000 = 0 THEN 'skipped' ELSE 'succeeded' END, 'x'
        FROM undo, generate_series(1, 20000) n
"""


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    for statement in FILL.split(";"):
        shared.owner.execute(
            statement.encode(), {"org": shared.context.organization_id, "user": shared.context.user_id}
        )
    shared.owner.execute("ANALYZE")
    return shared


def _ask(conn: Connection, listing: Listing, place: Place | None, sort: str, **filters: object) -> object:
    return fetch_slice(conn, listing, Choice(filters, sort), limit=50, place=place)


@pytest.mark.parametrize(
    ("sort", "filters", "index"),
    [
        ("id", {}, "orders_pkey"),
        ("-id", {}, "orders_pkey"),
        ("orderId", {}, "orders_organization_id_number_key"),
        ("-orderId", {"search": Prefix("N2999")}, "orders_organization_id_number_key"),
        ("orderDate", {}, "orders_by_date"),
        ("-orderDate", {"since": datetime(2026, 1, 15, tzinfo=UTC)}, "orders_by_date"),
        ("total", {}, "orders_by_total"),
        ("-total", {"least": 290_000_000}, "orders_by_total"),
        ("id", {"batch_id": 5}, "orders_by_batch"),
        ("-id", {"customer_id": 5}, "orders_by_customer"),
        ("-id", {"status": "cancelled"}, "orders_by_status"),
    ],
)
def test_a_page_of_orders_reaches_its_index_first_far_and_backwards(
    filled: Shared, sort: str, filters: dict[str, object], index: str
) -> None:
    with filled.reading() as conn:
        first = fetch_slice(conn, ORDERS, Choice(filters, sort), limit=20)
        far = first.following or Place(("1",) * len(ORDERS.sorts[sort.removeprefix("-")]))
        for place in (None, far, Place(far.values, forward=False)):
            plans = explain(conn, lambda asked: _ask(asked, ORDERS, place, sort, **filters))  # noqa: B023  # asked at once
            assert index in plans.scans("orders")
            assert "Seq Scan" not in plans.scans("orders")


@pytest.mark.parametrize(
    ("sort", "filters", "index"),
    [
        ("-id", {}, "order_batches_live"),
        ("importedAt", {"since": datetime(2026, 3, 1, tzinfo=UTC)}, "order_batches_by_time"),
        ("-id", {"status": "failed"}, "order_batches_by_status"),
    ],
)
def test_a_page_of_batches_reaches_its_index(filled: Shared, sort: str, filters: dict[str, object], index: str) -> None:
    with filled.reading() as conn:
        plans = explain(conn, lambda asked: _ask(asked, BATCHES, None, sort, **filters))
    assert index in plans.scans("order_batches")
    assert "Seq Scan" not in plans.scans("order_batches")


def test_one_order_and_its_lines_reach_their_keys(filled: Shared) -> None:
    with filled.reading() as conn:
        plans = explain(conn, lambda asked: orders.find_order(asked, order_id=77))
    assert plans.scans("orders") == {"orders_pkey"}


def test_the_search_for_the_same_file_reaches_its_index(filled: Shared) -> None:
    with filled.reading() as conn:
        plans = explain(conn, lambda asked: batches.find_same_file(asked, sha256=bytes(32)))
    assert "order_batches_by_file" in plans.scans("order_batches")


def test_the_newest_mappings_of_a_target_reach_their_index(filled: Shared) -> None:
    with filled.reading() as conn:
        plans = explain(conn, lambda asked: memories.list_memories(asked, target="order", limit=1_000, offset=0))
    assert plans.scans("import_mappings") == {"import_mappings_newest"}


def test_the_kept_orders_of_an_undo_reach_their_indexes(filled: Shared) -> None:
    with filled.reading() as conn:
        (row,) = conn.execute("SELECT min(id) AS id FROM operations").fetchall()
        plans = explain(
            conn,
            lambda asked: undoing.list_outcomes(
                asked, operation_id=row["id"], outcomes=[Outcome.KEPT, Outcome.ERRORED], limit=50, offset=0
            ),
        )
    assert "Seq Scan" not in plans.scans("operation_items")
