"""What is asked often is answered by an index, as the plain role and behind the tenant walls."""

from collections.abc import Callable

import pytest

from tests.databases import Shared
from tests.plans import explain
from tranche.invoicing import service
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.domain import InvoiceFilter
from tranche.invoicing.queries import invoices, metrics, runs
from tranche.kernel.db.listing import fetch_slice
from tranche.kernel.db.pool import Connection

_COUNT = 20_000
_FILL = (
    """
    INSERT INTO customers (organization_id, name, name_folded)
    SELECT current_organization(), 'Customer ' || n, 'customer ' || n FROM generate_series(1, 400) AS n
    """,
    """
    INSERT INTO invoice_imprints (organization_id, id, digest, content)
    VALUES (current_organization(), 1, sha256('x'), '{}')
    """,
    f"""
    INSERT INTO invoices (organization_id, series, year, sequence, number, invoice_date, due_date, currency,
        customer_id, buyer_name, imprint_id, line_count, net, tax, total, total_minor)
    SELECT current_organization(), 'INV', 2026, n, 'INV-2026-' || lpad(n::text, 6, '0'), '2026-11-28', '2026-12-28',
        'EUR', c.first + n %% 400, 'Customer', 1, 1, n, 0, n, n * 100
    FROM generate_series(1, {_COUNT}) AS n, (SELECT min(id) AS first FROM customers) AS c
    """.replace("%%", "%"),
)


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    with shared.database.transaction(shared.context.organization_id) as conn:
        for statement in _FILL:
            conn.execute(statement.encode())
    shared.owner.execute("ANALYZE invoices")
    return shared


@pytest.mark.parametrize(
    ("wanted", "sort"),
    [
        (InvoiceFilter(), "-id"),
        (InvoiceFilter(), "id"),
        (InvoiceFilter(), "total"),
        (InvoiceFilter(), "-total"),
        (InvoiceFilter(search="INV-2026-0199"), "number"),
        (InvoiceFilter(customer_id=17), "-id"),
        (InvoiceFilter(order_id=17), "-id"),
        (InvoiceFilter(operation_id=17), "-id"),
    ],
)
def test_a_page_of_invoices_reads_an_index(filled: Shared, wanted: InvoiceFilter, sort: str) -> None:
    def ask(conn: Connection) -> object:
        return fetch_slice(conn, invoices.INVOICES, service.choose(wanted, sort=sort), limit=20)

    with filled.reading() as conn:
        assert "Seq Scan" not in explain(conn, ask).scans("invoices")


@pytest.mark.parametrize(
    "ask",
    [
        lambda conn: invoices.find_invoice(conn, invoice_id=7),
        lambda conn: invoices.list_documents(conn, invoice_ids=[7]),
        lambda conn: invoices.list_heads(conn, invoice_ids=list(range(1, 33))),
        lambda conn: invoices.list_lines(conn, invoice_ids=list(range(1, 33)), limit=10),
        lambda conn: members.list_live(conn, operation_id=17, since=None, limit=100),
        lambda conn: members.survey(conn, invoice_ids=list(range(1, 33))),
        lambda conn: members.list_recipients(conn, invoice_ids=list(range(1, 33))),
        lambda conn: runs.list_issued(conn, operation_ids=list(range(1, 21))),
        lambda conn: metrics.list_days(conn, kind=service.RUN_KIND, days=30),
        lambda conn: metrics.find_pace(conn, kind=service.RUN_KIND, days=30),
    ],
)
def test_invoices_are_found_by_an_index(filled: Shared, ask: Callable[[Connection], object]) -> None:
    with filled.reading() as conn:
        seen = explain(conn, ask)
    assert "Seq Scan" not in seen.scans("invoices") | seen.scans("invoice_lines")
