"""The stage of an import of opening stock: counted, sliced, brought in, cleared."""

from uuid import UUID

from tranche.inventory.opening.queries.finding import lot_numbered
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import fold_sql

_OURS = "organization_id = current_organization() AND import_id = %(import_id)s"
_MOMENT = "moment_of(r.{0}, CASE WHEN length(r.{0}) = 10 THEN 'UTC' ELSE o.zone END)"  # a day is midnight UTC


def clear(conn: Connection, *, import_id: int) -> None:
    conn.execute(f"DELETE FROM stock_import_rows WHERE {_OURS}", {"import_id": import_id})


def count_rows(conn: Connection, *, import_id: int) -> int:
    (row,) = conn.execute(
        f"SELECT count(*) AS count FROM stock_import_rows WHERE {_OURS}", {"import_id": import_id}
    ).fetchall()
    return int(row["count"])


def find_next_high(conn: Connection, *, import_id: int, low: int, size: int) -> int | None:
    (row,) = conn.execute(
        f"""
        SELECT max(position) AS high FROM stock_import_rows
        WHERE {_OURS} AND position >= %(low)s AND position < %(low)s::bigint + %(size)s
        """,
        {"import_id": import_id, "low": low, "size": size},
    ).fetchall()
    high: int | None = row["high"]
    return high


