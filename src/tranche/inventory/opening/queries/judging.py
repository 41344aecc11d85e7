"""The judge of opening stock: rules per row, which item and lot each row means, what is there already."""

from dataclasses import dataclass

from tranche.imports import judging_queries
from tranche.imports.judging_queries import SOUND
from tranche.inventory.opening.queries.finding import lot_numbered
from tranche.inventory.queries.placing import place_rows
from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the sender of the file chose, where the stock is, and the columns of the file (field -> header)."""

    import_id: int
    branch_id: int
    on_duplicate: str
    headers: dict[str, str]

    def params(self) -> dict[str, object]:
        """As the parameters of the judge's statements."""
        return {
            "import_id": self.import_id,
            "branch_id": self.branch_id,
            "on_duplicate": self.on_duplicate,
            "fields": list(self.headers),
            "names": list(self.headers.values()),
            "item_header": self.headers.get("itemSku") or self.headers.get("name"),
            "lot_header": self.headers.get("lotNumber"),
        }


def _number(field: str, column: str, label: str) -> tuple[tuple[str, str, str, str], ...]:
    return (
        (
            "not_a_number",
            field,
            f"NOT is_decimal(r.{column})",
            f"format('{label} must be a number, but it is %%s', quote_literal(left(r.{column}, 60)))",
        ),
        (
            "below_nothing",
            field,
            f"is_decimal(r.{column}) AND r.{column} LIKE '-%%' AND r.{column} ~ '[1-9]'",
            f"format('{label} must not be below 0, but it is %%s', r.{column})",
        ),
    )


def _date(field: str, column: str, label: str) -> tuple[str, str, str, str]:
    return (
        "not_a_date",
        field,
        f"NOT is_moment(r.{column})",
        f"format('{label} must be a date such as 2027-01-31, but it is %%s', quote_literal(left(r.{column}, 60)))",
    )


# One entry per rule: code, field, condition on a row `r`, message (an SQL expression).
_ROW_RULES = (
    (
        "missing_item",
        "itemSku",
        "r.item_code IS NULL AND r.item_name IS NULL",
        "'The row has neither an item code nor a name'",
    ),
    ("missing_field", "quantity", "r.quantity IS NULL", "'Missing required field: quantity'"),
    *_number("quantity", "quantity", "Quantity"),
    (
        "too_many_decimals",
        "quantity",
        r"is_decimal(r.quantity) AND r.quantity ~ '\.[0-9]{3}[0-9]*[1-9]'",
        "format('Quantity must have at most 3 decimals, but it is %%s', r.quantity)",
    ),
    *_number("costPrice", "cost_price", "Cost price"),
    *_number("unitPrice", "unit_price", "Unit price"),
    _date("expirationDate", "expires", "Expiration date"),
    _date("manufacturingDate", "made", "Manufacturing date"),
    (
        "lot_missing",
        "lotNumber",
        "r.lot_number IS NULL AND (r.expires IS NOT NULL OR r.made IS NOT NULL)",
        "'A row with a date needs a lot number'",
    ),
    *(
        ("too_long", field, f"length(r.{column}) > {most}", f"'{label} is longer than {most} characters'")
        for field, column, most, label in (
            ("itemSku", "item_code", 200, "The item code"),
            ("name", "item_name", 500, "The name"),
            ("lotNumber", "lot_number", 100, "The lot number"),
            ("supplierBatchNumber", "supplier_number", 200, "The supplier lot number"),
            ("notes", "notes", 5000, "The note"),
        )
    ),
)


def judge_rows(conn: Connection, rules: Rules) -> None:
    """Add an error for every broken rule of every row, unless the reading already faulted that cell."""
    judging_queries.judge_rows(conn, table="stock_import_rows", rules=_ROW_RULES, values=rules.params())


def want_items(conn: Connection, rules: Rules) -> None:
    """The items that sound rows mean, each with its row, as the TEMP table of `catalog.service.match`."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.wanted_items")
    conn.execute(
        f"""
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT r.row_number, r.item_code AS code, r.item_name AS name, NULL::numeric AS unit_price,
            NULL::bigint AS item_id, r.lot_number
        FROM stock_import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s AND {SOUND}
        """,
        rules.params(),
    )
    conn.execute("ALTER TABLE pg_temp.wanted_items ADD PRIMARY KEY (row_number)")


# Every way in which a row does not go together with the others or with what is there: code, header, condition, message.
_MEANT = """
    WITH meant AS (
        SELECT w.row_number, w.lot_number, w.item_id, w.name, w.refusal,
            coalesce('i' || w.item_id, 'c' || w.code, 'n' || w.name_folded) AS item_key, r.expires
        FROM pg_temp.wanted_items w
        JOIN stock_import_rows r ON r.organization_id = current_organization() AND r.import_id = %(import_id)s
            AND r.row_number = w.row_number
    ), together AS (
        SELECT m.*,
            first_value(m.item_key) OVER lot AS lot_item, first_value(m.expires) OVER lot AS lot_expires,
            first_value(m.row_number) OVER lot AS lot_row,
            bool_or(m.lot_number IS NOT NULL) OVER (PARTITION BY m.item_key) AS item_has_lots
        FROM meant m
        WINDOW lot AS (PARTITION BY m.lot_number ORDER BY m.row_number)
    )
