"""Hot questions reach their index behind the tenant wall, on filled tables and as the plain role."""

import pytest

from tests.plans import explain
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.orders.queries import batches, orders

FILL = """
    INSERT INTO customers (organization_id, code, name, name_folded)
        SELECT %(org)s, 'C' || n, 'Customer ' || n, 'customer ' || n FROM generate_series(1, 500) n;
    INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at)
        SELECT %(org)s, %(user)s, 'f' || n, 'completed', now() FROM generate_series(1, 200) n;
    INSERT INTO orders (organization_id, batch_id, number, customer_id, currency, line_count, total)
        SELECT %(org)s, b.first + n %% 200, 'N' || n, c.first + n %% 500, 'EUR', 1, 1
        FROM generate_series(1, 30000) n,
            (SELECT min(id) AS first FROM order_batches WHERE organization_id = %(org)s) b,
            (SELECT min(id) AS first FROM customers WHERE organization_id = %(org)s) c;
"""


@pytest.fixture
def filled(owner: Connection, context: Context) -> Context:
    for statement in FILL.split(";")[:-1]:
        owner.execute(statement, {"org": context.organization_id, "user": context.user_id})
    owner.execute("ANALYZE")
    return context


def _ask(conn: Connection, **wanted: object) -> object:
    choices = {"batch_id": None, "customer_id": None, "status": None, "search": None, **wanted}
    return orders.list_orders(conn, limit=50, offset=0, **choices)  # type: ignore[arg-type]  # as in list_orders


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "orders_pkey"),
        ({"batch_id": 5}, "orders_by_batch"),
        ({"customer_id": 5}, "orders_by_customer"),
        ({"search": "N2999"}, "orders_organization_id_number_key"),
    ],
)
def test_a_page_of_orders_reaches_its_index(
    database: Database, filled: Context, wanted: dict[str, object], index: str
) -> None:
    with database.transaction(filled.organization_id) as conn:
        plans = explain(conn, lambda asked: _ask(asked, **wanted))
    assert index in plans.scans("orders")
    assert "Seq Scan" not in plans.scans("orders")


def test_one_order_and_its_lines_reach_their_keys(database: Database, filled: Context) -> None:
    with database.transaction(filled.organization_id) as conn:
        plans = explain(conn, lambda asked: orders.find_order(asked, order_id=77))
    assert plans.scans("orders") == {"orders_pkey"}


def test_the_search_for_the_same_file_reaches_its_index(database: Database, filled: Context) -> None:
    with database.transaction(filled.organization_id) as conn:
        plans = explain(conn, lambda asked: batches.find_same_file(asked, sha256=bytes(32)))
    assert "order_batches_by_file" in plans.scans("order_batches")
