"""Invoices listed, counted and found, with everything that their document shows."""

from dataclasses import asdict, fields

from tranche.invoicing.domain import Invoice, InvoiceFilter, InvoiceKind, InvoiceLine, InvoiceStatus
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import after_prefix

_COLUMNS = ", ".join(f"i.{f.name}" for f in fields(Invoice))
_FROM = """
    FROM invoices i
    WHERE i.organization_id = current_organization()
      AND (%(kind)s::text IS NULL OR i.kind = %(kind)s)
      AND (%(status)s::text IS NULL OR i.status = %(status)s)
      AND (%(customer_id)s::bigint IS NULL OR i.customer_id = %(customer_id)s)
      AND (%(order_id)s::bigint IS NULL OR i.order_id = %(order_id)s)
      AND (%(operation_id)s::bigint IS NULL OR i.operation_id = %(operation_id)s)
      AND (%(low)s::text IS NULL OR i.number >= %(low)s AND i.number < %(high)s)
      AND (%(since)s::date IS NULL OR i.invoice_date >= %(since)s)
      AND (%(until)s::date IS NULL OR i.invoice_date <= %(until)s)
"""
SORTS = {
    "newest": "i.id DESC",
    "oldest": "i.id",
    "number": "i.number",
    "total": "i.total_minor, i.id",
    "-total": "i.total_minor DESC, i.id DESC",
}


def list_invoices(conn: Connection, *, wanted: InvoiceFilter, sort: str, limit: int, offset: int) -> list[Invoice]:
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} ORDER BY {SORTS[sort]} LIMIT %(limit)s OFFSET %(offset)s",
        {**_values(wanted), "limit": limit, "offset": offset},
    ).fetchall()
    return [_invoice(row) for row in rows]


def count_invoices(conn: Connection, *, wanted: InvoiceFilter) -> int:
    (row,) = conn.execute(f"SELECT count(*) AS count {_FROM}", _values(wanted)).fetchall()
    return int(row["count"])


def find_invoice(conn: Connection, *, invoice_id: int) -> Invoice | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM invoices i WHERE i.organization_id = current_organization() AND i.id = %(id)s",
        {"id": invoice_id},
    ).fetchone()
    return _invoice(row) if row else None


def find_document(conn: Connection, *, invoice_id: int) -> Row | None:
    """The invoice's own row, with its imprint, its currency's digits, and the numbers of what it credits or is."""
    return conn.execute(
        """
        SELECT i.*, currency_digits(i.currency) AS digits, m.content AS imprint, o.number AS credited_number,
            n.number AS credited_by
        FROM invoices i
        JOIN invoice_imprints m ON m.organization_id = i.organization_id AND m.id = i.imprint_id
        LEFT JOIN invoices o ON o.organization_id = i.organization_id AND o.id = i.credits_id
        LEFT JOIN invoices n ON n.organization_id = i.organization_id AND n.credits_id = i.id
        WHERE i.organization_id = current_organization() AND i.id = %(id)s
        """,
        {"id": invoice_id},
    ).fetchone()


def list_lines(conn: Connection, *, invoice_id: int, limit: int) -> list[InvoiceLine]:
    rows = conn.execute(
        """
        SELECT line_number, item_id, item_code, description, quantity, unit_price, tax_rate, net, tax
        FROM invoice_lines WHERE organization_id = current_organization() AND invoice_id = %(id)s
        ORDER BY line_number LIMIT %(limit)s
        """,
        {"id": invoice_id, "limit": limit},
    ).fetchall()
    return [InvoiceLine(**row) for row in rows]


def _values(wanted: InvoiceFilter) -> dict[str, object]:
    low = wanted.search or None
    return {**asdict(wanted), "low": low, "high": after_prefix(low) if low else None}


def _invoice(row: Row) -> Invoice:
    return Invoice(**{**row, "kind": InvoiceKind(row["kind"]), "status": InvoiceStatus(row["status"])})
