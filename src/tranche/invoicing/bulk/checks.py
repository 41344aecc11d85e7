"""What must always be true of printed invoices; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="a combined file has the pages of the invoices in it",
        sql="""
            SELECT c.organization_id, format('operation %s: %s pages in the file, %s in the ledger', c.operation_id,
                c.pages, sum(f.pages)) AS detail
            FROM operation_files c
            JOIN operation_invoices m ON m.organization_id = c.organization_id AND m.operation_id = c.operation_id
            JOIN invoice_files f ON f.organization_id = m.organization_id AND f.invoice_id = m.invoice_id
                AND f.data_hash = m.data_hash
            WHERE c.kind = 'combined'
            GROUP BY c.organization_id, c.operation_id, c.pages
            HAVING sum(f.pages) <> c.pages
        """,
    ),
)
