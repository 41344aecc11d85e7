"""SQL of the designs of invoices."""

from tranche.invoicing.printing.design import Design
from tranche.kernel.db.pool import Connection, Row

_COLUMNS = "accent, footer, paper, country, payment_qr, e_invoice, logo"


def find_design(conn: Connection) -> Row | None:
    return conn.execute(
        f"SELECT {_COLUMNS} FROM invoice_designs WHERE organization_id = current_organization()"
    ).fetchone()


def save_design(conn: Connection, *, design: Design) -> None:
    conn.execute(
        """
        INSERT INTO invoice_designs (organization_id, accent, footer, paper, country, payment_qr, e_invoice, logo)
        VALUES (current_organization(), %(accent)s, %(footer)s, %(paper)s, %(country)s, %(payment_qr)s, %(e_invoice)s,
            %(logo)s)
        ON CONFLICT (organization_id) DO UPDATE SET accent = excluded.accent, footer = excluded.footer,
            paper = excluded.paper, country = excluded.country, payment_qr = excluded.payment_qr,
            e_invoice = excluded.e_invoice, logo = excluded.logo, updated_at = now()
        """,
        {
            "accent": design.accent,
            "footer": design.footer,
            "paper": design.paper,
            "country": design.country,
            "payment_qr": design.payment_qr,
            "e_invoice": design.e_invoice,
            "logo": design.logo,
        },
    )
