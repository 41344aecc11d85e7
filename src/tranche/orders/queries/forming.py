"""The judge of an order import forms orders out of lines: what they say together, which can be brought in."""

from tranche.kernel.db.pool import Connection, Row
from tranche.orders.queries.rules import CUSTOMER_NAME, Rules

_CUSTOMER_KEY = "coalesce('#' || l.customer_code, lower(l.customer_name), '')"
_CURRENCY = "upper(coalesce(l.currency, %(default_currency)s::text))"
_IS_RETURN = "l.quantity LIKE '-%%'"


# Different wherever two lines may differ in customer, currency, direction, date or notes. Hashes are aggregated
# much faster than texts; the few orders whose lines are uneven are looked at exactly.
_SEEN = """
    coalesce(hashtextextended(l.customer_code, 1), hashtextextended(l.customer_name, 2), 0)
    # coalesce(hashtextextended(l.currency, 3), 0) # (l.quantity LIKE '-%%')::integer
    # coalesce(hashtextextended(l.order_date, 4), 0) # coalesce(hashtextextended(l.notes, 5), 0)
"""


def create_facts(conn: Connection, rules: Rules) -> None:
    """One row per order number in TEMP table `facts`; `told_by` is the row that speaks for an even order."""
    conn.execute(
        f"""
        CREATE TEMP TABLE facts ON COMMIT DROP AS
        SELECT l.order_number AS number, min(l.row_number) AS first_row, max(l.row_number) AS last_row,
            count(*)::integer AS line_count, bool_or(l.is_bad) AS is_bad,
            coalesce(min(l.row_number) FILTER (WHERE NOT l.is_bad), min(l.row_number)) AS told_by,
            min(h.seen) <> max(h.seen) AS is_uneven,
            sum(round(l.quantity::numeric * l.unit_price::numeric, currency_digits({_CURRENCY})))
                FILTER (WHERE NOT l.is_bad) AS total,
            NULL::timestamptz AS order_date, NULL::text AS notes
        FROM order_import_lines l
        CROSS JOIN LATERAL (SELECT {_SEEN} AS seen OFFSET 0) h
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
          AND l.order_number IS NOT NULL
        GROUP BY l.order_number
        """,
        rules.params(),
    )
    conn.execute("ANALYZE pg_temp.facts")


def judge_agreement(conn: Connection, rules: Rules) -> None:
    """Customer, currency and direction must be the same in all sound lines of an order."""
    conn.execute(
        f"""
        WITH compared AS (
            SELECT l.order_number, l.row_number, l.customer, l.currency, l.is_return,
                first_value(l.row_number) OVER w AS first_row, first_value(l.customer) OVER w AS first_customer,
                first_value(l.currency) OVER w AS first_currency, first_value(l.is_return) OVER w AS first_is_return
            FROM (
                SELECT l.order_number, l.row_number, {_CUSTOMER_KEY} AS customer, {_CURRENCY} AS currency,
                    {_IS_RETURN} AS is_return
                FROM order_import_lines l JOIN pg_temp.facts f ON f.number = l.order_number AND f.is_uneven
                WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
            ) l
            WINDOW w AS (PARTITION BY l.order_number ORDER BY l.row_number)
        )
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, c.row_number, v.header, 'error', v.code,
            format(v.message, c.order_number, c.first_row)
        FROM compared c
        CROSS JOIN LATERAL (VALUES
            (c.customer <> c.first_customer, 'customer_differs', %(customer_header)s::text,
             'Order %%s has another customer in row %%s; an order has one customer'),
            (c.currency <> c.first_currency, 'currency_differs', %(currency_header)s::text,
             'Order %%s has another currency in row %%s; an order has one currency'),
            (c.is_return <> c.first_is_return, 'mixed_return', %(quantity_header)s::text,
             'Order %%s mixes sales and returns, see row %%s; give returns an order number of their own')
        ) AS v (is_broken, code, header, message)
        WHERE v.is_broken
        ORDER BY c.row_number
        """,
        rules.params(),
    )


