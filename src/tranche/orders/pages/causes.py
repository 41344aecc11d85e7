"""Causes of errors in a few words, for groups of rows: "Missing orderId", where a message would name one row only."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from typing import Any, Final

from tranche.imports.service import cause_key
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Row
from tranche.kernel.web.pages.filters import words
from tranche.orders.fields import ORDER_FIELDS

_TITLES: Final = {
    "missing_field": "Missing {field}",
    "missing_customer": "Missing customer",
    "missing_item": "Missing item",
    "not_a_number": "{column} is not a number",
    "not_positive": "{column} is not more than 0",
    "looks_like_return": "{column} is negative, like a return",
    "negative_price": "{column} is below 0",
    "bad_tax_rate": "{column} is not from 0 to 100",
    "bad_currency": "{column} is not three letters",
    "not_a_date": "{column} is not a date",
    "too_long": "{column} is too long",
    "customer_differs": "Two customers in one order",
    "currency_differs": "Two currencies in one order",
    "mixed_return": "Sales and returns in one order",
    "ambiguous_name": "{column} stands for several records",
    "order_exists": "The order exists already",
    "order_being_deleted": "The order is just being deleted",
    "order_rejected": "Another row of the order is bad",
    "order_brought_in": "The order came in without this row",
    "repeated_line": "The row says the same as an earlier one",
    "date_differs": "The order has an earlier date",
    "customer_kept": "The customer is known with another {field}",
    "ambiguous_number": "{column}: decimal or thousands?",
    "ambiguous_date": "{column}: day or month first?",
    "date_out_of_range": "{column} is out of the calendar",
    "lost_digits": "{column} has lost digits",
    "date_in_identifier": "{column} holds dates",
    "looks_like_total": "The row looks like a total",
    "error_cell": "{column} holds an error of a formula",
    "unsaved_formula": "{column} holds a formula without a value",
    "unreadable_character": "{column} holds a character that cannot be stored",
}
_FOLLOWING: Final = frozenset({"order_rejected"})
_KNOWN: Final = {field.name for field in ORDER_FIELDS}


def describe_all(groups: Sequence[Row], work: Import) -> list[AbstractMapping[str, Any]]:
    """Groups with their names; rows that are only refused because of others come last, for nothing is wrong in them."""
    return [_describe(group, work) for group in sorted(groups, key=lambda group: group["code"] in _FOLLOWING)]


def field_of(work: Import, column: str | None) -> str:
    """The field that a header of the file stands for; errors name it itself where the file has no column for it."""
    by_header = {header: name for name, header in work.headers.items()}
    field = by_header.get(column or "", column or "")
    return field if field in _KNOWN else ""


def _describe(group: Row, work: Import) -> AbstractMapping[str, Any]:
    """A group with its name, its key, and the field that would put it right."""
    field = field_of(work, group["column_name"])
    template = _TITLES.get(group["code"], "")
    column = group["column_name"] or "The row"
    title = template.format(field=field or column, column=column) if template else words(group["code"])
    return {**group, "title": title, "key": cause_key(group), "field": field}
