"""What becomes of a lot's prices and expiry when stock comes into it; pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a lot is worth and until when it is good."""

    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expires_at: datetime | None = None


NOTHING: Final = Values()


def inherit(source: Values, *, given: Values) -> Values:
    """A lot that is made by the operation: what is given, else the source's."""
    return Values(
        cost_price=_first(given.cost_price, source.cost_price),
        unit_price=_first(given.unit_price, source.unit_price),
        expires_at=given.expires_at or source.expires_at,
    )


def merge(there: Values, coming: Values, *, given: Values, has: Decimal, comes: Decimal) -> Values:
    """A lot that `has` stock already, in all branches: what is given wins.

    Else the cost is weighted by quantity (to 6 decimals, half up), the unit price stays, the earlier expiry counts.
    """
    return Values(
        cost_price=_first(given.cost_price, _weighted(there.cost_price, coming.cost_price, has=has, comes=comes)),
        unit_price=_first(given.unit_price, _first(there.unit_price, coming.unit_price)),
        expires_at=given.expires_at or _earliest(there.expires_at, coming.expires_at),
    )


def _weighted(there: Decimal | None, coming: Decimal | None, *, has: Decimal, comes: Decimal) -> Decimal | None:
    if there is None or coming is None:
        return _first(there, coming)
    if there == coming:
        return there
    mean = (there * has + coming * comes) / (has + comes)
    return mean.quantize(_PLACES, ROUND_HALF_UP).normalize() + 0


def _earliest(there: datetime | None, coming: datetime | None) -> datetime | None:
    return min((moment for moment in (there, coming) if moment), default=None)


def _first(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one
