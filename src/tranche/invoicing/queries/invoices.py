"""Invoices listed, counted and found, with everything that their document shows."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from tranche.invoicing.domain import Invoice, InvoiceKind, InvoiceLine, InvoiceStatus, Step
from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import ItemStatus

_COLUMNS = ", ".join(f"i.{f.name}" for f in fields(Invoice))
INVOICES: Final = Listing(
    name="invoices",
    select=_COLUMNS,
    source="invoices i",
    counted="invoices i",
    where="i.organization_id = current_organization()",
    filters={
        "kind": "i.kind = %(kind)s",
        "status": "i.status = %(status)s",
        "customer_id": "i.customer_id = %(customer_id)s",
        "order_id": "i.order_id = %(order_id)s",
        "operation_id": "i.operation_id = %(operation_id)s",
        "search": "i.number >= %(search_low)s AND i.number < %(search_high)s",
        "since": "i.invoice_date >= %(since)s",
        "until": "i.invoice_date <= %(until)s",
    },
    sorts={
        "id": (Key("i.id"),),
        "number": (Key("i.number", "text"),),
        "total": (Key("i.total_minor"), Key("i.id")),
    },
    default_sort="-id",
    export=(
        Column("id", "i.id", Kind.NUMBER),
        Column("number", "i.number"),
        Column("kind", "i.kind"),
        Column("status", "i.status"),
        Column("invoiceDate", "i.invoice_date::text"),
        Column("dueDate", "i.due_date::text"),
        Column("customerCode", "i.buyer_code"),
        Column("customerName", "i.buyer_name"),
        Column("orderNumber", "i.order_number"),
        Column("currency", "i.currency"),
        Column("net", "i.net", Kind.NUMBER),
        Column("tax", "i.tax", Kind.NUMBER),
        Column("total", "i.total", Kind.NUMBER),
        Column("closeReason", "i.close_reason"),
        Column("issuedAt", "i.issued_at", Kind.MOMENT),
        Column("closedAt", "i.closed_at", Kind.MOMENT),
    ),
)


def find_invoice(conn: Connection, *, invoice_id: int) -> Invoice | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM invoices i WHERE i.organization_id = current_organization() AND i.id = %(id)s",
        {"id": invoice_id},
    ).fetchone()
    return invoice_of(row) if row else None


def list_documents(conn: Connection, *, invoice_ids: Sequence[int]) -> list[Row]:
    """The invoices' own rows, with imprint, the currency's digits, and the numbers of what they credit or are."""
    return conn.execute(
        """
        SELECT i.*, currency_digits(i.currency) AS digits, m.content AS imprint,
            (SELECT number FROM invoices WHERE organization_id = i.organization_id AND id = i.credits_id)
                AS credited_number,
            (SELECT number FROM invoices WHERE organization_id = i.organization_id AND credits_id = i.id)
                AS credited_by
        FROM invoices i
        JOIN invoice_imprints m ON m.organization_id = i.organization_id AND m.id = i.imprint_id
        WHERE i.organization_id = current_organization() AND i.id = ANY (%(ids)s)
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()


def list_heads(conn: Connection, *, invoice_ids: Sequence[int]) -> list[Row]:
    """What messages say of invoices."""
    return conn.execute(
        """
        SELECT i.id, i.number, m.content ->> 'language' AS language, i.currency,
            currency_digits(i.currency) AS digits, i.invoice_date, i.due_date,
            m.content ->> 'paymentTerms' AS payment_terms, m.content #>> '{seller,name}' AS seller_name,
            m.content #>> '{bank,iban}' AS iban, i.total
        FROM invoices i
        JOIN invoice_imprints m ON m.organization_id = i.organization_id AND m.id = i.imprint_id
        WHERE i.organization_id = current_organization() AND i.id = ANY (%(ids)s)
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()


def list_lines(conn: Connection, *, invoice_ids: Sequence[int], limit: int) -> dict[int, list[InvoiceLine]]:
    """The first lines of each invoice, in their order."""
    rows = conn.execute(
        """
        SELECT invoice_id, line_number, item_id, item_code, description, quantity, unit_price, tax_rate, net, tax
        FROM invoice_lines
        WHERE organization_id = current_organization() AND invoice_id = ANY (%(ids)s) AND line_number <= %(limit)s
        ORDER BY invoice_id, line_number
        """,
        {"ids": list(invoice_ids), "limit": limit},
    ).fetchall()
    found: dict[int, list[InvoiceLine]] = {}
    for row in rows:
        found.setdefault(row.pop("invoice_id"), []).append(InvoiceLine(**row))
    return found


def invoice_of(row: Row) -> Invoice:
    """The invoice that a row of the list is."""
    return Invoice(**{**row, "kind": InvoiceKind(row["kind"]), "status": InvoiceStatus(row["status"])})


def list_steps(conn: Connection, *, invoice_id: int, limit: int) -> list[Step]:
    """What printings and sendings made of one invoice, the newest first."""
    rows = conn.execute(
        """
        SELECT i.operation_id, i.stage, i.status, i.error_code, i.error, i.updated_at
        FROM operation_invoices m
        JOIN operation_items i ON i.organization_id = current_organization() AND i.operation_id = m.operation_id
            AND i.position = m.position AND i.stage IN ('pdf', 'send')
        WHERE m.organization_id = current_organization() AND m.invoice_id = %(id)s
        ORDER BY i.operation_id DESC, i.stage DESC LIMIT %(limit)s
        """,
        {"id": invoice_id, "limit": limit},
    ).fetchall()
    return [Step(**{**row, "status": ItemStatus(row["status"])}) for row in rows]


def sum_run(conn: Connection, *, operation_id: int) -> list[Row]:
    """The live invoices of a run by currency: how many (`orders`), and what they come to with tax."""
    return conn.execute(
        """
        SELECT currency, count(*) AS orders, sum(total) AS total FROM invoices
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND kind = 'invoice'
          AND status = 'issued'
        GROUP BY currency ORDER BY currency
        """,
        {"operation_id": operation_id},
    ).fetchall()
