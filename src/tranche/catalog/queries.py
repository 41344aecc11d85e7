"""SQL of items."""

from dataclasses import fields

from psycopg.errors import UniqueViolation

from tranche.catalog.domain import Item, ItemFields, StockTracking
from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.db.matching import Target
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import fold, fold_sql

WANTED = Target(
    table="items",
    wanted="wanted_items",
    id_column="item_id",
    extras={"unit_price": "w.unit_price"},
)
_COLUMNS = ", ".join(f"i.{f.name}" for f in fields(Item))
ITEMS = Listing(
    name="items",
    select=_COLUMNS,
    source="items i",
    counted="items i",
    where="i.organization_id = current_organization()",
    filters={
        "search": """
            i.name_folded ~>=~ %(search_low)s AND i.name_folded ~<~ %(search_high)s
            OR i.code_folded ~>=~ %(search_low)s AND i.code_folded ~<~ %(search_high)s
        """,
        "stock_tracking": "i.stock_tracking = %(stock_tracking)s",
    },
    sorts={"name": (Key("i.name_folded", "text", by_pattern=True), Key("i.id")), "id": (Key("i.id"),)},
    default_sort="name",
    export=(
        Column("id", "i.id", Kind.NUMBER),
        Column("code", "i.code"),
        Column("name", "i.name"),
        Column("unitPrice", "i.unit_price", Kind.NUMBER),
        Column("stockTracking", "i.stock_tracking"),
        Column("extra", "i.extra::text"),
        Column("createdAt", "i.created_at", Kind.MOMENT),
        Column("updatedAt", "i.updated_at", Kind.MOMENT),
    ),
)


def find_item(conn: Connection, *, item_id: int) -> Item | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM items i WHERE i.organization_id = current_organization() AND i.id = %(id)s",
        {"id": item_id},
    ).fetchone()
    return item_of(row) if row else None


def lock_item(conn: Connection, *, item_id: int) -> Item | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM items i WHERE i.organization_id = current_organization() AND i.id = %(id)s
        FOR NO KEY UPDATE OF i
        """,
        {"id": item_id},
    ).fetchone()
    return item_of(row) if row else None


def insert_item(conn: Connection, *, fields: ItemFields) -> Item | None:
    """None when the code, or without one the name, is taken."""
    row = conn.execute(
        f"""
        INSERT INTO items AS i (organization_id, code, name, name_folded, unit_price, stock_tracking)
        VALUES (current_organization(), %(code)s, %(name)s, %(name_folded)s, %(unit_price)s, %(stock_tracking)s)
        ON CONFLICT DO NOTHING
        RETURNING {_COLUMNS}
        """,
        _values(fields),
    ).fetchone()
    return item_of(row) if row else None


def update_item(conn: Connection, *, item_id: int, fields: ItemFields) -> Item | None:
    """Set all fields; None when the code, or without one the name, is taken."""
    try:
        with conn.transaction():
            (row,) = conn.execute(
                f"""
                UPDATE items AS i SET code = %(code)s, name = %(name)s, name_folded = %(name_folded)s,
                    unit_price = %(unit_price)s, stock_tracking = %(stock_tracking)s, updated_at = now()
                WHERE i.organization_id = current_organization() AND i.id = %(id)s
                RETURNING {_COLUMNS}
                """,
                {**_values(fields), "id": item_id},
            ).fetchall()
    except UniqueViolation:
        return None
    return item_of(row)


def set_tracking(conn: Connection, *, item_id: int, tracking: StockTracking) -> None:
    conn.execute(
        """
        UPDATE items SET stock_tracking = %(tracking)s, updated_at = now()
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": item_id, "tracking": tracking},
    )


def insert_coming(conn: Connection) -> None:
    """Make the items of temp table `coming_items` that have no id, in the order in which `matching` makes them."""
    conn.execute(
        f"""
        WITH made AS (
            INSERT INTO items (organization_id, code, name, name_folded, unit_price, stock_tracking, extra)
            SELECT current_organization(), c.code, btrim(c.name), {fold_sql("c.name")}, c.unit_price,
                coalesce(c.stock_tracking, 'none'), c.extra
            FROM pg_temp.coming_items c WHERE c.item_id IS NULL
            ORDER BY c.code, {fold_sql("c.name")}
            ON CONFLICT DO NOTHING
            RETURNING id, code, name_folded
        )
        UPDATE pg_temp.coming_items c SET item_id = m.id, effect = 'created'
        FROM made m
        WHERE c.item_id IS NULL AND coalesce(c.code, '') = coalesce(m.code, '')
          AND {fold_sql("c.name")} = m.name_folded
        """
    )


def update_coming(conn: Connection) -> None:
    """Change the items of temp table `coming_items` that had an id; an empty cell leaves what stands there."""
    conn.execute("CREATE INDEX ON pg_temp.coming_items (item_id)")
    conn.execute(
        """
        WITH locked AS (
            SELECT i.id FROM items i
            WHERE i.organization_id = current_organization()
              AND i.id = ANY (ARRAY(SELECT item_id FROM pg_temp.coming_items WHERE effect IS NULL))
            ORDER BY i.id FOR NO KEY UPDATE
        )
        UPDATE pg_temp.coming_items c SET effect = 'updated' FROM locked l WHERE l.id = c.item_id
        """
    )
    conn.execute(
        f"""
        UPDATE items i SET name = btrim(c.name), name_folded = {fold_sql("c.name")},
            unit_price = coalesce(c.unit_price, i.unit_price),
            stock_tracking = coalesce(c.stock_tracking, i.stock_tracking),
            extra = CASE WHEN c.extra IS NULL THEN i.extra ELSE coalesce(i.extra, '{{}}') || c.extra END,
            updated_at = now()
        FROM pg_temp.coming_items c
        WHERE i.organization_id = current_organization() AND i.id = c.item_id AND c.effect = 'updated'
          AND i.id = ANY (ARRAY(SELECT item_id FROM pg_temp.coming_items WHERE effect = 'updated'))
          AND (NOT coalesce(i.extra, '{{}}') @> coalesce(c.extra, '{{}}')
            OR (i.name, i.unit_price, i.stock_tracking) IS DISTINCT FROM
               (btrim(c.name), coalesce(c.unit_price, i.unit_price), coalesce(c.stock_tracking, i.stock_tracking)))
        """
    )


def create_held(conn: Connection) -> None:
    """Lock the items that temp table `chunk` refers to, into temp table `held_items`, so that nobody takes them up."""
    conn.execute(
        """
        CREATE TEMP TABLE held_items ON COMMIT DROP AS
        SELECT i.id, i.created_at, i.updated_at, NULL::text AS used_by
        FROM items i JOIN pg_temp.chunk c ON c.reference = i.id
        WHERE i.organization_id = current_organization()
        ORDER BY i.id FOR UPDATE OF i
        """
    )
    conn.execute("ANALYZE pg_temp.held_items")


def delete_going(conn: Connection) -> None:
    """Remove the items of temp table `going_items`."""
    conn.execute(
        """
        DELETE FROM items i USING pg_temp.going_items g
        WHERE i.organization_id = current_organization() AND i.id = g.id
        """
    )


def _values(fields: ItemFields) -> dict[str, object]:
    return {
        "code": fields.get("code"),
        "name": fields["name"],
        "name_folded": fold(fields["name"]),
        "unit_price": fields.get("unit_price"),
        "stock_tracking": fields.get("stock_tracking", StockTracking.NONE),
    }


def item_of(row: Row) -> Item:
    """The item that a row of the list is."""
    return Item(**{**row, "stock_tracking": StockTracking(row["stock_tracking"])})
