"""The stage of an import of items: counted, sliced, brought in, cleared."""

from tranche.kernel.db.pool import Connection, Row


def clear(conn: Connection, *, import_id: int) -> None:
    conn.execute(
        "DELETE FROM item_import_rows WHERE organization_id = current_organization() AND import_id = %(import_id)s",
        {"import_id": import_id},
    )


def count_rows(conn: Connection, *, import_id: int) -> int:
    (row,) = conn.execute(
        """
        SELECT count(*) AS count FROM item_import_rows
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        {"import_id": import_id},
    ).fetchall()
    return int(row["count"])


def find_next_high(conn: Connection, *, import_id: int, low: int, size: int) -> int | None:
    (row,) = conn.execute(
        """
        SELECT max(position) AS high FROM item_import_rows
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
          AND position >= %(low)s AND position < %(low)s::bigint + %(size)s
        """,
        {"import_id": import_id, "low": low, "size": size},
    ).fetchall()
    high: int | None = row["high"]
    return high


def create_coming(conn: Connection, *, import_id: int, low: int, high: int) -> int:
    """The rows of these positions, typed, as the TEMP table of `catalog.service.take_in`; returns how many."""
    count = conn.execute(
        """
        CREATE TEMP TABLE coming_items ON COMMIT DROP AS
        SELECT row_number, nullif(btrim(code), '') AS code, name, unit_price::numeric AS unit_price,
            lower(stock_tracking) AS stock_tracking, extra, item_id, NULL::text AS effect
        FROM item_import_rows
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
          AND position BETWEEN %(low)s AND %(high)s
        """,
        {"import_id": import_id, "low": low, "high": high},
    ).rowcount
    conn.execute("ANALYZE pg_temp.coming_items")
    return count


def keep_tracking(conn: Connection) -> None:
    """Items of temp table `coming_items` that have got stock since they were judged keep their tracking."""
    conn.execute(
        """
        UPDATE pg_temp.coming_items c SET stock_tracking = NULL
        FROM items i
        WHERE i.organization_id = current_organization() AND i.id = c.item_id AND i.stock_tracking <> c.stock_tracking
          AND EXISTS (
            SELECT FROM lots l
            JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
            WHERE l.organization_id = i.organization_id AND l.item_id = i.id
          )
        """
    )


def insert_effects(conn: Connection, *, import_id: int) -> int:
    """Keep what became of the rows of temp table `coming_items`; returns how many came in."""
    return conn.execute(
        """
        INSERT INTO item_import_effects (organization_id, import_id, item_id, effect, row_number)
        SELECT current_organization(), %(import_id)s, item_id, effect, row_number
        FROM pg_temp.coming_items WHERE effect IS NOT NULL ORDER BY row_number
        """,
        {"import_id": import_id},
    ).rowcount


def insert_overtaken(conn: Connection, *, import_id: int, header: str | None) -> int:
    """Items that somebody else made or removed between judgement and commit; returns how many."""
    return conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, row_number, %(header)s, 'error', 'item_overtaken',
            format('Item %%s was made or removed by somebody else meanwhile', coalesce(code, name))
        FROM pg_temp.coming_items WHERE effect IS NULL ORDER BY row_number
        """,
        {"import_id": import_id, "header": header},
    ).rowcount


def find_row(conn: Connection, *, import_id: int, position: int) -> Row | None:
    return conn.execute(
        """
        SELECT row_number, coalesce(code, name) AS label FROM item_import_rows
        WHERE organization_id = current_organization() AND import_id = %(import_id)s AND position = %(position)s
        """,
        {"import_id": import_id, "position": position},
    ).fetchone()
