"""Which orders of a chunk can be invoiced: temp tables `drafts`, `draft_lines` and `draft_sums`, then verdicts.

All work on the engine's temp tables `chunk(position, reference)`, whose references are orders, and `verdicts`. Joins
name the ids once more as an array, so that an index finds just these: a merge would begin at the organization's first
order every time.
"""

from decimal import Decimal

from tranche.kernel.db.pool import Connection

# What no sum of an invoice may reach, so that its minor units fit a bigint in every currency.
TOO_LARGE = 10**14

_DRAFTS = """
    CREATE TEMP TABLE drafts ON COMMIT DROP AS
    SELECT c.position, o.id AS order_id, o.number AS order_number, o.customer_id, o.kind, o.status, o.currency,
        currency_digits(o.currency) AS digits, coalesce(o.notes, '') AS notes,
        EXISTS (
            SELECT FROM order_batches b
            WHERE b.organization_id = o.organization_id AND b.id = o.batch_id AND b.deleted_at IS NOT NULL
        ) AS is_deleted
    FROM pg_temp.chunk c
    JOIN orders o ON o.organization_id = current_organization() AND o.id = c.reference
      AND o.id = ANY (ARRAY(SELECT reference FROM pg_temp.chunk))
"""

_MESSAGES = """
    VALUES
        ('order_not_found', 'There is no such order.'),
        ('order_cancelled', 'The order is cancelled.'),
        ('order_is_return', 'The order is a return; returns are never invoiced.'),
        ('no_lines', 'The order has no lines.'),
        ('bad_quantity', 'A line of the order has no quantity above 0.'),
        ('bad_price', 'A line of the order has no price, or one below 0.'),
        ('amount_too_large', 'The order comes to more than an invoice can hold.')
"""


def lock_batches(conn: Connection) -> None:
    """Hold the order batches of the chunk, so that none of them is deleted meanwhile.

    The weakest lock does: whoever deletes takes the strongest, and an undo, which holds orders and then counts in
    its batch, need not wait for us while we wait for its orders.
    """
    conn.execute(
        """
        WITH named AS MATERIALIZED (
            SELECT DISTINCT o.batch_id FROM pg_temp.chunk c
            JOIN orders o ON o.organization_id = current_organization() AND o.id = c.reference
              AND o.id = ANY (ARRAY(SELECT reference FROM pg_temp.chunk))
        )
        SELECT FROM order_batches b
        WHERE b.organization_id = current_organization() AND b.id IN (SELECT n.batch_id FROM named n)
        ORDER BY b.id FOR KEY SHARE
        """
    )


def create_locked_drafts(conn: Connection) -> None:
    """The orders of the chunk, each locked to the end of the transaction."""
    conn.execute(f"{_DRAFTS} ORDER BY o.id FOR UPDATE OF o")
    conn.execute("ANALYZE pg_temp.drafts")


def create_drafts(conn: Connection) -> None:
    """The orders of the chunk as they are now; for looking only."""
    conn.execute(_DRAFTS)
    conn.execute("ANALYZE pg_temp.drafts")


def create_draft_lines(conn: Connection, *, tax_rate: Decimal) -> None:
    """The lines of open orders with their amounts, rounded half up per line; `tax_rate` where a line names none."""
    conn.execute(
        """
        CREATE TEMP TABLE draft_lines ON COMMIT DROP AS
        SELECT p.position, p.line_number, p.item_id, p.description, p.quantity, p.unit_price, p.tax_rate, p.net,
            round(p.net * p.tax_rate / 100, p.digits) AS tax
        FROM (
            SELECT d.position, d.digits, l.line_number, l.item_id, l.description, l.quantity, l.unit_price,
                coalesce(l.tax_rate, %(tax_rate)s) AS tax_rate, round(l.quantity * l.unit_price, d.digits) AS net
            FROM pg_temp.drafts d
            JOIN order_lines l ON l.organization_id = current_organization() AND l.order_id = d.order_id
              AND l.order_id = ANY (ARRAY(SELECT order_id FROM pg_temp.drafts))
            WHERE d.status = 'open' AND d.kind = 'sale' AND NOT d.is_deleted
        ) AS p
        """,
        {"tax_rate": tax_rate},
    )
    conn.execute("ANALYZE pg_temp.draft_lines")
    conn.execute(
        """
        CREATE TEMP TABLE draft_sums ON COMMIT DROP AS
        SELECT position, count(*)::integer AS line_count, sum(net) AS net, sum(tax) AS tax,
            bool_or(NOT coalesce(quantity > 0 AND quantity NOT IN ('NaN', 'Infinity'), false)) AS has_bad_quantity,
            bool_or(NOT coalesce(unit_price >= 0 AND unit_price NOT IN ('NaN', 'Infinity'), false)) AS has_bad_price
        FROM pg_temp.draft_lines GROUP BY position
        """
    )
    conn.execute("ANALYZE pg_temp.draft_sums")