def mark_bad_orders(conn: Connection, rules: Rules) -> None:
    """An order is bad as soon as one of its lines is."""
    conn.execute(
        """
        UPDATE pg_temp.facts f SET is_bad = true
        FROM (
            SELECT DISTINCT l.order_number FROM order_import_lines l
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND l.is_bad
        ) b
        WHERE f.number = b.order_number AND NOT f.is_bad
        """,
        rules.params(),
    )


def settle_uneven(conn: Connection, rules: Rules) -> None:
    """Where its lines differ an order has the earliest date of the sound ones, and all notes, each once."""
    conn.execute(
        """
        WITH settled AS (
            SELECT l.order_number AS number, string_agg(DISTINCT l.notes, E'\n') AS notes,
                min(moment_of(l.order_date, z.zone)) FILTER (WHERE NOT l.is_bad) AS order_date
            FROM order_import_lines l
            JOIN pg_temp.facts f ON f.number = l.order_number AND f.is_uneven
            CROSS JOIN (SELECT zone FROM organizations WHERE id = current_organization()) z
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
            GROUP BY l.order_number
        )
        UPDATE pg_temp.facts f SET order_date = s.order_date, notes = s.notes
        FROM settled s WHERE s.number = f.number
        """,
        rules.params(),
    )


def group_orders(conn: Connection, rules: Rules) -> None:
    """Keep the orders: what can be brought in gets the positions 1..n by first row, the rest follow."""
    conn.execute(
        f"""
        WITH judged AS (
            SELECT f.*, CASE
                WHEN o.batch_id = %(batch_id)s THEN 'done'
                WHEN f.is_bad THEN 'bad'
                WHEN o.id IS NULL THEN 'ready'
                WHEN b.deleted_at IS NOT NULL THEN 'bad'
                WHEN %(on_duplicate)s = 'skip' THEN 'skip'
                WHEN %(on_duplicate)s = 'update' AND o.status = 'open' THEN 'update'
                ELSE 'bad'
            END AS state
            FROM pg_temp.facts f
            LEFT JOIN orders o ON o.organization_id = current_organization() AND o.number = f.number
            LEFT JOIN order_batches b ON b.organization_id = o.organization_id AND b.id = o.batch_id
        )
        INSERT INTO order_import_groups (organization_id, import_id, position, number, state, first_row, last_row,
            line_count, lines_through, customer_code, customer_name, kind, order_date, currency, total, notes)
        SELECT current_organization(), %(import_id)s, row_number() OVER w, j.number, j.state, j.first_row, j.last_row,
            j.line_count, sum(j.line_count) OVER (w ROWS UNBOUNDED PRECEDING), coalesce(l.customer_code, ''),
            {CUSTOMER_NAME},
            CASE WHEN {_IS_RETURN} THEN 'return' ELSE 'sale' END,
            CASE WHEN j.is_bad THEN NULL WHEN j.is_uneven THEN j.order_date ELSE moment_of(l.order_date, z.zone) END,
            {_CURRENCY}, j.total, CASE WHEN j.is_uneven THEN j.notes ELSE l.notes END
        FROM judged j
        JOIN order_import_lines l ON l.organization_id = current_organization() AND l.import_id = %(import_id)s
            AND l.row_number = j.told_by
        CROSS JOIN (SELECT zone FROM organizations WHERE id = current_organization()) z
        WINDOW w AS (ORDER BY j.state NOT IN ('ready', 'update'), j.first_row)
        """,
        rules.params(),
    )


def tally(conn: Connection, rules: Rules) -> Row:
    """Orders by state, and the rows that belong to no order."""
    row = conn.execute(
        """
        SELECT
            count(*) FILTER (WHERE state = 'done') AS done,
            count(*) FILTER (WHERE state = 'bad') AS bad,
            count(*) FILTER (WHERE state = 'skip') AS skipped,
            count(*) AS orders,
            (
                SELECT count(*) FROM order_import_lines
                WHERE organization_id = current_organization() AND import_id = %(import_id)s AND order_number IS NULL
            ) AS orphan_rows
        FROM order_import_groups
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        rules.params(),
    ).fetchone()
    if row is None:
        raise LookupError("an aggregate always returns a row")
    return row
