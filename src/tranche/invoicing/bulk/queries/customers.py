"""Drafts of invoices from customers and a list of lines, in the temp tables that issuing works on."""

import json
from collections.abc import Sequence

from tranche.invoicing.bulk.domain import LineWish
from tranche.invoicing.queries.judging import TOO_LARGE
from tranche.kernel.db.pool import Connection


def want_customers(conn: Connection, *, customer_ids: Sequence[int]) -> int:
    """Customers in the order given, in temp table `wanted_items`; an unknown one is judged later."""
    return conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT w.position, w.reference, coalesce(c.name, '') AS label
        FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w (reference, position)
        LEFT JOIN customers c ON c.organization_id = current_organization() AND c.id = w.reference
        """,
        {"ids": list(customer_ids)},
    ).rowcount


def list_unknown_items(conn: Connection, *, item_ids: Sequence[int]) -> list[int]:
    """Those of the items that the organization does not have."""
    rows = conn.execute(
        """
        SELECT w.id FROM unnest(%(ids)s::bigint[]) AS w (id)
        WHERE NOT EXISTS (SELECT FROM items i WHERE i.organization_id = current_organization() AND i.id = w.id)
        ORDER BY w.id
        """,
        {"ids": list(item_ids)},
    ).fetchall()
    return [row["id"] for row in rows]


def create_drafts(conn: Connection, *, lines: Sequence[LineWish], currency: str, tax_rate: str) -> None:
    """Temp tables `drafts`, `draft_lines` and `draft_sums` for the customers of the engine's `chunk`."""
    conn.execute(
        """
        CREATE TEMP TABLE drafts ON COMMIT DROP AS
        SELECT c.position, NULL::bigint AS order_id, NULL::text AS order_number, u.id AS customer_id,
            %(currency)s::text AS currency, currency_digits(%(currency)s) AS digits, ''::text AS notes
        FROM pg_temp.chunk c
        JOIN customers u ON u.organization_id = current_organization() AND u.id = c.reference
        """,
        {"currency": currency},
    )
    conn.execute("ANALYZE pg_temp.drafts")
    wanted = [[str(line.item_id), str(line.quantity), str(line.unit_price)] for line in lines]
    conn.execute(
        """
        CREATE TEMP TABLE draft_lines ON COMMIT DROP AS
        SELECT p.position, p.line_number, p.item_id, ''::text AS description, p.quantity, p.unit_price, p.tax_rate,
            p.net, round(p.net * p.tax_rate / 100, p.digits) AS tax
        FROM (
            SELECT d.position, d.digits, l.line_number::integer, (l.line ->> 0)::bigint AS item_id,
                (l.line ->> 1)::numeric AS quantity, (l.line ->> 2)::numeric AS unit_price,
                %(tax_rate)s::numeric AS tax_rate,
                round((l.line ->> 1)::numeric * (l.line ->> 2)::numeric, d.digits) AS net
            FROM pg_temp.drafts d
            CROSS JOIN jsonb_array_elements(%(lines)s::jsonb) WITH ORDINALITY AS l (line, line_number)
        ) AS p
        """,
        {"lines": json.dumps(wanted), "tax_rate": tax_rate},
    )
    conn.execute("ANALYZE pg_temp.draft_lines")
    conn.execute(
        """
        CREATE TEMP TABLE draft_sums ON COMMIT DROP AS
        SELECT position, count(*)::integer AS line_count, sum(net) AS net, sum(tax) AS tax
        FROM pg_temp.draft_lines GROUP BY position
        """
    )
    conn.execute("ANALYZE pg_temp.draft_sums")


def judge(conn: Connection) -> None:
    """Mark in `verdicts` unknown customers and sums that no invoice can hold."""
    conn.execute(
        f"""
        UPDATE pg_temp.verdicts v SET status = 'failed',
            error_code = CASE WHEN d.position IS NULL THEN 'customer_not_found' ELSE 'amount_too_large' END,
            error = CASE WHEN d.position IS NULL THEN 'There is no such customer.'
                ELSE 'The invoice would come to more than an invoice can hold.' END
        FROM pg_temp.chunk c
        LEFT JOIN pg_temp.drafts d ON d.position = c.position
        LEFT JOIN pg_temp.draft_sums s ON s.position = c.position
        WHERE v.position = c.position AND (d.position IS NULL OR s.net + s.tax >= {TOO_LARGE})
        """
    )


def keep_members(conn: Connection, *, operation_id: int) -> None:
    """Note which invoice each succeeded position has become, for the stages that follow."""
    conn.execute(
        """
        INSERT INTO operation_invoices (organization_id, operation_id, position, invoice_id)
        SELECT current_organization(), %(operation_id)s, position, (result ->> 'invoiceId')::bigint
        FROM pg_temp.verdicts WHERE status = 'succeeded'
        """,
        {"operation_id": operation_id},
    )
