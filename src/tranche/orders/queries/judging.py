"""The judge of an order import: what lines say together, the orders that they form, and the tally."""

from tranche.kernel.db.pool import Connection, Row
from tranche.orders.queries.rules import Rules

_CUSTOMER_KEY = "coalesce('#' || l.customer_code, lower(l.customer_name), '')"


def mark_bad_lines(conn: Connection, rules: Rules) -> None:
    """Lines with an error of their own fail their order."""
    conn.execute(
        """
        UPDATE order_import_lines l SET is_bad = true
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
          AND l.row_number IN (
            SELECT e.row_number FROM import_errors e
            WHERE e.organization_id = current_organization() AND e.import_id = %(import_id)s AND e.severity = 'error'
          )
        """,
        rules.params(),
    )


def judge_agreement(conn: Connection, rules: Rules) -> None:
    """Customer, currency and direction must be the same in all lines of an order."""
    conn.execute(
        f"""
        WITH facts AS (
            SELECT l.order_number, l.row_number, {_CUSTOMER_KEY} AS customer,
                upper(coalesce(l.currency, %(default_currency)s)) AS currency,
                l.quantity LIKE '-%%' AS is_return
            FROM order_import_lines l
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
              AND l.order_number IS NOT NULL AND NOT l.is_bad
        ), mixed AS (
            SELECT order_number FROM facts GROUP BY order_number
            HAVING min(customer) <> max(customer) OR min(currency) <> max(currency)
                OR bool_and(is_return) <> bool_or(is_return)
        ), compared AS (
            SELECT f.*, first_value(f.row_number) OVER w AS first_row, first_value(f.customer) OVER w AS first_customer,
                first_value(f.currency) OVER w AS first_currency, first_value(f.is_return) OVER w AS first_is_return
            FROM facts f JOIN mixed USING (order_number)
            WINDOW w AS (PARTITION BY f.order_number ORDER BY f.row_number)
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


def want_customers(conn: Connection, rules: Rules) -> None:
    """The customers that sound lines name, once each, as the TEMP table of `customers.service.match`."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.wanted_customers")
    conn.execute(
        """
        CREATE TEMP TABLE wanted_customers ON COMMIT DROP AS
        SELECT l.customer_code AS code, coalesce(l.customer_name, d.name) AS name, l.customer_email AS email,
            l.customer_phone AS phone, l.customer_address AS address, NULL::bigint AS customer_id
        FROM order_import_lines l
        CROSS JOIN (SELECT %(default_customer)s::text AS name) d
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
        GROUP BY 1, 2, 3, 4, 5
        """,
        rules.params(),
    )


def want_items(conn: Connection, rules: Rules) -> None:
    """The items that sound lines name, once each, as the TEMP table of `catalog.service.match`."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.wanted_items")
    conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT l.item_code AS code, l.item_name AS name,
            (mode() WITHIN GROUP (ORDER BY l.unit_price))::numeric AS unit_price, NULL::bigint AS item_id
        FROM order_import_lines l
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
          AND (l.item_code IS NOT NULL OR l.item_name IS NOT NULL)
        GROUP BY 1, 2
        """,
        rules.params(),
    )


def judge_masters(conn: Connection, rules: Rules) -> None:
    """A name alone must not fit several customers, nor several items; call after their `match`."""
    for table, code, name, header in (
        ("wanted_customers", "customer_code", "customer_name", "customer_header"),
        ("wanted_items", "item_code", "item_name", "item_header"),
    ):
        conn.execute(
            f"""
            INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
            SELECT l.organization_id, l.import_id, l.row_number, %({header})s, 'error', 'ambiguous_name',
                format('Several records are named %%s; give the code', quote_literal(l.{name}))
            FROM order_import_lines l
            JOIN (SELECT DISTINCT name FROM pg_temp.{table} WHERE refusal = 'ambiguous') w ON w.name = l.{name}
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
              AND l.{code} IS NULL AND NOT l.is_bad
            ORDER BY l.row_number
            """,
            rules.params(),
        )


