"""The lots of one operation as they become while its legs are gone through, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tranche.inventory.domain import LotHeld, LotInactive, LotNotInBranch, NotEnough
from tranche.inventory.merging import Values, inherit, merge
from tranche.inventory.queries.moving import Held
from tranche.inventory.wishes import spoken
from tranche.kernel.errors import FieldError


@dataclass(frozen=True, slots=True)
class Given:
    """What a lot that stock came into has now, and what was found there."""

    left: Values
    found: Values


class Book:
    """Locked lots by id; `made` are those that the operation itself has made."""

    def __init__(self, held: Mapping[int, Held], *, made: set[int]) -> None:
        self._held = dict(held)
        self._fresh = set(made)
        self._before = {lot_id: lot.values for lot_id, lot in held.items()}

    def source(self, lot_id: int, *, pointer: str) -> Held:
        """The lot, if stock may leave it.

        Raises:
            LotNotInBranch, LotInactive, LotHeld
        """
        lot = self._held[lot_id]
        if lot.quantity is None:
            raise LotNotInBranch(lot.number)
        if not lot.is_active:
            raise _inactive(lot, pointer)
        if lot.hold_reason is not None:
            detail = f"is on hold ({lot.hold_reason}); release it first"
            raise LotHeld(f"Lot {lot.number} {detail}.", errors=[FieldError(pointer, detail, "on_hold")])
        return lot

    def take(self, lot_id: int, quantity: Decimal, *, pointer: str) -> None:
        """Take a quantity out of the branch's part of a lot.

        Raises:
            NotEnough: names what there is.
        """
        lot = self._held[lot_id]
        there = lot.quantity or Decimal(0)
        if quantity > there:
            detail = f"is {_plain(quantity)}, and lot {lot.number or 'without a number'} has {_plain(there)} left here"
            raise NotEnough(
                f"Insufficient quantity: {spoken(pointer) or 'quantity'} {detail}.",
                errors=[FieldError(pointer, detail, "insufficient_quantity")],
            )
        self._held[lot_id] = replace(lot, quantity=there - quantity, total=lot.total - quantity)

    def give(self, lot_id: int, quantity: Decimal, *, coming: Values, given: Values, pointer: str) -> Given:
        """Put a quantity into a lot, whose values become what `merging` says.

        Raises:
            LotInactive
        """
        lot = self._held[lot_id]
        if not lot.is_active:
            raise _inactive(lot, pointer)
        if lot_id in self._fresh:
            self._fresh.discard(lot_id)
            left = inherit(coming, given=given)
        else:
            left = merge(lot.values, coming, given=given, has=lot.total, comes=quantity)
        self._held[lot_id] = replace(
            lot,
            quantity=(lot.quantity or Decimal(0)) + quantity,
            total=lot.total + quantity,
            cost_price=left.cost_price,
            unit_price=left.unit_price,
            expires_at=left.expires_at,
        )
        return Given(left=left, found=lot.values)

    def changed(self) -> dict[int, Values]:
        """The lots whose values are not what they were."""
        return {lot_id: lot.values for lot_id, lot in self._held.items() if lot.values != self._before[lot_id]}


def _inactive(lot: Held, pointer: str) -> LotInactive:
    detail = "is not active; activate it first"
    return LotInactive(f"Lot {lot.number} {detail}.", errors=[FieldError(pointer, detail, "inactive")])


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize() + 0:f}"
