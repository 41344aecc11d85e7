"""The judge of an import of items: rules per row, who is meant, what is there already, what happens to each row."""

from dataclasses import dataclass

from tranche.imports import judging_queries
from tranche.imports.judging_queries import SOUND
from tranche.inventory.queries.placing import place_rows
from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the sender of the file chose, and the columns that the file has (field -> header)."""

    import_id: int
    on_duplicate: str
    headers: dict[str, str]

    def params(self) -> dict[str, object]:
        """As the parameters of the judge's statements."""
        return {
            "import_id": self.import_id,
            "on_duplicate": self.on_duplicate,
            "fields": list(self.headers),
            "names": list(self.headers.values()),
            "key_header": self.headers.get("itemSku") or self.headers.get("name"),
        }


# One entry per rule: code, field, condition on a row `r`, message (an SQL expression).
_ROW_RULES = (
    ("missing_field", "name", "r.name IS NULL", "'Missing required field: name'"),
    ("too_long", "name", "length(r.name) > 500", "'The name is longer than 500 characters'"),
    ("too_long", "itemSku", "length(r.code) > 200", "'The item code is longer than 200 characters'"),
    (
        "not_a_number",
        "unitPrice",
        "NOT is_decimal(r.unit_price)",
        "format('Unit price must be a number, but it is %%s', quote_literal(left(r.unit_price, 60)))",
    ),
    (
        "negative_price",
        "unitPrice",
        "is_decimal(r.unit_price) AND r.unit_price LIKE '-%%' AND r.unit_price ~ '[1-9]'",
        "format('Unit price must not be below 0, but it is %%s', r.unit_price)",
    ),
    (
        "bad_stock_tracking",
        "stockTracking",
        "lower(r.stock_tracking) NOT IN ('none', 'plain', 'lots')",
        "format('Stock tracking must be none, plain or lots, not %%s', quote_literal(left(r.stock_tracking, 60)))",
    ),
)


def judge_rows(conn: Connection, rules: Rules) -> None:
    """Add an error for every broken rule of every row, unless the reading already faulted that cell."""
    judging_queries.judge_rows(conn, table="item_import_rows", rules=_ROW_RULES, values=rules.params())


def want_items(conn: Connection, rules: Rules) -> None:
    """The items that sound rows mean, each with its row, as the TEMP table of `catalog.service.match`."""
    conn.execute(
        f"""
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT r.row_number, r.code, r.name, NULL::numeric AS unit_price, NULL::bigint AS item_id
        FROM item_import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s
          AND {SOUND}
        """,
        rules.params(),
    )
    conn.execute("ALTER TABLE pg_temp.wanted_items ADD PRIMARY KEY (row_number)")


def judge_meaning(conn: Connection, rules: Rules) -> None:
    """A name alone must not fit several items, and no two rows may mean the same one; call after the match."""
    conn.execute(
        """
        WITH meant AS (
            SELECT w.row_number, w.name, w.refusal, first_value(w.row_number) OVER (
                PARTITION BY w.item_id, CASE WHEN w.item_id IS NULL THEN w.code END,
                    CASE WHEN w.item_id IS NULL AND w.code IS NULL THEN w.name_folded END
                ORDER BY w.row_number
            ) AS first_row
            FROM pg_temp.wanted_items w
        )
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, m.row_number, %(key_header)s, 'error',
            CASE WHEN m.refusal IS NOT NULL THEN 'ambiguous_name' ELSE 'repeated_item' END,
            CASE WHEN m.refusal IS NOT NULL
                THEN format('Several items are named %%s; give the code', quote_literal(left(m.name, 60)))
                ELSE format('Row %%s means the same item already; keep one of the two', m.first_row)
            END
        FROM meant m WHERE m.refusal IS NOT NULL OR m.first_row <> m.row_number
        ORDER BY m.row_number
        """,
        rules.params(),
    )


def judge_tracking(conn: Connection, rules: Rules) -> None:
    """An update must not change how stock is tracked while there is some; call after the match."""
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT r.organization_id, r.import_id, r.row_number, h.header, 'error', 'stock_there',
            format('Item %%s has stock that is tracked as %%s; bring it to 0 before tracking it as %%s',
                coalesce(i.code, i.name), i.stock_tracking, lower(r.stock_tracking))
        FROM pg_temp.wanted_items w
        JOIN item_import_rows r ON r.organization_id = current_organization() AND r.import_id = %(import_id)s
            AND r.row_number = w.row_number
        JOIN items i ON i.organization_id = r.organization_id AND i.id = w.item_id
            AND i.stock_tracking <> lower(r.stock_tracking)
        LEFT JOIN unnest(%(fields)s::text[], %(names)s::text[]) AS h (field, header) ON h.field = 'stockTracking'
        WHERE %(on_duplicate)s = 'update' AND EXISTS (
            SELECT FROM lots l
            JOIN lot_balances b ON b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
            WHERE l.organization_id = i.organization_id AND l.item_id = i.id
        )
        ORDER BY r.row_number
        """,
        rules.params(),
    )


def decide(conn: Connection, rules: Rules) -> None:
    """What happens to each row; what is to be brought in gets the positions 1..n in the file's order."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.placed")
    conn.execute(
        f"""
        CREATE TEMP TABLE placed ON COMMIT DROP AS
        WITH decided AS (
            SELECT r.row_number, w.item_id, CASE
                WHEN NOT ({SOUND}) THEN 'bad'
                WHEN e.item_id IS NOT NULL THEN 'done'
                WHEN w.item_id IS NULL THEN 'ready'
                WHEN %(on_duplicate)s = 'skip' THEN 'skip'
                WHEN %(on_duplicate)s = 'update' THEN 'update'
                ELSE 'bad'
            END AS state
            FROM item_import_rows r
            LEFT JOIN pg_temp.wanted_items w ON w.row_number = r.row_number
            LEFT JOIN item_import_effects e ON e.organization_id = r.organization_id AND e.import_id = r.import_id
                AND e.item_id = w.item_id
            WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s
        )
        SELECT row_number, state, item_id, CASE WHEN state IN ('ready', 'update') THEN
            row_number() OVER (ORDER BY state NOT IN ('ready', 'update'), row_number) END AS position
        FROM decided
        """,
        rules.params(),
    )
    place_rows(conn, table="item_import_rows", import_id=rules.import_id)


def judge_existing(conn: Connection, rules: Rules) -> None:
    """Say of each item that exists already why it is not brought in."""
    conn.execute(
        f"""
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT r.organization_id, r.import_id, r.row_number, %(key_header)s, 'error', 'item_exists',
            format('Item %%s exists already; choose onDuplicate=skip or onDuplicate=update to take it',
                coalesce(r.code, r.name))
        FROM item_import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s AND r.state = 'bad'
          AND {SOUND}
        ORDER BY r.row_number
        """,
        rules.params(),
    )


def tally(conn: Connection, rules: Rules) -> Row:
    """Rows by state, and how many items this import brought in before."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS rows, count(*) FILTER (WHERE state = 'bad') AS bad,
            count(*) FILTER (WHERE state = 'skip') AS skipped, count(*) FILTER (WHERE state = 'done') AS found_done,
            (
                SELECT count(*) FROM item_import_effects
                WHERE organization_id = current_organization() AND import_id = %(import_id)s
            ) AS done
        FROM item_import_rows WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        rules.params(),
    ).fetchall()
    return row
