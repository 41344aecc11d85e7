"""An organization's invoice settings, and the imprints that are frozen from them."""

from dataclasses import asdict
from typing import Any

from psycopg.types.json import Jsonb

from tranche.invoicing.domain import Settings
from tranche.kernel.db.pool import Connection, Row


def find_settings(conn: Connection) -> Row | None:
    return conn.execute(
        """
        SELECT series, number_format, number_digits, due_days, tax_rate, payment_terms, notes, seller, bank
        FROM invoice_settings WHERE organization_id = current_organization()
        """
    ).fetchone()


def save_settings(conn: Connection, *, settings: Settings) -> None:
    values = asdict(settings)
    conn.execute(
        """
        INSERT INTO invoice_settings AS s (organization_id, series, number_format, number_digits, due_days, tax_rate,
            payment_terms, notes, seller, bank)
        VALUES (current_organization(), %(series)s, %(number_format)s, %(number_digits)s, %(due_days)s, %(tax_rate)s,
            %(payment_terms)s, %(notes)s, %(seller)s, %(bank)s)
        ON CONFLICT (organization_id) DO UPDATE SET series = excluded.series, number_format = excluded.number_format,
            number_digits = excluded.number_digits, due_days = excluded.due_days, tax_rate = excluded.tax_rate,
            payment_terms = excluded.payment_terms, notes = excluded.notes, seller = excluded.seller,
            bank = excluded.bank, updated_at = now()
        """,
        {**values, "seller": Jsonb(values["seller"]), "bank": Jsonb(values["bank"])},
    )


def keep_imprint(conn: Connection, *, digest: bytes, content: dict[str, Any]) -> int:
    """The id of the imprint with this content, which is made where it is missing."""
    conn.execute(
        """
        INSERT INTO invoice_imprints (organization_id, digest, content)
        VALUES (current_organization(), %(digest)s, %(content)s) ON CONFLICT (organization_id, digest) DO NOTHING
        """,
        {"digest": digest, "content": Jsonb(content)},
    )
    (row,) = conn.execute(
        "SELECT id FROM invoice_imprints WHERE organization_id = current_organization() AND digest = %(digest)s",
        {"digest": digest},
    ).fetchall()
    return int(row["id"])


def find_default_branch(conn: Connection) -> int | None:
    row = conn.execute(
        "SELECT id FROM branches WHERE organization_id = current_organization() AND is_default"
    ).fetchone()
    return row["id"] if row else None
