"""The judge of an order import names the cells of sound rows that have no effect: another row or a record counts."""

from tranche.kernel.db.pool import Connection
from tranche.orders.queries.rules import CUSTOMER_NAME, Rules


def warn_of_dates(conn: Connection, rules: Rules) -> None:
    """An order has one date, the earliest; call when the facts have it."""
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT l.organization_id, l.import_id, l.row_number, %(date_header)s, 'warning', 'date_differs',
            format('Order %%s has the date of its earliest row; %%s in this row does not count', l.order_number,
                l.order_date)
        FROM order_import_lines l
        JOIN pg_temp.facts f ON f.number = l.order_number AND f.is_uneven AND NOT f.is_bad
        CROSS JOIN (SELECT zone FROM organizations WHERE id = current_organization()) z
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
          AND CASE WHEN NOT l.is_bad THEN moment_of(l.order_date, z.zone) END > f.order_date
        ORDER BY l.row_number
        """,
        rules.params(),
    )


def warn_of_customers(conn: Connection, rules: Rules) -> None:
    """A customer keeps what is known, and of what is new the most frequent; call after `customers.match`.

    The warning stands at the first row that says otherwise. Rows are looked for where there is something to say.
    """
    conn.execute("DROP TABLE IF EXISTS pg_temp.differing")
    found = conn.execute(
        """
        CREATE TEMP TABLE differing ON COMMIT DROP AS
        WITH wishes AS (
            SELECT w.*, coalesce('i' || w.customer_id, 'c' || w.code, 'n' || w.name_folded) AS who
            FROM pg_temp.wanted_customers w WHERE w.refusal IS NULL
        ), usual AS (
            SELECT who, mode() WITHIN GROUP (ORDER BY name_folded) AS name_folded,
                mode() WITHIN GROUP (ORDER BY name) AS name, mode() WITHIN GROUP (ORDER BY email) AS email,
                mode() WITHIN GROUP (ORDER BY phone) AS phone, mode() WITHIN GROUP (ORDER BY address) AS address
            FROM wishes WHERE who IN (SELECT who FROM wishes GROUP BY who HAVING count(*) > 1)
            GROUP BY who
        )
        SELECT w.code, w.name, w.email, w.phone, w.address, v.what, v.header, v.kept, v.said
        FROM wishes w
        LEFT JOIN usual u ON u.who = w.who
        LEFT JOIN customers c ON c.organization_id = current_organization() AND c.id = w.customer_id
        CROSS JOIN LATERAL (VALUES
            ('name', %(name_header)s::text, coalesce(c.name, u.name), w.name,
             w.code IS NOT NULL AND coalesce(c.name_folded, u.name_folded) <> w.name_folded),
            ('e-mail', %(email_header)s, coalesce(c.email, u.email), w.email, true),
            ('phone', %(phone_header)s, coalesce(c.phone, u.phone), w.phone, true),
            ('address', %(address_header)s, coalesce(c.address, u.address), w.address, true)
        ) AS v (what, header, kept, said, counts)
        WHERE v.counts AND v.kept <> v.said
        """,
        rules.params(),
    ).rowcount
    if not found:
        return
    conn.execute("ANALYZE pg_temp.differing")
    conn.execute(
        f"""
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, min(l.row_number), d.header, 'warning', 'customer_kept',
            format('Customer %%s keeps the %%s %%s; %%s in this row does not count', coalesce(d.code, d.name), d.what,
                quote_literal(left(d.kept, 100)), quote_literal(left(d.said, 100)))
        FROM pg_temp.differing d
        JOIN order_import_lines l ON l.organization_id = current_organization() AND l.import_id = %(import_id)s
            AND coalesce(l.customer_code, '') = coalesce(d.code, '')
            AND {CUSTOMER_NAME} = coalesce(d.name, '')
            AND coalesce(l.customer_email, '') = coalesce(d.email, '')
            AND coalesce(l.customer_phone, '') = coalesce(d.phone, '')
            AND coalesce(l.customer_address, '') = coalesce(d.address, '')
        WHERE NOT l.is_bad
        GROUP BY d.header, d.what, d.kept, d.said, d.code, d.name
        ORDER BY 3
        """,
        rules.params(),
    )
