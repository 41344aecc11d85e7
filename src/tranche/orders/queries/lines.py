"""The rules for a single staged line of an order import, applied to all lines in one statement."""

from tranche.imports.judging_queries import any_of, judge_rows
from tranche.kernel.db.pool import Connection
from tranche.orders.queries.rules import Rules

_IS_PER_CENT = "CASE WHEN is_decimal(l.tax_rate) THEN l.tax_rate::numeric BETWEEN 0 AND 100 ELSE false END"

# One entry per rule: code, field, condition on a line `l`, message (an SQL expression).
_PAIR_RULES = (
    (
        "missing_customer",
        "customerName",
        "l.customer_name IS NULL AND l.customer_code IS NULL AND %(default_customer)s::text IS NULL",
        "'The row has no customer, and the mapping names no defaultCustomer'",
    ),
    (
        "missing_item",
        "itemSku",
        "%(has_items)s AND l.item_code IS NULL AND l.item_name IS NULL",
        "'The row has neither an item code nor a description'",
    ),
)
_LINE_RULES = (
    ("missing_field", "orderId", "l.order_number IS NULL", "'Missing required field: orderId'"),
    ("too_long", "orderId", "length(l.order_number) > 200", "'The order number is longer than 200 characters'"),
    ("missing_field", "quantity", "l.quantity IS NULL", "'Missing required field: quantity'"),
    (
        "not_a_number",
        "quantity",
        "NOT is_decimal(l.quantity)",
        "format('Quantity must be a number, but it is %%s', quote_literal(left(l.quantity, 60)))",
    ),
    (
        "not_positive",
        "quantity",
        "is_decimal(l.quantity) AND l.quantity ~ '^[+-]?[0.]+$'",
        "'Quantity must be more than 0'",
    ),
    (
        "looks_like_return",
        "quantity",
        "NOT %(accept_returns)s AND is_decimal(l.quantity) AND l.quantity LIKE '-%%' AND l.quantity ~ '[1-9]'",
        "format('Quantity is %%s, which looks like a return; returns are taken in with acceptReturns', l.quantity)",
    ),
    ("missing_field", "unitPrice", "l.unit_price IS NULL", "'Missing required field: unitPrice'"),
    (
        "not_a_number",
        "unitPrice",
        "NOT is_decimal(l.unit_price)",
        "format('Unit price must be a number, but it is %%s', quote_literal(left(l.unit_price, 60)))",
    ),
    (
        "negative_price",
        "unitPrice",
        "is_decimal(l.unit_price) AND l.unit_price LIKE '-%%' AND l.unit_price ~ '[1-9]'",
        "format('Unit price must not be below 0, but it is %%s', l.unit_price)",
    ),
    (
        "bad_tax_rate",
        "taxRate",
        f"l.tax_rate IS NOT NULL AND NOT {_IS_PER_CENT}",
        "format('Tax rate must be a number from 0 to 100, but it is %%s', quote_literal(left(l.tax_rate, 60)))",
    ),
    (
        "bad_currency",
        "currency",
        "upper(l.currency) !~ '^[A-Z]{3}$'",
        "format('Currency must be three letters such as EUR, but it is %%s', quote_literal(left(l.currency, 60)))",
    ),
    (
        "not_a_date",
        "orderDate",
        "NOT is_moment(l.order_date)",
        "format('Order date must be a date such as 2026-11-20, but it is %%s', quote_literal(left(l.order_date, 60)))",
    ),
    *(
        ("too_long", field, f"length(l.{column}) > {most}", f"'{label} is longer than {most} characters'")
        for field, column, most, label in (
            ("customerCode", "customer_code", 200, "The customer code"),
            ("customerName", "customer_name", 500, "The customer name"),
            ("itemSku", "item_code", 200, "The item code"),
            ("itemDescription", "item_name", 500, "The item description"),
        )
    ),
    *_PAIR_RULES,
)


def judge_lines(conn: Connection, rules: Rules) -> None:
    """Add an error for every broken rule of every line, unless the reading already faulted that cell.

    A line whose cells all have the plain form of their kind (see imports.reading.plain) can only break a rule that
    is about two cells together.
    """
    judge_rows(
        conn,
        table="order_import_lines",
        rules=_LINE_RULES,
        values=rules.params(),
        row="l",
        only=f"l.is_doubtful OR {any_of(_PAIR_RULES)}",
    )
