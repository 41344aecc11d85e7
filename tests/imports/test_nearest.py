"""The names that there are: the nearest first, and no more than a person reads."""

from tranche.imports.nearest import nearest, nearest_fields
from tranche.orders.fields import ORDER_FIELDS


def test_the_nearest_names_stand_first_and_the_others_are_counted() -> None:
    names = ["Customer", "Price", "Order no.", *(f"Extra {n}" for n in range(20))]
    assert nearest("order number", names).startswith("Order no., ")
    assert nearest("order number", names).endswith(" and 13 more")
    assert nearest("x", ["a"]) == "a"
    assert nearest("x", []) == "none"


def test_a_field_is_near_by_any_of_its_names() -> None:
    assert nearest_fields("VAT", ORDER_FIELDS).startswith("taxRate, ")
    assert nearest_fields("dayfirst", ORDER_FIELDS, besides=("dayFirst", "sheet")).startswith("dayFirst, ")
