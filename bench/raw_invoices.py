"""The raw limit of invoices: the same effects in chunked SQL by the owner, whom no tenant wall holds.

One connection, a thousand orders to a transaction, nothing judged, nothing asked: the orders are known to be good, the
lots to be enough. Written are the same rows into the same tables with the same indexes, checks, keys and triggers: the
ledger's items, invoices, lines, the orders' state, the counter, and where there are lots the movements.
"""

import time
from typing import Final

from house import House
from sales import Sales
from tranche.kernel.db.pool import Connection, connect

_CHUNK: Final = 1_000


def raw_seconds(house: House, sales: Sales) -> float:
    """How long it takes to invoice all of the organization's open orders."""
    with connect(house.owner_url) as conn:
        begun = time.perf_counter()
        with conn.transaction():
            operation = _prepare(conn, sales)
        values = {**operation, "organization_id": sales.organization_id, "chunk": _CHUNK}
        for low in range(1, sales.orders + 1, _CHUNK):
            with conn.transaction():
                for statement in (*_CHUNKED, *(_DRAWN if sales.tracked else ())):
                    conn.execute(statement, {**values, "low": low, "high": low + _CHUNK - 1})
        return time.perf_counter() - begun


def _prepare(conn: Connection, sales: Sales) -> dict[str, int]:
    values = {"organization_id": sales.organization_id, "orders": sales.orders}
    (imprint,) = conn.execute(
        """
        INSERT INTO invoice_imprints (organization_id, digest, content)
        VALUES (%(organization_id)s, sha256('raw'), '{}') RETURNING id
        """,
        values,
    ).fetchall()
    (operation,) = conn.execute(
        """
        INSERT INTO operations (organization_id, uuid, kind, phase, status, total)
        VALUES (%(organization_id)s, gen_random_uuid(), 'order_invoices', 'invoice', 'processing', %(orders)s)
        RETURNING id
        """,
        values,
    ).fetchall()
    conn.execute(
        """
        INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, label)
        SELECT organization_id, %(operation_id)s, row_number() OVER (ORDER BY id), 'invoice', id, number
        FROM orders WHERE organization_id = %(organization_id)s AND status = 'open'
        """,
        {**values, "operation_id": operation["id"]},
    )
    return {"imprint_id": imprint["id"], "operation_id": operation["id"]}


_CHUNKED: Final = (
    """
    CREATE TEMP TABLE raw_chunk ON COMMIT DROP AS
    SELECT i.position, o.id AS order_id, o.number, o.customer_id, o.currency, o.notes,
        nextval(pg_get_serial_sequence('invoices', 'id')) AS invoice_id, s.net, s.tax, s.line_count
    FROM operation_items i
    JOIN orders o ON o.organization_id = i.organization_id AND o.id = i.reference
    CROSS JOIN LATERAL (
        SELECT sum(round(l.quantity * l.unit_price, 2)) AS net, count(*) AS line_count,
            sum(round(round(l.quantity * l.unit_price, 2) * l.tax_rate / 100, 2)) AS tax
        FROM order_lines l WHERE l.organization_id = o.organization_id AND l.order_id = o.id
    ) AS s
    WHERE i.organization_id = %(organization_id)s AND i.operation_id = %(operation_id)s
      AND i.position BETWEEN %(low)s AND %(high)s
    ORDER BY i.position
    """,
    "ANALYZE pg_temp.raw_chunk",
    """
    INSERT INTO invoice_counters AS c (organization_id, series, year, last_number)
    VALUES (%(organization_id)s, 'INV', 2026, (SELECT count(*) FROM pg_temp.raw_chunk))
    ON CONFLICT (organization_id, series, year) DO UPDATE SET last_number = c.last_number + excluded.last_number
    """,
    """
    INSERT INTO invoices (organization_id, id, series, year, sequence, number, invoice_date, due_date, currency,
        customer_id, buyer_code, buyer_name, buyer_email, buyer_phone, buyer_address, order_id, order_number,
        imprint_id, line_count, net, tax, total, total_minor, operation_id)
    SELECT %(organization_id)s, r.invoice_id, 'INV', 2026, r.position, 'INV-2026-' || lpad(r.position::text, 6, '0'),
        '2026-11-28', '2026-12-28', r.currency, r.customer_id, c.code, c.name, c.email, c.phone, c.address, r.order_id,
        r.number, %(imprint_id)s, r.line_count, r.net, r.tax, r.net + r.tax, (100 * (r.net + r.tax))::bigint,
        %(operation_id)s
    FROM pg_temp.raw_chunk r
    JOIN customers c ON c.organization_id = %(organization_id)s AND c.id = r.customer_id
    ORDER BY r.position
    """,
    """
    INSERT INTO invoice_lines (organization_id, invoice_id, line_number, item_id, item_code, description, quantity,
        unit_price, tax_rate, net, tax)
    SELECT %(organization_id)s, r.invoice_id, l.line_number, l.item_id, t.code, l.description, l.quantity,
        l.unit_price, l.tax_rate, round(l.quantity * l.unit_price, 2),
        round(round(l.quantity * l.unit_price, 2) * l.tax_rate / 100, 2)
    FROM pg_temp.raw_chunk r
    JOIN order_lines l ON l.organization_id = %(organization_id)s AND l.order_id = r.order_id
    JOIN items t ON t.organization_id = %(organization_id)s AND t.id = l.item_id
    ORDER BY r.invoice_id, l.line_number
    """,
    """
    UPDATE orders o SET status = 'invoiced', updated_at = now() FROM pg_temp.raw_chunk r
    WHERE o.organization_id = %(organization_id)s AND o.id = r.order_id
    """,
    """
    UPDATE operation_items i SET status = 'succeeded', attempts = 1, updated_at = now(),
        result = jsonb_build_object('invoiceId', r.invoice_id)
    FROM pg_temp.raw_chunk r
    WHERE i.organization_id = %(organization_id)s AND i.operation_id = %(operation_id)s AND i.stage = 'invoice'
      AND i.position = r.position
    """,
    """
    UPDATE operations SET succeeded = succeeded + (SELECT count(*) FROM pg_temp.raw_chunk), updated_at = now()
    WHERE organization_id = %(organization_id)s AND id = %(operation_id)s
    """,
)
_DRAWN: Final = (
    """
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
        quantity, consumer_kind, consumer_id, consumer_label, customer_id)
    SELECT %(organization_id)s, gen_random_uuid(), 'issue', d.item_id, s.lot_id, s.branch_id,
        least(d.high, s.high) - greatest(d.low, s.low), 'invoice', d.invoice_id, d.number, d.customer_id
    FROM (
        SELECT r.invoice_id, r.number, r.customer_id, l.item_id, sum(l.quantity) OVER asked - l.quantity AS low,
            sum(l.quantity) OVER asked AS high
        FROM pg_temp.raw_chunk r
        JOIN order_lines l ON l.organization_id = %(organization_id)s AND l.order_id = r.order_id
        WINDOW asked AS (PARTITION BY l.item_id ORDER BY r.position, l.line_number)
    ) AS d
    JOIN (
        SELECT l.item_id, b.lot_id, b.branch_id, sum(b.quantity) OVER given - b.quantity AS low,
            sum(b.quantity) OVER given AS high
        FROM lots l
        JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
        WHERE l.organization_id = %(organization_id)s
        WINDOW given AS (PARTITION BY l.item_id, b.branch_id ORDER BY l.expires_on NULLS LAST, l.id)
    ) AS s ON s.item_id = d.item_id AND s.low < d.high AND d.low < s.high
    """,
)
