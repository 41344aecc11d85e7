"""Many orders at once, as the owner, past the import."""

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

_STATEMENTS = """
    INSERT INTO customers (organization_id, code, name, name_folded)
        SELECT %(org)s, 'C-' || n, 'Customer ' || n, 'customer ' || n FROM generate_series(1, 20) n;
    INSERT INTO orders
            (organization_id, number, customer_id, currency, line_count, total, order_date, status, notes)
        SELECT %(org)s, 'N' || lpad(n::text, 6, '0'), c.first + n %% 20, 'EUR', 1, (n * 7919 %% 1000) / 4.0,
            CASE WHEN n %% 5 > 0 THEN '2026-01-01'::timestamptz + n %% 9 * interval '1 day' END,
            CASE WHEN n %% 3 = 0 THEN 'cancelled' ELSE 'open' END, repeat('note ', %(notes)s)
        FROM generate_series(1, %(count)s) n,
            (SELECT min(id) AS first FROM customers WHERE organization_id = %(org)s) c
"""


def fill(owner: Connection, ctx: Context, *, count: int, notes: int = 1) -> None:
    """Insert so many orders of twenty customers; every third is cancelled, every fifth has no date."""
    for statement in _STATEMENTS.split(";"):
        owner.execute(statement.encode(), {"org": ctx.organization_id, "count": count, "notes": notes})
