"""Who gets scarce stock: in the order of positions, each all that it wants or nothing; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TypeAlias

Place: TypeAlias = tuple[int, int]  # item, branch


@dataclass(frozen=True, slots=True)
class Want:
    """What one position wants in all of one item in one branch."""

    position: int
    place: Place
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a position gets nothing: at its turn `available` was left of the item."""

    position: int
    item_id: int
    wanted: Decimal
    available: Decimal


def ration(wants: Iterable[Want], available: Mapping[Place, Decimal]) -> list[Shortage]:
    """Give out what is `available`; returns what was short, of positions that get nothing.

    `wants` come in the order of their positions, one for each position and place. A position that is short of one
    thing takes none of the others either, so that those behind it may have them.
    """
    left = dict(available)
    shortages: list[Shortage] = []
    for position, group in groupby(wants, key=lambda want: want.position):
        asked = list(group)
        short = [want for want in asked if want.quantity > left.get(want.place, Decimal(0))]
        for want in short:
            rest = left.get(want.place, Decimal(0))
            shortages.append(Shortage(position, want.place[0], want.quantity, rest))
        if not short:
            for want in asked:
                left[want.place] -= want.quantity
    return shortages
