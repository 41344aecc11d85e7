"""Which invoices an operation is about, and the files that were printed of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from tranche.invoicing.bulk.domain import PrintedFile
from tranche.kernel.db.pool import Connection, Row


def want_invoices(conn: Connection, *, invoice_ids: Sequence[int], by_customer: bool) -> None:
    """Invoices in the order given in temp table `wanted_members`, one position each or one for each customer.

    Fills temp table `wanted_items`.
    """
    conn.execute(
        """
        CREATE TEMP TABLE wanted_members ON COMMIT DROP AS
        SELECT CASE WHEN %(by_customer)s THEN dense_rank() OVER (ORDER BY first) ELSE place END AS position,
            id, number, buyer_name
        FROM (
            SELECT w.place, i.id, i.number, i.buyer_name, min(w.place) OVER (PARTITION BY i.customer_id) AS first
            FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w (id, place)
            JOIN invoices i ON i.organization_id = current_organization() AND i.id = w.id
        ) AS found
        """,
        {"ids": list(invoice_ids), "by_customer": by_customer},
    )
    conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT position, min(id) AS reference,
            CASE count(*) WHEN 1 THEN min(number) ELSE min(buyer_name) || ' (' || count(*) || ')' END AS label
        FROM pg_temp.wanted_members GROUP BY position
        """
    )


def list_unknown(conn: Connection, *, invoice_ids: Sequence[int], limit: int) -> list[int]:
    """The lowest of the ids that are no invoice of the organization."""
    rows = conn.execute(
        """
        SELECT id FROM unnest(%(ids)s::bigint[]) AS w (id)
        EXCEPT SELECT id FROM invoices WHERE organization_id = current_organization() AND id = ANY(%(ids)s::bigint[])
        ORDER BY id LIMIT %(limit)s
        """,
        {"ids": list(invoice_ids), "limit": limit},
    ).fetchall()
    return [row["id"] for row in rows]


_LIVE: Final = """
    SELECT id FROM invoices
    WHERE organization_id = current_organization() AND kind = 'invoice' AND status = 'issued'
"""


def list_live(conn: Connection, *, operation_id: int | None, since: date | None, limit: int) -> list[int]:
    """The live invoices of a run, or else since a day, the oldest first."""
    narrowed = "operation_id = %(operation_id)s" if operation_id is not None else "invoice_date >= %(since)s"
    rows = conn.execute(
        f"{_LIVE} AND {narrowed} ORDER BY id LIMIT %(limit)s",
        {"operation_id": operation_id, "since": since, "limit": limit},
    ).fetchall()
    return [row["id"] for row in rows]


def find_numbers(conn: Connection, *, numbers: Sequence[str]) -> dict[str, int]:
    """The ids of the invoices and credit notes that have these numbers."""
    rows = conn.execute(
        """
        SELECT number, id FROM invoices
        WHERE organization_id = current_organization() AND number = ANY (%(numbers)s)
        """,
        {"numbers": list(numbers)},
    ).fetchall()
    return {row["number"]: row["id"] for row in rows}


def survey(conn: Connection, *, invoice_ids: Sequence[int]) -> Row:
    """How many of these invoices there are, of how many customers, with the first and the last of them."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS invoices, count(DISTINCT customer_id) AS customers, min(id) AS first_id,
            min(number) AS first, max(number) AS last
        FROM invoices WHERE organization_id = current_organization() AND id = ANY (%(ids)s)
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()
    return row


def count_wanted(conn: Connection) -> int:
    (row,) = conn.execute("SELECT count(*) AS count FROM pg_temp.wanted_items").fetchall()
    return int(row["count"])


def keep_wanted(conn: Connection, *, operation_id: int) -> None:
    """The rows of `wanted_members` become the operation's."""
    conn.execute(
        """
        INSERT INTO operation_invoices (organization_id, operation_id, position, invoice_id)
        SELECT current_organization(), %(operation_id)s, position, id FROM pg_temp.wanted_members
        """,
        {"operation_id": operation_id},
    )


def list_members_of(conn: Connection, *, operation_id: int, positions: Sequence[int]) -> list[int]:
    """The invoices of some positions of an operation."""
    rows = conn.execute(
        """
        SELECT DISTINCT invoice_id FROM operation_invoices
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND position = ANY (%(positions)s)
        ORDER BY invoice_id LIMIT 100000
        """,
        {"operation_id": operation_id, "positions": list(positions)},
    ).fetchall()
    return [row["invoice_id"] for row in rows]