"""


def judge_meaning(conn: Connection, rules: Rules) -> None:
    """Whether each row can be what it says, beside the other rows and what is there; call after the match."""
    conn.execute(
        f"""
        {_MEANT}
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT current_organization(), %(import_id)s, t.row_number, v.header, 'error', v.code, v.message
        FROM together t
        LEFT JOIN LATERAL (
            {lot_numbered("t.lot_number")}
        ) l ON true
        LEFT JOIN LATERAL (
            SELECT stock_tracking FROM items
            WHERE organization_id = current_organization() AND id = t.item_id LIMIT 1
        ) i ON true
        CROSS JOIN LATERAL (VALUES
            ('ambiguous_name', %(item_header)s, t.refusal IS NOT NULL,
                format('Several items are named %%s; give the code', quote_literal(left(t.name, 60)))),
            ('lot_of_other_item', %(lot_header)s, t.lot_number IS NOT NULL AND t.lot_item <> t.item_key,
                format('Row %%s has lot %%s for another item', t.lot_row, t.lot_number)),
            ('lot_of_other_item', %(lot_header)s, l.id IS NOT NULL AND l.item_id IS DISTINCT FROM t.item_id,
                format('Lot %%s is there already, of another item', t.lot_number)),
            ('other_expiry', %(lot_header)s, t.lot_number IS NOT NULL AND t.lot_item = t.item_key
                AND t.lot_expires IS DISTINCT FROM t.expires,
                format('Row %%s gives lot %%s another expiration date', t.lot_row, t.lot_number)),
            ('lot_missing', %(lot_header)s, t.lot_number IS NULL AND (t.item_has_lots OR i.stock_tracking = 'lots'),
                'The stock of this item is kept in lots; give the lot number')
        ) AS v (code, header, is_so, message)
        WHERE v.is_so
        ORDER BY t.row_number
        """,
        rules.params(),
    )


def decide(conn: Connection, rules: Rules) -> None:
    """What happens to each row; what is to be brought in gets the positions 1..n in the file's order."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.placed")
    conn.execute(
        f"""
        CREATE TEMP TABLE placed ON COMMIT DROP AS
        WITH stocked AS (
            SELECT w.row_number FROM pg_temp.wanted_items w
            CROSS JOIN LATERAL (
                SELECT f.id FROM ({lot_numbered("w.lot_number")}) f WHERE f.item_id = w.item_id
                UNION ALL
                SELECT l.id FROM lots l WHERE l.organization_id = current_organization() AND l.item_id = w.item_id
                    AND l.number IS NULL AND w.lot_number IS NULL
                LIMIT 1
            ) l
            CROSS JOIN LATERAL (
                SELECT FROM lot_balances
                WHERE organization_id = current_organization() AND lot_id = l.id AND branch_id = %(branch_id)s LIMIT 1
            ) b
        ), decided AS (
            SELECT r.row_number, w.item_id, CASE
                WHEN NOT ({SOUND}) THEN 'bad'
                WHEN e.row_number IS NOT NULL THEN 'done'
                WHEN s.row_number IS NULL THEN 'ready'
                WHEN %(on_duplicate)s = 'skip' THEN 'skip'
                ELSE 'bad'
            END AS state
            FROM stock_import_rows r
            LEFT JOIN stocked s ON s.row_number = r.row_number
            LEFT JOIN pg_temp.wanted_items w ON w.row_number = r.row_number
            LEFT JOIN stock_import_effects e ON e.organization_id = r.organization_id AND e.import_id = r.import_id
                AND e.row_number = r.row_number
            WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s
        )
        SELECT row_number, state, item_id,
            CASE WHEN state = 'ready' THEN row_number() OVER (ORDER BY state <> 'ready', row_number) END AS position
        FROM decided
        """,
        rules.params(),
    )
    place_rows(conn, table="stock_import_rows", import_id=rules.import_id)


def judge_existing(conn: Connection, rules: Rules) -> None:
    """Say of each row whose lot has had stock in the branch before why it is not brought in."""
    conn.execute(
        f"""
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT r.organization_id, r.import_id, r.row_number, coalesce(%(lot_header)s, %(item_header)s), 'error',
            'has_stock', format('%%s has had stock in this branch before; choose onDuplicate=skip to leave it, or '
                'correct it by an adjustment', coalesce('Lot ' || r.lot_number, 'This item'))
        FROM stock_import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s AND r.state = 'bad'
          AND {SOUND}
        ORDER BY r.row_number
        """,
        rules.params(),
    )


def tally(conn: Connection, rules: Rules) -> Row:
    """Rows by state."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS rows, count(*) FILTER (WHERE state = 'bad') AS bad,
            count(*) FILTER (WHERE state = 'skip') AS skipped, count(*) FILTER (WHERE state = 'done') AS done
        FROM stock_import_rows WHERE organization_id = current_organization() AND import_id = %(import_id)s
        """,
        rules.params(),
    ).fetchall()
    return row