def want_items(conn: Connection, *, import_id: int) -> None:
    """The items of the rows that are ready, as the TEMP table of `catalog.service.match_or_create`."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.wanted_items")
    conn.execute(
        f"""
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT row_number, item_code AS code, item_name AS name, unit_price::numeric AS unit_price,
            NULL::bigint AS item_id
        FROM stock_import_rows WHERE {_OURS} AND state = 'ready'
        """,
        {"import_id": import_id},
    )
    conn.execute("ALTER TABLE pg_temp.wanted_items ADD PRIMARY KEY (row_number)")


def keep_items(conn: Connection, *, import_id: int) -> None:
    """Write into the stage who the items are."""
    conn.execute(
        """
        UPDATE stock_import_rows r SET item_id = w.item_id FROM pg_temp.wanted_items w
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s AND r.row_number = w.row_number
        """,
        {"import_id": import_id},
    )


def turn_tracking(conn: Connection, *, import_id: int) -> list[int]:
    """Items with lots in the file are kept in lots from now on, the others as one quantity; in the order of ids.

    Returns the items that had been plain, whose plain lot needs a number now.
    """
    rows = conn.execute(
        f"""
        WITH meant AS MATERIALIZED (
            SELECT item_id, bool_or(lot_number IS NOT NULL) AS in_lots
            FROM stock_import_rows WHERE {_OURS} AND state = 'ready' AND item_id IS NOT NULL GROUP BY item_id
        ), locked AS MATERIALIZED (
            SELECT i.id, i.stock_tracking AS was, i.id IN (SELECT m.item_id FROM meant m WHERE m.in_lots) AS in_lots
            FROM items i
            WHERE i.organization_id = current_organization() AND i.stock_tracking <> 'lots'
              AND i.id = ANY (ARRAY(SELECT m.item_id FROM meant m))
            ORDER BY i.id FOR NO KEY UPDATE OF i
        )
        UPDATE items i SET updated_at = now(),
            stock_tracking = CASE WHEN i.id IN (SELECT l.id FROM locked l WHERE l.in_lots) THEN 'lots' ELSE 'plain' END
        WHERE i.organization_id = current_organization()
          AND i.id = ANY (ARRAY(SELECT l.id FROM locked l WHERE l.in_lots OR l.was <> 'plain'))
        RETURNING i.id, i.id IN (SELECT l.id FROM locked l WHERE l.was = 'plain') AS was_plain
        """,
        {"import_id": import_id},
    ).fetchall()
    return sorted(row["id"] for row in rows if row["was_plain"])


def create_arriving(conn: Connection, *, import_id: int, low: int, high: int) -> int:
    """The rows of these positions, typed, in temp table `arriving`; returns how many."""
    count = conn.execute(
        f"""
        CREATE TEMP TABLE arriving ON COMMIT DROP AS
        SELECT r.row_number, r.item_id, r.lot_number, r.quantity::numeric AS quantity,
            {_MOMENT.format("expires")} AS expires_at, {_MOMENT.format("made")} AS made_at,
            r.cost_price::numeric AS cost_price, r.unit_price::numeric AS unit_price, r.supplier_number, r.notes,
            o.zone, NULL::bigint AS lot_id
        FROM stock_import_rows r JOIN organizations o ON o.id = current_organization()
        WHERE r.organization_id = o.id AND r.import_id = %(import_id)s AND r.position BETWEEN %(low)s AND %(high)s
        """,
        {"import_id": import_id, "low": low, "high": high},
    ).rowcount
    conn.execute("ANALYZE pg_temp.arriving")
    return count


def insert_lots(conn: Connection, *, user_id: int | None) -> None:
    """Make the lots that are missing in the order of their numbers, then find all, and lock them by their ids."""
    conn.execute(
        f"""
        INSERT INTO lots (organization_id, item_id, number, folded, expires_at, expires_on, made_at, cost_price,
            unit_price, supplier_number, notes, created_by)
        SELECT DISTINCT ON (a.lot_number, a.item_id) current_organization(), a.item_id, a.lot_number,
            coalesce({fold_sql("a.lot_number")}, ''),
            a.expires_at, day_meant(a.expires_at, a.zone), a.made_at,
            CASE WHEN a.lot_number IS NOT NULL THEN a.cost_price END,
            CASE WHEN a.lot_number IS NOT NULL THEN a.unit_price END, a.supplier_number, a.notes, %(user_id)s
        FROM pg_temp.arriving a WHERE a.item_id IS NOT NULL
        ORDER BY a.lot_number, a.item_id, a.row_number
        ON CONFLICT DO NOTHING
        """,
        {"user_id": user_id},
    )
    conn.execute(
        """
        SELECT l.id FROM lots l
        WHERE l.organization_id = current_organization()
          AND l.item_id IN (SELECT a.item_id FROM pg_temp.arriving a)
          AND (l.number IS NULL OR l.number IN (SELECT a.lot_number FROM pg_temp.arriving a))
        ORDER BY l.id FOR NO KEY UPDATE OF l
        """
    )
    conn.execute(
        f"""
        UPDATE pg_temp.arriving a SET lot_id = coalesce(
            (SELECT f.id FROM ({lot_numbered("a.lot_number")}) f WHERE f.item_id = a.item_id),
            (SELECT l.id FROM lots l WHERE l.organization_id = current_organization() AND l.item_id = a.item_id
                AND l.number IS NULL AND a.lot_number IS NULL)
        )
        """
    )


def insert_openings(conn: Connection, *, import_id: int, branch_id: int, group_id: UUID, user_id: int | None) -> int:
    """Move the quantities in, and keep what came in; a row of nothing only makes its lot. Returns how many rows."""
    params = {"import_id": import_id, "branch_id": branch_id, "group_id": group_id, "user_id": user_id}
    conn.execute(
        """
        INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id,
            quantity, notes, cost_price, unit_price, expires_at, created_by)
        SELECT current_organization(), %(group_id)s, 'opening', a.item_id, a.lot_id, %(branch_id)s, a.quantity, a.notes,
            l.cost_price, l.unit_price, l.expires_at, %(user_id)s
        FROM pg_temp.arriving a JOIN lots l ON l.organization_id = current_organization() AND l.id = a.lot_id
        WHERE a.quantity > 0 ORDER BY a.row_number
        """,
        params,
    )
    return conn.execute(
        """
        INSERT INTO stock_import_effects (organization_id, import_id, row_number, lot_id)
        SELECT current_organization(), %(import_id)s, a.row_number, a.lot_id
        FROM pg_temp.arriving a WHERE a.lot_id IS NOT NULL ORDER BY a.row_number
        """,
        params,
    ).rowcount


def insert_overtaken(conn: Connection, *, import_id: int, header: str | None) -> int:
    """Rows whose item or lot somebody else changed between judgement and commit; returns how many."""
    return conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, row_number, %(header)s, 'error', 'lot_overtaken',
            format('%%s was made for another item, or its item removed, by somebody else meanwhile',
                coalesce('Lot ' || lot_number, 'The stock'))
        FROM pg_temp.arriving WHERE lot_id IS NULL ORDER BY row_number
        """,
        {"import_id": import_id, "header": header},
    ).rowcount


def find_row(conn: Connection, *, import_id: int, position: int) -> Row | None:
    return conn.execute(
        f"""
        SELECT row_number, coalesce(lot_number, item_code, item_name) AS label FROM stock_import_rows
        WHERE {_OURS} AND position = %(position)s
        """,
        {"import_id": import_id, "position": position},
    ).fetchone()
