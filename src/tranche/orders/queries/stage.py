"""The stage of an order import: counted, sliced, brought in, cleared."""

from tranche.kernel.db.pool import Connection, Row

_STAGE = ("order_import_lines", "order_import_groups", "order_import_customers", "order_import_items")


def count_lines(conn: Connection, *, import_id: int) -> int:
    row = conn.execute(
        """
        SELECT count(*) AS count FROM order_import_lines
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        {"import_id": import_id},
    ).fetchone()
    return int(row["count"]) if row else 0


def clear(conn: Connection, *, import_id: int) -> None:
    for table in _STAGE:
        conn.execute(
            f"DELETE FROM {table} WHERE organization_id = current_organization() AND import_id = %(import_id)s",
            {"import_id": import_id},
        )


def clear_groups(conn: Connection, *, import_id: int) -> None:
    conn.execute(
        "DELETE FROM order_import_groups WHERE organization_id = current_organization() AND import_id = %(import_id)s",
        {"import_id": import_id},
    )


def find_next_high(conn: Connection, *, import_id: int, low: int, size: int) -> int | None:
    """The last position so that low..it holds about `size` lines, at least one order."""
    row = conn.execute(
        """
        SELECT max(g.position) AS high FROM order_import_groups g
        JOIN order_import_groups f ON f.organization_id = g.organization_id AND f.import_id = g.import_id
            AND f.position = %(low)s
        WHERE g.organization_id = current_organization() AND g.import_id = %(import_id)s
          AND g.state IN ('ready', 'update') AND g.position BETWEEN %(low)s AND %(low)s::bigint + %(size)s
          AND (g.position = %(low)s OR g.lines_through - f.lines_through + f.line_count <= %(size)s)
        """,
        {"import_id": import_id, "low": low, "size": size},
    ).fetchone()
    return row["high"] if row else None


def create_formed_orders(conn: Connection, *, import_id: int, low: int, high: int) -> Row:
    """The orders of these positions with their customers in TEMP table `formed`.

    Returns how many orders there are, and the first and last row of their lines.
    """
    conn.execute(
        """
        CREATE TEMP TABLE formed ON COMMIT DROP AS
        SELECT g.position, g.number, g.state, g.first_row, g.last_row, g.line_count, w.customer_id, g.kind,
            g.order_date, g.currency, g.total, g.notes, NULL::bigint AS order_id
        FROM order_import_groups g
        LEFT JOIN order_import_customers w ON w.organization_id = g.organization_id AND w.import_id = g.import_id
            AND w.code = g.customer_code AND w.name = g.customer_name
        WHERE g.organization_id = current_organization() AND g.import_id = %(import_id)s
          AND g.position BETWEEN %(low)s AND %(high)s
        """,
        {"import_id": import_id, "low": low, "high": high},
    )
    row = conn.execute(
        "SELECT count(*) AS orders, min(first_row) AS first_row, max(last_row) AS last_row FROM pg_temp.formed"
    ).fetchone()
    return row or {}


def insert_orders(conn: Connection, *, batch_id: int) -> int:
    """New orders; a number that another upload brought in meanwhile is left out. Fills `formed.order_id`."""
    return conn.execute(
        """
        WITH made AS (
            INSERT INTO orders (organization_id, batch_id, number, customer_id, kind, order_date, currency, line_count,
                total, notes)
            SELECT current_organization(), %(batch_id)s, number, customer_id, kind, order_date, currency, line_count,
                total, notes
            FROM pg_temp.formed WHERE state = 'ready' ORDER BY position
            ON CONFLICT (organization_id, number) DO NOTHING
            RETURNING id, number
        )
        UPDATE pg_temp.formed f SET order_id = m.id FROM made m WHERE m.number = f.number
        """,
        {"batch_id": batch_id},
    ).rowcount


def update_orders(conn: Connection, *, batch_id: int) -> int:
    """Open orders that are taken anew: they belong to this batch from now on, their lines are replaced."""
    conn.execute("CREATE UNIQUE INDEX ON pg_temp.formed (number)")
    conn.execute(
        """
        WITH locked AS (
            SELECT o.id, o.number FROM orders o
            WHERE o.organization_id = current_organization() AND o.status = 'open'
              AND o.number = ANY (ARRAY(SELECT number FROM pg_temp.formed WHERE state = 'update'))
            ORDER BY o.id FOR UPDATE
        )
        UPDATE pg_temp.formed f SET order_id = l.id FROM locked l WHERE l.number = f.number
        """
    )
    conn.execute("CREATE UNIQUE INDEX ON pg_temp.formed (order_id)")
    conn.execute("ANALYZE pg_temp.formed")
    changed = conn.execute(
        """
        UPDATE orders o SET batch_id = %(batch_id)s, customer_id = f.customer_id, kind = f.kind,
            order_date = f.order_date, currency = f.currency, line_count = f.line_count, total = f.total,
            notes = f.notes, updated_at = now()
        FROM pg_temp.formed f
        WHERE o.organization_id = current_organization() AND o.id = f.order_id AND f.state = 'update'
          AND o.id = ANY (ARRAY(SELECT order_id FROM pg_temp.formed WHERE state = 'update'))
        """,
        {"batch_id": batch_id},
    ).rowcount
    conn.execute(
        """
        DELETE FROM order_lines l
        WHERE l.organization_id = current_organization()
          AND l.order_id = ANY (ARRAY(SELECT order_id FROM pg_temp.formed WHERE state = 'update'))
        """
    )
    return changed


def insert_lines(conn: Connection, *, import_id: int, first_row: int, last_row: int) -> bool:
    """The lines of the orders that came in; whether all are there. Most files keep an order's lines together."""
    conn.execute("ANALYZE pg_temp.formed")
    made = conn.execute(
        """
        INSERT INTO order_lines (organization_id, order_id, line_number, item_id, description, quantity, unit_price,
            tax_rate, amount, source_row, extra)
        SELECT current_organization(), f.order_id, row_number() OVER (PARTITION BY f.order_id ORDER BY l.row_number),
            w.item_id, coalesce(l.item_name, l.item_code, ''), v.quantity, v.unit_price, l.tax_rate::numeric,
            round(v.quantity * v.unit_price, currency_digits(f.currency)), l.row_number, l.extra
        FROM pg_temp.formed f
        JOIN order_import_lines l ON l.organization_id = current_organization() AND l.import_id = %(import_id)s
            AND l.order_number = f.number AND l.row_number BETWEEN %(first_row)s AND %(last_row)s
        CROSS JOIN LATERAL (SELECT l.quantity::numeric AS quantity, l.unit_price::numeric AS unit_price OFFSET 0) v
        LEFT JOIN order_import_items w ON w.organization_id = current_organization() AND w.import_id = %(import_id)s
            AND w.code = coalesce(l.item_code, '') AND w.name = coalesce(l.item_name, '')
        WHERE f.order_id IS NOT NULL
        ORDER BY f.order_id, l.row_number
        """,
        {"import_id": import_id, "first_row": first_row, "last_row": last_row},
    ).rowcount
    row = conn.execute(
        "SELECT coalesce(sum(line_count), 0) AS lines FROM pg_temp.formed WHERE order_id IS NOT NULL"
    ).fetchone()
    return row is not None and row["lines"] == made


def insert_overtaken(conn: Connection, *, import_id: int, header: str | None) -> int:
    """Orders that could not be brought in because another upload was first; returns how many."""
    return conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, first_row, %(header)s, 'error', 'order_exists',
            format('Order %%s was brought in or changed by somebody else meanwhile', number)
        FROM pg_temp.formed WHERE order_id IS NULL ORDER BY first_row
        """,
        {"import_id": import_id, "header": header},
    ).rowcount


def find_group(conn: Connection, *, import_id: int, position: int) -> Row | None:
    return conn.execute(
        """
        SELECT number, first_row FROM order_import_groups
        WHERE organization_id = current_organization() AND import_id = %(import_id)s AND position = %(position)s
        """,
        {"import_id": import_id, "position": position},
    ).fetchone()


def analyze(conn: Connection, *, part: str) -> None:
    """Let the planner know the fresh `lines`, `orders` or `masters`; holds a lock that two imports cannot share.

    A sample of a tenth of the usual size tells our plans as much.
    """
    conn.execute(
        "SELECT analyze_import_stage(%(part)s) FROM set_config('default_statistics_target', '10', true)",
        {"part": part},
    )
