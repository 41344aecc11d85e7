"""Scarce stock is given in the order of positions, all or nothing."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tranche.inventory.rationing import Place, Shortage, Want, ration

PAINT, BRUSH = (1, 1), (2, 1)


def test_who_comes_first_is_served_first() -> None:
    wants = [Want(1, PAINT, Decimal(6)), Want(2, PAINT, Decimal(6)), Want(3, PAINT, Decimal(4))]
    assert ration(wants, {PAINT: Decimal(10)}) == [Shortage(2, 1, Decimal(6), Decimal(4))]


def test_a_position_that_fails_gives_back_what_it_held() -> None:
    wants = [
        Want(1, PAINT, Decimal(5)),
        Want(1, BRUSH, Decimal(9)),
        Want(2, PAINT, Decimal(5)),
    ]
    assert ration(wants, {PAINT: Decimal(5), BRUSH: Decimal(8)}) == [Shortage(1, 2, Decimal(9), Decimal(8))]


def test_every_item_that_is_short_is_named() -> None:
    wants = [Want(1, PAINT, Decimal(2)), Want(1, BRUSH, Decimal(3))]
    assert ration(wants, {PAINT: Decimal(1)}) == [
        Shortage(1, 1, Decimal(2), Decimal(1)),
        Shortage(1, 2, Decimal(3), Decimal(0)),
    ]


_PLACES = st.sampled_from([PAINT, BRUSH, (3, 2)])
_AMOUNTS = st.integers(1, 20).map(Decimal)


@given(
    st.lists(st.dictionaries(_PLACES, _AMOUNTS, min_size=1), max_size=12),
    st.dictionaries(_PLACES, st.integers(0, 40).map(Decimal)),
)
def test_nobody_is_refused_what_was_left_and_nobody_gets_what_was_not(
    asked: list[dict[Place, Decimal]], available: dict[Place, Decimal]
) -> None:
    wants = [
        Want(position, place, quantity)
        for position, places in enumerate(asked, start=1)
        for place, quantity in sorted(places.items())
    ]
    failed = {short.position for short in ration(wants, available)}
    left = defaultdict(Decimal, available)
    for position, places in enumerate(asked, start=1):
        fits = all(quantity <= left[place] for place, quantity in places.items())
        assert (position in failed) is not fits
        if fits:
            for place, quantity in places.items():
                left[place] -= quantity