def list_places(conn: Connection, *, invoice_ids: Sequence[int]) -> list[Row]:
    """The operations and positions that these invoices ever had."""
    return conn.execute(
        """
        SELECT operation_id, position, invoice_id FROM operation_invoices
        WHERE organization_id = current_organization() AND invoice_id = ANY (%(ids)s)
        ORDER BY operation_id, position, invoice_id LIMIT 100000
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()


def list_files(conn: Connection, *, hashes: Mapping[int, bytes]) -> dict[int, bytes]:
    """For each invoice the hash of the file that was printed from these very data, where there is one."""
    rows = conn.execute(
        """
        SELECT f.invoice_id, f.sha256
        FROM unnest(%(ids)s::bigint[], %(hashes)s::bytea[]) AS w (invoice_id, data_hash)
        JOIN invoice_files f ON f.organization_id = current_organization() AND f.invoice_id = ANY (%(ids)s)
            AND f.invoice_id = w.invoice_id AND f.data_hash = w.data_hash
        """,
        {"ids": list(hashes), "hashes": list(hashes.values())},
    ).fetchall()
    return {row["invoice_id"]: bytes(row["sha256"]) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that has just been printed, as it is registered."""

    invoice_id: int
    data_hash: bytes
    template_id: str
    template_version: int
    sha256: bytes
    size: int
    pages: int
    not_electronic: str | None


def keep_files(conn: Connection, *, kept: Sequence[Kept]) -> None:
    columns = [field.name for field in fields(Kept)]
    conn.execute(
        """
        INSERT INTO invoice_files (organization_id, invoice_id, data_hash, template_id, template_version, sha256, size,
            pages, not_electronic)
        SELECT current_organization(), k.*
        FROM unnest(%(invoice_id)s::bigint[], %(data_hash)s::bytea[], %(template_id)s::text[],
            %(template_version)s::integer[], %(sha256)s::bytea[], %(size)s::bigint[], %(pages)s::integer[],
            %(not_electronic)s::text[])
            AS k (invoice_id, data_hash, template_id, template_version, sha256, size, pages, not_electronic)
        ORDER BY k.invoice_id
        ON CONFLICT (organization_id, invoice_id, data_hash) DO UPDATE SET sha256 = excluded.sha256,
            size = excluded.size, pages = excluded.pages
        """,
        {name: [getattr(one, name) for one in kept] for name in columns},
    )


def link_files(conn: Connection, *, operation_id: int, hashes: Mapping[tuple[int, int], bytes]) -> None:
    """Say which of their files this operation means, by position and invoice."""
    conn.execute(
        """
        UPDATE operation_invoices m SET data_hash = w.data_hash
        FROM unnest(%(positions)s::bigint[], %(ids)s::bigint[], %(hashes)s::bytea[])
            AS w (position, invoice_id, data_hash)
        WHERE m.organization_id = current_organization() AND m.operation_id = %(operation_id)s
          AND m.position = ANY (%(positions)s) AND m.position = w.position AND m.invoice_id = w.invoice_id
        """,
        {
            "operation_id": operation_id,
            "positions": [position for position, _ in hashes],
            "ids": [invoice_id for _, invoice_id in hashes],
            "hashes": list(hashes.values()),
        },
    )


def list_printed(
    conn: Connection, *, operation_id: int, after: tuple[int, int] = (0, 0), limit: int
) -> list[PrintedFile]:
    """An operation's invoices by position, each with its file and with what the pdf stage says of it."""
    rows = conn.execute(
        """
        SELECT m.position, m.invoice_id, i.number, i.buyer_name AS customer, f.sha256, coalesce(f.pages, 0) AS pages,
            coalesce(s.status, 'pending') AS status, s.error
        FROM operation_invoices m
        CROSS JOIN LATERAL (
            SELECT number, buyer_name FROM invoices
            WHERE organization_id = m.organization_id AND id = m.invoice_id LIMIT 1
        ) i
        LEFT JOIN LATERAL (
            SELECT sha256, pages FROM invoice_files
            WHERE organization_id = m.organization_id AND invoice_id = m.invoice_id AND data_hash = m.data_hash LIMIT 1
        ) f ON true
        LEFT JOIN LATERAL (
            SELECT status, error FROM operation_items
            WHERE organization_id = m.organization_id AND operation_id = m.operation_id AND position = m.position
              AND stage = 'pdf' LIMIT 1
        ) s ON true
        WHERE m.organization_id = current_organization() AND m.operation_id = %(operation_id)s
          AND (m.position, m.invoice_id) > (%(position)s, %(invoice_id)s)
        ORDER BY m.position, m.invoice_id LIMIT %(limit)s
        """,
        {"operation_id": operation_id, "position": after[0], "invoice_id": after[1], "limit": limit},
    ).fetchall()
    return [PrintedFile(**row) for row in rows]


def list_parcels(conn: Connection, *, operation_id: int, positions: Sequence[int]) -> list[Row]:
    """What goes out for each of these positions: its invoices, and the hash of each one's file where it is printed."""
    return conn.execute(
        """
        SELECT m.position, m.invoice_id, f.sha256
        FROM operation_invoices m
        LEFT JOIN invoice_files f ON f.organization_id = m.organization_id AND f.invoice_id = m.invoice_id
            AND f.data_hash = m.data_hash
        WHERE m.organization_id = current_organization() AND m.operation_id = %(operation_id)s
          AND m.position = ANY (%(positions)s)
        ORDER BY m.position, m.invoice_id LIMIT 100000
        """,
        {"operation_id": operation_id, "positions": list(positions)},
    ).fetchall()


def list_recipients(conn: Connection, *, invoice_ids: Sequence[int]) -> list[Row]:
    """How the invoices' customers are reached now; what an invoice was issued with does not count."""
    return conn.execute(
        """
        SELECT i.id, i.number, i.status, i.customer_id, c.name, c.email, c.phone
        FROM invoices i
        JOIN customers c ON c.organization_id = i.organization_id AND c.id = i.customer_id
        WHERE i.organization_id = current_organization() AND i.id = ANY (%(ids)s)
        ORDER BY i.id LIMIT 10000
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()
