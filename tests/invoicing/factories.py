"""Orders of a known shape, made in one statement, for tests and measurements of invoices."""

from collections.abc import Sequence
from decimal import Decimal

from tranche.kernel.db.pool import Connection


def make_customer(conn: Connection, *, name: str = "Miller", code: str | None = None) -> int:
    return _id(
        conn,
        """
        INSERT INTO customers (organization_id, code, name, name_folded, email, address)
        VALUES (current_organization(), %(code)s, %(name)s, lower(%(name)s), 'pay@miller.test', 'Mill Lane 1')
        RETURNING id
        """,
        {"name": name, "code": code},
    )


def make_orders(
    conn: Connection,
    *,
    customer_id: int,
    count: int = 1,
    lines: int = 3,
    items: Sequence[int] = (),
    prefix: str = "SO",
    quantity: Decimal = Decimal(2),
    price: Decimal = Decimal("9.99"),
    tax_rate: Decimal | None = Decimal(20),
    currency: str = "EUR",
    batch_id: int | None = None,
) -> list[int]:
    """Open orders numbered `prefix`-1, -2, ...; line n takes the n-th of `items`, where there is one."""
    values = {
        "customer_id": customer_id,
        "count": count,
        "lines": lines,
        "items": list(items),
        "prefix": prefix,
        "quantity": quantity,
        "price": price,
        "tax_rate": tax_rate,
        "currency": currency,
        "batch_id": batch_id,
    }
    rows = conn.execute(
        """
        INSERT INTO orders (organization_id, batch_id, number, customer_id, currency, line_count, total)
        SELECT current_organization(), %(batch_id)s, %(prefix)s || '-' || n, %(customer_id)s, %(currency)s, %(lines)s,
            %(lines)s * round(%(quantity)s * %(price)s, currency_digits(%(currency)s))
        FROM generate_series(1, %(count)s) AS n RETURNING id
        """,
        values,
    ).fetchall()
    ids = [row["id"] for row in rows]
    conn.execute(
        """
        INSERT INTO order_lines (organization_id, order_id, line_number, item_id, description, quantity, unit_price,
            tax_rate, amount)
        SELECT current_organization(), o, l, (%(items)s::bigint[])[l], 'Line ' || l, %(quantity)s, %(price)s,
            %(tax_rate)s, round(%(quantity)s * %(price)s, currency_digits(%(currency)s))
        FROM unnest(%(ids)s::bigint[]) AS o, generate_series(1, %(lines)s) AS l
        """,
        {**values, "ids": ids},
    )
    return ids


def _id(conn: Connection, statement: str, values: dict[str, object]) -> int:
    (row,) = conn.execute(statement, values).fetchall()
    return int(row["id"])