def judge(conn: Connection) -> None:
    """Mark in `verdicts` what has an invoice already as skipped, what cannot have one as failed, and why."""
    conn.execute(
        f"""
        WITH judged AS (
            SELECT c.position, i.id AS invoice_id, i.number AS invoice_number, CASE
                WHEN d.order_id IS NULL OR d.is_deleted THEN 'order_not_found'
                WHEN d.status = 'invoiced' THEN 'already_invoiced'
                WHEN d.status = 'cancelled' THEN 'order_cancelled'
                WHEN d.kind = 'return' THEN 'order_is_return'
                WHEN s.position IS NULL THEN 'no_lines'
                WHEN s.has_bad_quantity THEN 'bad_quantity'
                WHEN s.has_bad_price THEN 'bad_price'
                WHEN s.net + s.tax >= {TOO_LARGE} THEN 'amount_too_large'
            END AS code
            FROM pg_temp.chunk c
            LEFT JOIN pg_temp.drafts d ON d.position = c.position
            LEFT JOIN pg_temp.draft_sums s ON s.position = c.position
            LEFT JOIN invoices i ON i.organization_id = current_organization() AND i.order_id = d.order_id
                AND i.closed = 0 AND d.status = 'invoiced'
        ), messages (code, message) AS ({_MESSAGES})
        UPDATE pg_temp.verdicts v SET
            status = CASE j.code WHEN 'already_invoiced' THEN 'skipped' ELSE 'failed' END,
            error_code = j.code,
            error = coalesce(m.message, format('The order has the invoice %s already.', j.invoice_number)),
            result = CASE WHEN j.invoice_id IS NOT NULL
                THEN jsonb_build_object('invoiceId', j.invoice_id, 'number', j.invoice_number) END
        FROM judged j LEFT JOIN messages m ON m.code = j.code
        WHERE v.position = j.position AND j.code IS NOT NULL
        """
    )


def has_tracked_lines(conn: Connection) -> bool:
    """Whether what was judged as succeeded so far holds an item whose stock is tracked."""
    (row,) = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM pg_temp.draft_lines l
            JOIN items t ON t.organization_id = current_organization() AND t.id = l.item_id
            JOIN pg_temp.verdicts v ON v.position = l.position AND v.status = 'succeeded'
            WHERE t.stock_tracking <> 'none'
        ) AS has_any
        """
    ).fetchall()
    return bool(row["has_any"])


def fill_demand(conn: Connection, *, branch_id: int) -> None:
    """Ask the stock for the tracked lines, in temp table `stock_demand`."""
    conn.execute(
        """
        INSERT INTO pg_temp.stock_demand (position, line, item_id, branch_id, quantity)
        SELECT l.position, l.line_number, l.item_id, %(branch_id)s, l.quantity
        FROM pg_temp.draft_lines l
        JOIN items t ON t.organization_id = current_organization() AND t.id = l.item_id AND t.stock_tracking <> 'none'
        JOIN pg_temp.verdicts v ON v.position = l.position AND v.status = 'succeeded'
        """,
        {"branch_id": branch_id},
    )


def fail_short(conn: Connection) -> None:
    """Mark in `verdicts` what is short of stock, with the first item that is."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET status = 'failed', error_code = 'insufficient_stock',
            error = format('Short of stock: %s of %s wanted, %s left%s.', trim_scale(s.wanted),
                coalesce(t.code, t.name, 'an unknown item'), trim_scale(s.available),
                CASE WHEN s.kept_back > 0 THEN format('; %s more may not be used, because their lots are expired, held'
                    ' or inactive', trim_scale(s.kept_back)) END),
            result = jsonb_build_object('itemId', s.item_id, 'wanted', s.wanted, 'available', s.available,
                'keptBack', s.kept_back)
        FROM (
            SELECT DISTINCT ON (position) position, item_id, wanted, available, kept_back FROM pg_temp.stock_shortages
            ORDER BY position, item_id
        ) AS s
        LEFT JOIN items t ON t.organization_id = current_organization() AND t.id = s.item_id
        WHERE v.position = s.position
        """
    )


def fail_without_branch(conn: Connection) -> None:
    """Mark in `verdicts` what needs stock while nobody said from which branch."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET status = 'failed', error_code = 'no_branch',
            error = 'The order needs stock, and the organization has no default branch; name a branch.'
        FROM pg_temp.draft_lines l
        JOIN items t ON t.organization_id = current_organization() AND t.id = l.item_id AND t.stock_tracking <> 'none'
        WHERE v.position = l.position AND v.status = 'succeeded'
        """
    )


def has_allocations(conn: Connection) -> bool:
    """Whether the stock was asked in this transaction."""
    (row,) = conn.execute("SELECT to_regclass('pg_temp.stock_allocations') IS NOT NULL AS was_asked").fetchall()
    return bool(row["was_asked"])
