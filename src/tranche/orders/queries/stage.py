"""The stage of an order import: counted, sliced, brought in, cleared."""

from tranche.kernel.db.pool import Connection, Row


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
    for table in ("order_import_lines", "order_import_groups"):
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


def create_chunk(conn: Connection, *, import_id: int, low: int, high: int, default_customer: str | None) -> Row:
    """The lines of these positions, typed, in temp table `chunk`; returns how many orders and lines it has and should.

    Rows are found by their numbers' range, because most files keep an order's lines together.
    """
    conn.execute(
        """
        CREATE TEMP TABLE chunk ON COMMIT DROP AS
        SELECT g.position, g.number, g.state, g.first_row, l.row_number,
            l.customer_code, coalesce(l.customer_name, %(default_customer)s::text) AS customer_name,
            l.customer_email, l.customer_phone, l.customer_address,
            l.item_code, l.item_name, l.quantity::numeric AS quantity, l.unit_price::numeric AS unit_price,
            l.tax_rate::numeric AS tax_rate, upper(coalesce(l.currency, o.currency)) AS currency,
            moment_of(l.order_date, o.zone) AS order_date, l.notes, l.extra
        FROM order_import_groups g
        JOIN organizations o ON o.id = g.organization_id
        JOIN order_import_lines l ON l.organization_id = g.organization_id AND l.import_id = g.import_id
            AND l.order_number = g.number
            AND l.row_number BETWEEN
                (SELECT min(first_row) FROM order_import_groups WHERE organization_id = current_organization()
                    AND import_id = %(import_id)s AND position BETWEEN %(low)s AND %(high)s)
                AND (SELECT max(last_row) FROM order_import_groups WHERE organization_id = current_organization()
                    AND import_id = %(import_id)s AND position BETWEEN %(low)s AND %(high)s)
        WHERE g.organization_id = current_organization() AND g.import_id = %(import_id)s
          AND g.position BETWEEN %(low)s AND %(high)s
        """,
        {"import_id": import_id, "low": low, "high": high, "default_customer": default_customer},
    )
    conn.execute("ANALYZE pg_temp.chunk")
    row = conn.execute(
        """
        SELECT count(*) AS orders, coalesce(sum(line_count), 0) AS lines,
            (SELECT count(*) FROM pg_temp.chunk) AS found
        FROM order_import_groups
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
          AND position BETWEEN %(low)s AND %(high)s
        """,
        {"import_id": import_id, "low": low, "high": high},
    ).fetchone()
    return row or {}


def want_masters(conn: Connection) -> None:
    """The customers and items of the chunk, once each, for their modules' `match`."""
    conn.execute(
        """
        CREATE TEMP TABLE wanted_customers ON COMMIT DROP AS
        SELECT customer_code AS code, customer_name AS name, NULL::text AS email, NULL::text AS phone,
            NULL::text AS address, NULL::bigint AS customer_id
        FROM pg_temp.chunk GROUP BY 1, 2
        """
    )
    conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT item_code AS code, item_name AS name, NULL::numeric AS unit_price, NULL::bigint AS item_id
        FROM pg_temp.chunk WHERE item_code IS NOT NULL OR item_name IS NOT NULL GROUP BY 1, 2
        """
    )


def create_formed_orders(conn: Connection) -> None:
    """One row per order of the chunk in temp table `formed`: its head, from its first line, and its sums."""
    conn.execute(
        """
        CREATE TEMP TABLE formed ON COMMIT DROP AS
        SELECT c.position, c.number, c.state, c.first_row, min(w.customer_id) AS customer_id,
            min(c.currency) AS currency, min(c.order_date) AS order_date, count(*)::integer AS line_count,
            CASE WHEN bool_and(c.quantity < 0) THEN 'return' ELSE 'sale' END AS kind,
            sum(round(c.quantity * c.unit_price, currency_digits(c.currency))) AS total,
            string_agg(DISTINCT c.notes, E'\\n') AS notes, NULL::bigint AS order_id
        FROM pg_temp.chunk c
        LEFT JOIN pg_temp.wanted_customers w ON coalesce(w.code, '') = coalesce(c.customer_code, '')
            AND coalesce(w.name, '') = coalesce(c.customer_name, '')
        GROUP BY c.position, c.number, c.state, c.first_row
        """
    )


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
    conn.execute(
        """
        WITH locked AS (
            SELECT o.id, f.number FROM orders o JOIN pg_temp.formed f ON f.number = o.number AND f.state = 'update'
            WHERE o.organization_id = current_organization() AND o.status = 'open'
            ORDER BY o.id FOR UPDATE OF o
        )
        UPDATE pg_temp.formed f SET order_id = l.id FROM locked l WHERE l.number = f.number
        """
    )
    changed = conn.execute(
        """
        UPDATE orders o SET batch_id = %(batch_id)s, customer_id = f.customer_id, kind = f.kind,
            order_date = f.order_date, currency = f.currency, line_count = f.line_count, total = f.total,
            notes = f.notes, updated_at = now()
        FROM pg_temp.formed f
        WHERE o.organization_id = current_organization() AND o.id = f.order_id AND f.state = 'update'
        """,
        {"batch_id": batch_id},
    ).rowcount
    conn.execute(
        """
        DELETE FROM order_lines l USING pg_temp.formed f
        WHERE l.organization_id = current_organization() AND l.order_id = f.order_id AND f.state = 'update'
        """
    )
    return changed


def insert_lines(conn: Connection) -> None:
    conn.execute(
        """
        INSERT INTO order_lines (organization_id, order_id, line_number, item_id, description, quantity, unit_price,
            tax_rate, amount, source_row, extra)
        SELECT current_organization(), f.order_id, row_number() OVER (PARTITION BY f.order_id ORDER BY c.row_number),
            w.item_id, coalesce(c.item_name, c.item_code, ''), c.quantity, c.unit_price, c.tax_rate,
            round(c.quantity * c.unit_price, currency_digits(c.currency)), c.row_number, c.extra
        FROM pg_temp.chunk c
        JOIN pg_temp.formed f ON f.position = c.position AND f.order_id IS NOT NULL
        LEFT JOIN pg_temp.wanted_items w ON coalesce(w.code, '') = coalesce(c.item_code, '')
            AND coalesce(w.name, '') = coalesce(c.item_name, '')
        ORDER BY f.order_id, c.row_number
        """
    )


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
