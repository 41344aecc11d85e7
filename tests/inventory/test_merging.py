"""Prices and expiry of a lot that stock comes into."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tranche.inventory.merging import NOTHING, Values, inherit, merge

SOON, LATER = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def values(cost: str | None = None, unit: str | None = None, expires: datetime | None = None) -> Values:
    return Values(
        cost_price=Decimal(cost) if cost else None, unit_price=Decimal(unit) if unit else None, expires_at=expires
    )


def merged(there: Values, coming: Values, *, given: Values = NOTHING, has: str = "30", comes: str = "10") -> Values:
    return merge(there, coming, given=given, has=Decimal(has), comes=Decimal(comes))


def test_a_new_lot_has_what_its_source_had_unless_it_is_said() -> None:
    source = values("80", "100", SOON)
    assert inherit(source, given=NOTHING) == source
    assert inherit(source, given=values("0.5", None, LATER)) == values("0.5", "100", LATER)


@pytest.mark.parametrize(
    ("there", "coming", "has", "comes", "cost"),
    [
        ("80", "100", "30", "10", "85"),
        ("80", "80", "30", "10", "80"),
        ("1", "2", "1", "2", "1.666667"),
        ("0.0000005", "0", "1", "0.0", "0.000001"),
        ("80", "100", "0", "10", "100"),
        (None, "100", "30", "10", "100"),
        ("80", None, "30", "10", "80"),
        (None, None, "30", "10", None),
        ("123456789012.0123456789", "0", "999999999999.999", "0.001", "123456789012.012222"),
    ],
)
def test_the_cost_is_weighted_by_quantity(
    there: str | None, coming: str | None, has: str, comes: str, cost: str | None
) -> None:
    assert merged(values(there), values(coming), has=has, comes=comes).cost_price == (Decimal(cost) if cost else None)


def test_the_unit_price_stays_and_the_earlier_expiry_counts() -> None:
    assert merged(values(None, "100", LATER), values(None, "90", SOON)) == values(None, "100", SOON)
    assert merged(values(None, None, SOON), values(None, "90", LATER)) == values(None, "90", SOON)
    assert merged(values(), values(None, None, SOON)).expires_at == SOON


def test_what_is_said_wins_even_nothing_to_pay() -> None:
    given = Values(cost_price=Decimal(0), unit_price=Decimal(1), expires_at=LATER)
    assert merged(values("80", "100", SOON), values("70", "90", SOON), given=given) == given
