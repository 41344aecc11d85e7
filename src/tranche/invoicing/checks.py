"""What must always be true of invoices; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="invoice numbers have no gap, and the counter equals the last one",
        sql="""
            SELECT organization_id, format('series %s of %s: %s numbers from %s to %s, %s of them different; '
                'the counter says %s', series, year, coalesce(n.count, 0), n.least, n.most, n.different,
                coalesce(c.last_number::text, 'nothing')) AS detail
            FROM (
                SELECT organization_id, series, year, count(*) AS count, count(DISTINCT sequence) AS different,
                    min(sequence) AS least, max(sequence) AS most
                FROM invoices GROUP BY organization_id, series, year
            ) AS n
            FULL JOIN invoice_counters c USING (organization_id, series, year)
            WHERE (n.least, n.most, n.count, n.different)
                IS DISTINCT FROM (1::bigint, c.last_number, c.last_number, c.last_number)
        """,
    ),
    Check(
        name="one live invoice per order",
        sql="""
            SELECT organization_id, format('order %s has %s live invoices: %s', order_id, count(*),
                string_agg(number, ', ' ORDER BY number)) AS detail
            FROM invoices
            WHERE kind = 'invoice' AND status = 'issued' AND order_id IS NOT NULL
            GROUP BY organization_id, order_id HAVING count(*) > 1
        """,
    ),
    Check(
        name="an order is invoiced exactly while it has a live invoice",
        sql="""
            SELECT o.organization_id, format('order %s is %s, its live invoice is %s', o.number, o.status,
                coalesce(i.number, 'missing')) AS detail
            FROM orders o
            LEFT JOIN invoices i ON i.organization_id = o.organization_id AND i.order_id = o.id
                AND i.kind = 'invoice' AND i.status = 'issued'
            WHERE (o.status = 'invoiced') <> (i.id IS NOT NULL)
            UNION ALL
            SELECT i.organization_id, format('invoice %s is live, and its order %s is gone', i.number, i.order_number)
            FROM invoices i
            WHERE i.kind = 'invoice' AND i.status = 'issued' AND i.order_number IS NOT NULL AND i.order_id IS NULL
        """,
    ),
    Check(
        name="invoice totals equal their lines",
        sql="""
            SELECT i.organization_id, format('invoice %s: %s + %s = %s in %s lines; found %s + %s in %s', i.number,
                i.net, i.tax, i.total, i.line_count, coalesce(sum(l.net), 0), coalesce(sum(l.tax), 0),
                count(l.line_number)) AS detail
            FROM invoices i
            LEFT JOIN invoice_lines l ON l.organization_id = i.organization_id AND l.invoice_id = i.id
            GROUP BY i.organization_id, i.id, i.number, i.net, i.tax, i.total, i.total_minor, i.currency, i.line_count
            HAVING i.net <> coalesce(sum(l.net), 0) OR i.tax <> coalesce(sum(l.tax), 0) OR i.total <> i.net + i.tax
                OR i.line_count <> count(l.line_number)
                OR i.total_minor <> i.total * 10::numeric ^ currency_digits(i.currency)
        """,
    ),
    Check(
        name="a credit note takes back one credited invoice, whole",
        sql="""
            SELECT i.organization_id, format('invoice %s is credited and has no credit note', i.number) AS detail
            FROM invoices i
            WHERE i.status = 'credited' AND NOT EXISTS (
                SELECT FROM invoices n WHERE n.organization_id = i.organization_id AND n.credits_id = i.id
            )
            UNION ALL
            SELECT n.organization_id, format('credit note %s over %s takes back %s, which is %s over %s', n.number,
                n.total, coalesce(i.number, 'nothing'), i.status, i.total)
            FROM invoices n
            LEFT JOIN invoices i ON i.organization_id = n.organization_id AND i.id = n.credits_id
            WHERE n.kind = 'credit_note'
              AND (i.status, i.kind, i.total, i.currency)
                IS DISTINCT FROM ('credited', 'invoice', n.total, n.currency)
        """,
    ),
    Check(
        name="an invoice that is closed gave its stock back, and only that one",
        sql="""
            SELECT m.organization_id, format('movement %s took stock for the invoice %s, which is %s; %s', m.id,
                coalesce(i.number, m.consumer_id::text), coalesce(i.status, 'missing'),
                CASE WHEN b.id IS NULL THEN 'it was not put back' ELSE 'it was put back' END) AS detail
            FROM lot_movements m
            LEFT JOIN invoices i ON i.organization_id = m.organization_id AND i.id = m.consumer_id
            LEFT JOIN lot_movements b ON b.organization_id = m.organization_id AND b.reverses_id = m.id
            WHERE m.consumer_kind = 'invoice' AND m.kind = 'issue'
              AND (i.id IS NULL OR (i.status = 'issued') <> (b.id IS NULL))
        """,
    ),
    Check(
        name="an invoice takes no more stock than it has on its lines",
        sql="""
            SELECT i.organization_id, format('invoice %s took %s of the item %s and has %s of it', i.number, t.taken,
                t.item_id, coalesce(l.billed, 0)) AS detail
            FROM (
                SELECT organization_id, consumer_id, item_id, sum(quantity) AS taken FROM lot_movements
                WHERE consumer_kind = 'invoice' AND kind = 'issue' GROUP BY organization_id, consumer_id, item_id
            ) AS t
            JOIN invoices i ON i.organization_id = t.organization_id AND i.id = t.consumer_id
            LEFT JOIN (
                SELECT organization_id, invoice_id, item_id, sum(quantity) AS billed FROM invoice_lines
                GROUP BY organization_id, invoice_id, item_id
            ) AS l ON l.organization_id = i.organization_id AND l.invoice_id = i.id AND l.item_id = t.item_id
            WHERE t.taken IS DISTINCT FROM l.billed
        """,
    ),
    Check(
        name="what a run of invoices says it issued is there",
        sql="""
            SELECT o.organization_id, format('operation %s: invoices issued %s, found %s', o.id, s.issued,
                f.count) AS detail
            FROM operations o
            -- Not `succeeded`: what is issued may be printed or sent in vain.
            CROSS JOIN LATERAL (
                SELECT count(*) AS issued FROM operation_items i
                WHERE i.organization_id = o.organization_id AND i.operation_id = o.id
                  AND i.stage IN ('draw', 'invoice') AND i.status = 'succeeded'
            ) AS s
            CROSS JOIN LATERAL (
                SELECT count(*) AS count FROM invoices i
                WHERE i.organization_id = o.organization_id AND i.operation_id = o.id
            ) AS f
            WHERE o.kind IN ('order_invoices', 'customer_invoices') AND s.issued <> f.count
        """,
    ),
)
