"""The search in the top bar: everything by the beginning of its number, of the own organization only, by an index."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.inventory.factories import make_item, make_lot
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tests.pages.visits import Visitor, visit
from tests.plans import explain
from tranche.customers.searching import find_customers
from tranche.inventory.searching import find_lots
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.bell import find_operations
from tranche.kernel.text import number_ranges, spellings
from tranche.orders.searching import find_orders, find_uploads

UPLOAD = b"orderId,customer,quantity,unitPrice\nUP-1,Zoe,1,1\n"


def _fill(live: Live, context: Context) -> None:
    with live.database.transaction(context.organization_id) as conn:
        customer = make_customer(conn, name="Miller & Sons", code="C-77")
        make_orders(conn, customer_id=customer, count=20)
        make_lot(conn, item_id=make_item(conn), number="LOT-2026-001", stock={context.branch_id or 0: "1"})


def _hits(visitor: Visitor, text: str) -> str:
    return visitor.get(f"/search/hits?q={text}").text


def test_numbers_are_found_by_their_beginning_in_the_own_organization_only(live: Live, admin: Visitor) -> None:
    _fill(live, live.context)
    answer = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": 1})
    assert answer.status_code == 201, answer.text
    number = answer.json()["invoice_number"]
    batch = live.client.post("/api/orders/upload", files={"file": ("May.csv", UPLOAD)}).json()
    other, client = live.join()
    _fill(live, other)
    client.close()
    for text, kind, shown in (
        ("SO-2", "Order", ">SO-20<"),
        ("so-2", "Order", ">SO-20<"),
        ("lot-2026", "Lot", ">LOT-2026-001<"),
        (number[:-1], "Invoice", f">{number}<"),
        ("mill", "Customer", ">Miller &amp; Sons<"),
        ("c-7", "Customer", ">Miller &amp; Sons<"),
        (str(batch["id"]), "Upload", "May.csv"),
        (str(batch["operationId"]), "Operation", "Order import"),
    ):
        found = _hits(admin, text)
        assert f'<span class="hit-kind">{kind}</span>' in found, text
        assert shown in found, text
    assert _hits(admin, "SO-7").count("hit-label") == 1
    stranger = visit(live, context=other)
    assert "May.csv" not in _hits(stranger, str(batch["id"]))
    assert _hits(stranger, number) == _hits(stranger, "INV-none").replace("INV-none", number)


def test_a_single_hit_is_gone_to_and_odd_texts_find_nothing(live: Live, admin: Visitor) -> None:
    _fill(live, live.context)
    assert admin.get("/search?q=SO-17").headers["location"] == "/orders/17"
    for text in ("%25", "_", "'", "%F0%9F%98%80", "9" * 99, "0", "-1", "﷽", "٣"):
        answer = admin.get(f"/search/hits?q={text}")
        assert (answer.status_code, "hit-label" in answer.text) == (200, False), text


@pytest.mark.parametrize(
    ("prefix", "ranges"),
    [("24", [(24, 24), (240, 249), (2400, 2499)]), ("9999", [(9999, 9999)]), ("0", []), ("x", []), ("٣", []), ("", [])],
)
def test_a_number_by_its_beginning_is_a_few_ranges(prefix: str, ranges: list[tuple[int, int]]) -> None:
    assert number_ranges(prefix, digits=4) == ranges
    assert spellings("so-1") == ("so-1", "SO-1")
    assert spellings("17") == ("17",)


SEARCHES: dict[str, tuple[Callable[..., Any], str, str, set[str]]] = {
    "orders": (find_orders, "N00042", "orders", {"orders_organization_id_number_key"}),
    "uploads": (find_uploads, "42", "order_batches", {"order_batches_pkey", "order_batches_live"}),
    "customers": (find_customers, "customer 42", "customers", {"customers_by_name", "customers_by_code"}),
    "lots": (find_lots, "L00042", "lots", {"lots_organization_id_number_key"}),
    "operations": (find_operations, "42", "operations", {"operations_pkey"}),
}

FILL = """
    INSERT INTO customers (organization_id, id, code, name, name_folded)
        SELECT %(org)s, n, 'C' || n, 'Customer ' || n, 'customer ' || n FROM generate_series(1, 20000) n;
    INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total)
        SELECT %(org)s, 'N' || lpad(n::text, 7, '0'), n, 'EUR', 1, 1 FROM generate_series(1, 20000) n;
    INSERT INTO items (organization_id, id, name, name_folded, stock_tracking) VALUES (%(org)s, 1, 'x', 'x', 'lots');
    INSERT INTO lots (organization_id, item_id, number)
        SELECT %(org)s, 1, 'L' || lpad(n::text, 7, '0') FROM generate_series(1, 20000) n;
    INSERT INTO order_batches (organization_id, user_id, file_name)
        SELECT %(org)s, %(user)s, n || '.csv' FROM generate_series(1, 20000) n;
    INSERT INTO operations (organization_id, uuid, kind, phase, status, finished_at)
        SELECT %(org)s, gen_random_uuid(), 'order_import', 'stage', 'completed', now() FROM generate_series(1, 20000) n
"""


# That of invoices is in tests/invoicing/test_plans.py.
def test_every_search_reaches_an_index_behind_the_tenant_wall(live: Live, owner: Connection) -> None:
    for statement in FILL.split(";"):
        owner.execute(statement.encode(), {"org": live.context.organization_id, "user": live.context.user_id})
    owner.execute("VACUUM ANALYZE")
    for name, (_, _, table, indexes) in SEARCHES.items():
        with live.database.transaction(live.context.organization_id) as conn:
            scans = explain(conn, _asking(name, live.context)).scans(table)
        assert scans, name
        assert scans <= indexes, (name, scans)


def _asking(name: str, context: Context) -> Callable[[Connection], object]:
    find, text, _, _ = SEARCHES[name]
    return lambda conn: find(conn, context, text=text, limit=8)
