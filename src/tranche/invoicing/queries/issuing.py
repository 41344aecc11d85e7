"""Invoices made from drafts whose verdict is succeeded: numbers in one step, then the rows, all set-based."""

from tranche.invoicing.domain import Maker, Terms
from tranche.kernel.db.pool import Connection


def create_issued(conn: Connection) -> None:
    """Fill temp table `issued` with what will be issued, ids given, in the order of positions."""
    conn.execute(
        """
        CREATE TEMP TABLE issued ON COMMIT DROP AS
        SELECT d.position, nextval(pg_get_serial_sequence('invoices', 'id')) AS invoice_id,
            row_number() OVER (ORDER BY d.position) AS rank, d.order_id, d.order_number, d.customer_id, d.currency,
            d.digits, d.notes, s.line_count, s.net, s.tax
        FROM pg_temp.drafts d
        JOIN pg_temp.verdicts v ON v.position = d.position AND v.status = 'succeeded'
        JOIN pg_temp.draft_sums s ON s.position = d.position
        ORDER BY d.position
        """
    )
    conn.execute("ANALYZE pg_temp.issued")


def count_issued(conn: Connection) -> int:
    (row,) = conn.execute("SELECT count(*) AS count FROM pg_temp.issued").fetchall()
    return int(row["count"])


def take_numbers(conn: Connection, *, series: str, year: int, count: int) -> int:
    """Raise the counter once by `count`, which locks it to the end of the transaction; returns where it stood."""
    (row,) = conn.execute(
        """
        INSERT INTO invoice_counters AS c (organization_id, series, year, last_number)
        VALUES (current_organization(), %(series)s, %(year)s, %(count)s)
        ON CONFLICT (organization_id, series, year) DO UPDATE SET last_number = c.last_number + %(count)s
        RETURNING last_number - %(count)s AS stood_at
        """,
        {"series": series, "year": year, "count": count},
    ).fetchall()
    return int(row["stood_at"])


def keep_to_indexes(conn: Connection) -> None:
    """Have keys be checked by index from here to `plan_freely`.

    A session plans the check of a key once and keeps the plan. While a table is small the plan is to read it whole,
    and a run that fills it from nothing would check its last rows against all the ones before.
    """
    conn.execute("SET LOCAL enable_seqscan = off")


def plan_freely(conn: Connection) -> None:
    """The end of `keep_to_indexes`."""
    conn.execute("SET LOCAL enable_seqscan = on")


def insert_invoices(conn: Connection, *, terms: Terms, maker: Maker, stood_at: int) -> None:
    """The invoices of `issued` with the numbers behind `stood_at`, and the buyer as known now."""
    conn.execute(
        """
        INSERT INTO invoices (organization_id, id, series, year, sequence, number, invoice_date, due_date, currency,
            customer_id, buyer_code, buyer_name, buyer_email, buyer_phone, buyer_address, order_id, order_number,
            imprint_id, branch_id, line_count, net, tax, total, total_minor, notes, operation_id, created_by)
        SELECT current_organization(), i.invoice_id, %(series)s, %(year)s, %(stood_at)s + i.rank,
            %(prefix)s || lpad((%(stood_at)s + i.rank)::text,
                greatest(%(digits)s, length((%(stood_at)s + i.rank)::text)), '0'),
            %(invoice_date)s, %(due_date)s, i.currency, i.customer_id, c.code, c.name, c.email, c.phone, c.address,
            i.order_id, i.order_number, %(imprint_id)s, %(branch_id)s, i.line_count, i.net, i.tax, i.net + i.tax,
            ((i.net + i.tax) * 10::numeric ^ i.digits)::bigint, i.notes, %(operation_id)s, %(user_id)s
        FROM pg_temp.issued i
        JOIN customers c ON c.organization_id = current_organization() AND c.id = i.customer_id
        ORDER BY i.position
        """,
        {
            "series": terms.series,
            "year": terms.invoice_date.year,
            "prefix": terms.prefix,
            "digits": terms.number_digits,
            "stood_at": stood_at,
            "invoice_date": terms.invoice_date,
            "due_date": terms.due_date,
            "imprint_id": terms.imprint_id,
            "branch_id": terms.branch_id,
            "operation_id": maker.operation_id,
            "user_id": maker.user_id,
        },
    )


def insert_lines(conn: Connection) -> None:
    """The lines of what was issued, with the item's code as known now."""
    conn.execute(
        """
        INSERT INTO invoice_lines (organization_id, invoice_id, line_number, item_id, item_code, description, quantity,
            unit_price, tax_rate, net, tax)
        SELECT current_organization(), i.invoice_id, l.line_number, l.item_id, t.code,
            coalesce(nullif(l.description, ''), t.name, ''), l.quantity, l.unit_price, l.tax_rate, l.net, l.tax
        FROM pg_temp.issued i
        JOIN pg_temp.draft_lines l ON l.position = i.position
        LEFT JOIN items t ON t.organization_id = current_organization() AND t.id = l.item_id
        ORDER BY i.invoice_id, l.line_number
        """
    )


def mark_orders(conn: Connection) -> None:
    """The orders of what was issued are invoiced; for the array see `judging`."""
    conn.execute(
        """
        UPDATE orders o SET status = 'invoiced', updated_at = now()
        FROM pg_temp.issued i
        WHERE o.organization_id = current_organization() AND o.id = i.order_id
          AND o.id = ANY (ARRAY(SELECT order_id FROM pg_temp.issued))
        """
    )


def note_results(conn: Connection) -> None:
    """Say in the verdicts which invoice each position becomes."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET result = jsonb_build_object('invoiceId', i.invoice_id)
        FROM pg_temp.issued i WHERE v.position = i.position
        """
    )


def fill_consumers(conn: Connection) -> None:
    """Say for whom the allocated stock is, in temp table `stock_consumers`: the invoices of `issued`."""
    conn.execute(
        """
        INSERT INTO pg_temp.stock_consumers (position, consumer_id, label, customer_id)
        SELECT s.position, s.invoice_id, i.number, s.customer_id FROM pg_temp.issued s
        JOIN invoices i ON i.organization_id = current_organization() AND i.id = s.invoice_id
          AND i.id >= (SELECT min(invoice_id) FROM pg_temp.issued)
          AND i.id <= (SELECT max(invoice_id) FROM pg_temp.issued)
        WHERE s.position IN (SELECT a.position FROM pg_temp.stock_allocations a)
        """
    )
