"""What must always be true of printed invoices; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="a combined file has the pages of the invoices in it",
        sql="""
            SELECT c.organization_id, format('operation %s: %s pages in the file, %s in the ledger', c.operation_id,
                coalesce(c.pages::text, 'unknown'), coalesce(sum(f.pages), 0)) AS detail
            FROM operation_files c
            -- While a retried operation runs, its file is still that of the try before.
            JOIN operations o ON o.organization_id = c.organization_id AND o.id = c.operation_id
                AND o.finished_at IS NOT NULL
            LEFT JOIN operation_invoices m ON m.organization_id = c.organization_id
                AND m.operation_id = c.operation_id
            LEFT JOIN invoice_files f ON f.organization_id = m.organization_id AND f.invoice_id = m.invoice_id
                AND f.data_hash = m.data_hash
            WHERE c.kind = 'combined'
            GROUP BY c.organization_id, c.operation_id, c.pages
            HAVING c.pages IS DISTINCT FROM coalesce(sum(f.pages), 0)
            ORDER BY c.organization_id, c.operation_id
        """,
    ),
)
