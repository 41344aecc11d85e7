"""Orders to invoice, made by the owner in a few statements, and the lots that they draw from."""

from dataclasses import dataclass
from typing import Final

from house import Client, House
from tranche.kernel.db.pool import Connection, connect

LINES: Final = 3
_ITEMS: Final = 200
_CUSTOMERS: Final = 500
_LOTS_OF_EACH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What stands ready in an organization."""

    organization_id: int
    orders: int
    tracked: bool


def make_sales(house: House, client: Client, *, orders: int, tracked: bool) -> Sales:
    """Open orders of three lines, by many customers, over many items; where `tracked`, stock enough in many lots."""
    with connect(house.owner_url) as conn:
        values = {
            "organization_id": client.organization_id,
            "orders": orders,
            "lines": LINES,
            "items": _ITEMS,
            "customers": _CUSTOMERS,
            "lots": _LOTS_OF_EACH,
            "tracking": "lots" if tracked else "none",
            "each": orders * LINES * 3 // (_ITEMS * _LOTS_OF_EACH) + 10,
        }
        for statement in (*_ORDERS, *(_STOCK if tracked else ())):
            conn.execute(statement, values)
        conn.execute("ANALYZE")
        _vacuum(conn)
    return Sales(organization_id=client.organization_id, orders=orders, tracked=tracked)


def _vacuum(conn: Connection) -> None:
    conn.execute("VACUUM orders, order_lines, items, customers, lots, lot_balances, lot_movements")


_ORDERS: Final = (
    """
    INSERT INTO customers (organization_id, code, name, name_folded, email, address)
    SELECT %(organization_id)s, 'C' || n, 'Customer ' || n, 'customer ' || n, n || '@example.test', 'Street ' || n
    FROM generate_series(1, %(customers)s) AS n
    """,
    """
    INSERT INTO items (organization_id, code, name, name_folded, stock_tracking)
    SELECT %(organization_id)s, 'I' || n, 'Item ' || n, 'item ' || n, %(tracking)s
    FROM generate_series(1, %(items)s) AS n
    """,
    """
    INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total)
    SELECT %(organization_id)s, 'SO-' || lpad(n::text, 8, '0'), c.first + n %% %(customers)s, 'EUR', %(lines)s,
        %(lines)s * 19.98
    FROM generate_series(1, %(orders)s) AS n, (
        SELECT min(id) AS first FROM customers WHERE organization_id = %(organization_id)s
    ) AS c
    ORDER BY n
    """,
    """
    INSERT INTO order_lines (organization_id, order_id, line_number, item_id, description, quantity, unit_price,
        tax_rate, amount)
    SELECT %(organization_id)s, o.id, l, t.first + (o.id * 7 + l * 13) %% %(items)s, 'Goods ' || l, 2, 9.99, 20, 19.98
    FROM orders o, generate_series(1, %(lines)s) AS l, (
        SELECT min(id) AS first FROM items WHERE organization_id = %(organization_id)s
    ) AS t
    WHERE o.organization_id = %(organization_id)s
    ORDER BY o.id, l
    """,
)
_STOCK: Final = (
    """
    INSERT INTO lots (organization_id, item_id, number, folded, expires_at, expires_on)
    SELECT %(organization_id)s, i.id, format('L%%s-%%s', i.id, n), format('l%%s-%%s', i.id, n),
        '2090-01-01'::timestamptz + n * interval '30 days', ('2090-01-01'::date + n * 30)
    FROM items i, generate_series(1, %(lots)s) AS n WHERE i.organization_id = %(organization_id)s
    """,
    """
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id, quantity)
    SELECT %(organization_id)s, gen_random_uuid(), 'opening', l.item_id, l.id, b.id, %(each)s
    FROM lots l JOIN branches b ON b.organization_id = l.organization_id AND b.is_default
    WHERE l.organization_id = %(organization_id)s
    """,
)