def group_orders(conn: Connection, rules: Rules) -> None:
    """Form the orders: what can be brought in gets the positions 1..n by first row, the rest follow."""
    conn.execute(
        """
        WITH formed AS (
            SELECT l.order_number AS number, min(l.row_number) AS first_row, max(l.row_number) AS last_row,
                count(*)::integer AS line_count, bool_or(l.is_bad) AS is_bad
            FROM order_import_lines l
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
              AND l.order_number IS NOT NULL
            GROUP BY l.order_number
        ), judged AS (
            SELECT f.*, CASE
                WHEN o.batch_id = %(batch_id)s THEN 'done'
                WHEN f.is_bad THEN 'bad'
                WHEN o.id IS NULL THEN 'ready'
                WHEN b.deleted_at IS NOT NULL THEN 'bad'
                WHEN %(on_duplicate)s = 'skip' THEN 'skip'
                WHEN %(on_duplicate)s = 'update' AND o.status = 'open' THEN 'update'
                ELSE 'bad'
            END AS state
            FROM formed f
            LEFT JOIN orders o ON o.organization_id = current_organization() AND o.number = f.number
            LEFT JOIN order_batches b ON b.organization_id = o.organization_id AND b.id = o.batch_id
        )
        INSERT INTO order_import_groups
            (organization_id, import_id, position, number, state, first_row, last_row, line_count, lines_through)
        SELECT current_organization(), %(import_id)s, row_number() OVER w, number, state, first_row, last_row,
            line_count, sum(line_count) OVER (w ROWS UNBOUNDED PRECEDING)
        FROM judged
        WINDOW w AS (ORDER BY state NOT IN ('ready', 'update'), first_row)
        """,
        rules.params(),
    )


def judge_existing(conn: Connection, rules: Rules) -> None:
    """Say of each order that exists already why it is not brought in."""
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT g.organization_id, g.import_id, g.first_row, %(order_header)s, 'error',
            CASE WHEN b.deleted_at IS NOT NULL THEN 'order_being_deleted' ELSE 'order_exists' END,
            CASE WHEN b.deleted_at IS NOT NULL
                THEN format('Order %%s is just being deleted with its batch %%s; upload again when that is done',
                    g.number, b.id)
                WHEN %(on_duplicate)s = 'update'
                THEN format('Order %%s exists already and is %%s, so it cannot be updated', g.number, o.status)
                ELSE format('Order %%s exists already%%s; choose onDuplicate=skip or onDuplicate=update to take it',
                    g.number, CASE WHEN b.id IS NOT NULL THEN format(' (batch %%s)', b.id) ELSE '' END)
            END
        FROM order_import_groups g
        JOIN orders o ON o.organization_id = g.organization_id AND o.number = g.number
        LEFT JOIN order_batches b ON b.organization_id = o.organization_id AND b.id = o.batch_id
        WHERE g.organization_id = current_organization() AND g.import_id = %(import_id)s AND g.state = 'bad'
          AND NOT EXISTS (
            SELECT FROM order_import_lines l
            WHERE l.organization_id = g.organization_id AND l.import_id = g.import_id
              AND l.row_number BETWEEN g.first_row AND g.last_row AND l.order_number = g.number AND l.is_bad
          )
        ORDER BY g.first_row
        """,
        rules.params(),
    )


def name_siblings(conn: Connection, rules: Rules) -> None:
    """A sound line of a failed order says which row failed it."""
    conn.execute(
        """
        WITH failing AS (
            SELECT l.order_number, min(e.row_number) AS row_number
            FROM import_errors e
            JOIN order_import_lines l ON l.organization_id = e.organization_id AND l.import_id = e.import_id
                AND l.row_number = e.row_number
            WHERE e.organization_id = current_organization() AND e.import_id = %(import_id)s AND e.severity = 'error'
              AND l.order_number IS NOT NULL
            GROUP BY l.order_number
        )
        INSERT INTO import_errors (organization_id, import_id, row_number, severity, code, message)
        SELECT l.organization_id, l.import_id, l.row_number, 'error', 'order_rejected',
            format('Not imported: row %%s of this order is bad', f.row_number)
        FROM failing f
        JOIN order_import_lines l ON l.organization_id = current_organization() AND l.import_id = %(import_id)s
            AND l.order_number = f.order_number
        WHERE NOT EXISTS (
            SELECT FROM import_errors e
            WHERE e.organization_id = l.organization_id AND e.import_id = l.import_id
              AND e.row_number = l.row_number AND e.severity = 'error'
        )
        ORDER BY l.row_number
        """,
        rules.params(),
    )


def warn_of_repeats(conn: Connection, rules: Rules) -> None:
    """Lines that say exactly the same as an earlier one of their order are taken, with a warning."""
    conn.execute(
        """
        WITH repeated AS (
            SELECT l.row_number, l.order_number, first_value(l.row_number) OVER w AS first_row
            FROM order_import_lines l
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
            WINDOW w AS (
                PARTITION BY l.order_number, l.item_code, l.item_name, l.quantity, l.unit_price, l.order_date,
                    l.tax_rate, l.notes
                ORDER BY l.row_number
            )
        )
        INSERT INTO import_errors (organization_id, import_id, row_number, severity, code, message)
        SELECT current_organization(), %(import_id)s, r.row_number, 'warning', 'repeated_line',
            format('The same as row %%s of order %%s', r.first_row, r.order_number)
        FROM repeated r WHERE r.row_number <> r.first_row
        ORDER BY r.row_number
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


def analyze(conn: Connection, rules: Rules) -> None:
    if not rules.is_small:
        conn.execute("SELECT analyze_import_stage()")
