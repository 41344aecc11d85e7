"""Which invoices an operation is about, and the files that were printed of them."""

from collections.abc import Sequence

from tranche.invoicing.bulk.domain import PrintedFile
from tranche.kernel.db.pool import Connection, Row


def want_invoices(conn: Connection, *, invoice_ids: Sequence[int], by_customer: bool) -> list[int]:
    """Invoices in the order given in temp table `wanted_members`, one position each or one for each customer.

    Fills temp table `wanted_items`; returns the ids that the organization does not have.
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
    rows = conn.execute(
        """
        SELECT w.id FROM unnest(%(ids)s::bigint[]) AS w (id)
        WHERE w.id NOT IN (SELECT id FROM pg_temp.wanted_members) ORDER BY w.id LIMIT 20
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()
    return [row["id"] for row in rows]


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


def list_members(conn: Connection, *, operation_id: int, position: int) -> list[int]:
    rows = conn.execute(
        """
        SELECT invoice_id FROM operation_invoices
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND position = %(position)s
        ORDER BY invoice_id LIMIT 10000
        """,
        {"operation_id": operation_id, "position": position},
    ).fetchall()
    return [row["invoice_id"] for row in rows]


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


def find_file(conn: Connection, *, invoice_id: int, data_hash: bytes) -> Row | None:
    """The file that was printed from these very data."""
    return conn.execute(
        """
        SELECT sha256, size, pages FROM invoice_files
        WHERE organization_id = current_organization() AND invoice_id = %(invoice_id)s AND data_hash = %(data_hash)s
        """,
        {"invoice_id": invoice_id, "data_hash": data_hash},
    ).fetchone()


def keep_file(
    conn: Connection,
    *,
    invoice_id: int,
    data_hash: bytes,
    template_id: str,
    template_version: int,
    sha256: bytes,
    size: int,
    pages: int,
    not_electronic: str | None,
) -> None:
    conn.execute(
        """
        INSERT INTO invoice_files (organization_id, invoice_id, data_hash, template_id, template_version, sha256, size,
            pages, not_electronic)
        VALUES (current_organization(), %(invoice_id)s, %(data_hash)s, %(template_id)s, %(template_version)s,
            %(sha256)s, %(size)s, %(pages)s, %(not_electronic)s)
        ON CONFLICT (organization_id, invoice_id, data_hash) DO UPDATE SET sha256 = excluded.sha256,
            size = excluded.size, pages = excluded.pages
        """,
        {
            "invoice_id": invoice_id,
            "data_hash": data_hash,
            "template_id": template_id,
            "template_version": template_version,
            "sha256": sha256,
            "size": size,
            "pages": pages,
            "not_electronic": not_electronic,
        },
    )


def link_file(conn: Connection, *, operation_id: int, position: int, invoice_id: int, data_hash: bytes) -> None:
    """Say which of an invoice's files this operation means."""
    conn.execute(
        """
        UPDATE operation_invoices SET data_hash = %(data_hash)s
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND position = %(position)s AND invoice_id = %(invoice_id)s
        """,
        {"operation_id": operation_id, "position": position, "invoice_id": invoice_id, "data_hash": data_hash},
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
        JOIN invoices i ON i.organization_id = m.organization_id AND i.id = m.invoice_id
        LEFT JOIN invoice_files f ON f.organization_id = m.organization_id AND f.invoice_id = m.invoice_id
            AND f.data_hash = m.data_hash
        LEFT JOIN operation_items s ON s.organization_id = m.organization_id AND s.operation_id = m.operation_id
            AND s.position = m.position AND s.stage = 'pdf'
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
        SELECT i.id, i.number, i.customer_id, c.name, c.email, c.phone
        FROM invoices i
        JOIN customers c ON c.organization_id = i.organization_id AND c.id = i.customer_id
        WHERE i.organization_id = current_organization() AND i.id = ANY (%(ids)s)
        ORDER BY i.id LIMIT 10000
        """,
        {"ids": list(invoice_ids)},
    ).fetchall()
