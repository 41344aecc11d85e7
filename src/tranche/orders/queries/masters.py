"""The customers and items of an order import: wished for by its lines, answered by their own modules, kept."""

from tranche.kernel.db.pool import Connection
from tranche.orders.queries.rules import CUSTOMER_NAME, Rules


def wish(conn: Connection, rules: Rules) -> None:
    """Keep what the sound lines name, once each; an item's price is the one that most of its lines have."""
    for table in ("order_import_customers", "order_import_items"):
        conn.execute(
            f"DELETE FROM {table} WHERE organization_id = current_organization() AND import_id = %(import_id)s",
            rules.params(),
        )
    conn.execute(
        f"""
        INSERT INTO order_import_customers (organization_id, import_id, code, name, email, phone, address)
        SELECT current_organization(), %(import_id)s, coalesce(l.customer_code, ''),
            {CUSTOMER_NAME}, l.customer_email, l.customer_phone, l.customer_address
        FROM order_import_lines l
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
        GROUP BY 3, 4, 5, 6, 7
        """,
        rules.params(),
    )
    conn.execute(
        """
        INSERT INTO order_import_items (organization_id, import_id, code, name, unit_price)
        SELECT DISTINCT ON (p.code, p.name) current_organization(), %(import_id)s, p.code, p.name,
            p.unit_price::numeric
        FROM (
            SELECT coalesce(l.item_code, '') AS code, coalesce(l.item_name, '') AS name, l.unit_price, count(*) AS lines
            FROM order_import_lines l
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s AND NOT l.is_bad
              AND (l.item_code IS NOT NULL OR l.item_name IS NOT NULL)
            GROUP BY 1, 2, 3
        ) p
        ORDER BY p.code, p.name, p.lines DESC, p.unit_price
        """,
        rules.params(),
    )


def create_wanted(conn: Connection, *, import_id: int) -> None:
    """The wishes as the TEMP tables of `match` and `match_or_create` of customers and catalog."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.wanted_customers, pg_temp.wanted_items")
    conn.execute(
        """
        CREATE TEMP TABLE wanted_customers ON COMMIT DROP AS
        SELECT nullif(code, '') AS code, nullif(name, '') AS name, email, phone, address, NULL::bigint AS customer_id
        FROM order_import_customers
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        {"import_id": import_id},
    )
    conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT nullif(code, '') AS code, nullif(name, '') AS name, unit_price, NULL::bigint AS item_id
        FROM order_import_items
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        {"import_id": import_id},
    )


def judge(conn: Connection, rules: Rules) -> None:
    """A name alone must not fit several customers, nor several items; call after their `match`."""
    for table, code, name, header in (
        ("wanted_customers", "customer_code", CUSTOMER_NAME, "customer_header"),
        ("wanted_items", "item_code", "l.item_name", "item_header"),
    ):
        conn.execute(
            f"""
            INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
            SELECT l.organization_id, l.import_id, l.row_number, %({header})s, 'error', 'ambiguous_name',
                format('Several records are named %%s; give the code', quote_literal(w.name))
            FROM order_import_lines l
            JOIN (SELECT DISTINCT name FROM pg_temp.{table} WHERE refusal = 'ambiguous') w ON w.name = {name}
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
              AND l.{code} IS NULL AND NOT l.is_bad
            ORDER BY l.row_number
            """,
            rules.params(),
        )


def keep_answers(conn: Connection, *, import_id: int) -> None:
    """Put who they are in place of the wishes, for the chunks to look up."""
    for table, wanted, id_column in (
        ("order_import_customers", "wanted_customers", "customer_id"),
        ("order_import_items", "wanted_items", "item_id"),
    ):
        conn.execute(
            f"DELETE FROM {table} WHERE organization_id = current_organization() AND import_id = %(import_id)s",
            {"import_id": import_id},
        )
        conn.execute(
            f"""
            INSERT INTO {table} (organization_id, import_id, code, name, {id_column})
            SELECT current_organization(), %(import_id)s, coalesce(code, ''), coalesce(name, ''), min({id_column})
            FROM pg_temp.{wanted} WHERE {id_column} IS NOT NULL GROUP BY 3, 4
            """,
            {"import_id": import_id},
        )
