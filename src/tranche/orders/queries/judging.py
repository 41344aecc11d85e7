"""The judge of an order import: orders that exist already, what a bad line does to its order, lines said twice."""

from tranche.kernel.db.pool import Connection
from tranche.orders.queries.rules import Rules


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
        CROSS JOIN LATERAL (
            SELECT organization_id, batch_id, status FROM orders
            WHERE organization_id = g.organization_id AND number = g.number LIMIT 1
        ) o
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
    """Lines that say exactly the same as an earlier one of their order are taken, with a warning.

    Equal lines are looked for by a hash, which costs a fraction of sorting them, and then compared.
    """
    same = "ROW(l.order_number, l.item_code, l.item_name, l.quantity, l.unit_price, l.order_date, l.tax_rate, l.notes)"
    conn.execute(
        f"""
        CREATE TEMP TABLE alike ON COMMIT DROP AS
        SELECT hash_record_extended({same}, 0) AS hash
        FROM order_import_lines l
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
        GROUP BY 1 HAVING count(*) > 1
        """,
        rules.params(),
    )
    conn.execute(
        f"""
        WITH repeated AS (
            SELECT l.row_number, l.order_number, first_value(l.row_number) OVER w AS first_row
            FROM order_import_lines l JOIN pg_temp.alike a ON a.hash = hash_record_extended({same}, 0)
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
