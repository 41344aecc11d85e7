"""What a person may write into lots and operations: cut, bounded, and refused with the field named; pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tranche.kernel.errors import FieldError, Invalid

LONGEST_NUMBER: Final = 100
LONGEST_NAME: Final = 200
LONGEST_NOTES: Final = 5_000
MOST_LEGS: Final = 1_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUANTITY_PLACES = 3
_PRICE_PLACES = 10
_BEFORE_THE_POINT = 12
_FIRST_YEAR, _LAST_YEAR = 1900, 9998


class Faults:
    """Collects what is wrong in one body, so that everything is said at once."""

    def __init__(self) -> None:
        self._found: list[FieldError] = []

    def add(self, pointer: str, detail: str, code: str = "invalid") -> None:
        """One fault of one field."""
        self._found.append(FieldError(pointer, detail, code))

    def settle(self) -> None:
        """Raises Invalid where there is any."""
        if self._found:
            refuse(self._found)

    def quantity(self, pointer: str, value: Decimal | None) -> Decimal:
        """More than 0, at most 3 decimals."""
        if value is None:
            self.add(pointer, "is missing", "required")
        elif value <= 0:
            self.add(pointer, "must be more than 0")
        else:
            self._places(pointer, value, most=_QUANTITY_PLACES)
        return value or Decimal(0)

    def change(self, pointer: str, value: Decimal) -> Decimal:
        """A quantity with its sign, not 0."""
        if value == 0:
            self.add(pointer, "must not be 0")
        else:
            self._places(pointer, value, most=_QUANTITY_PLACES)
        return value

    def count(self, pointer: str, value: Decimal) -> Decimal:
        """A quantity that may be 0."""
        if value < 0:
            self.add(pointer, "must not be below 0")
        else:
            self._places(pointer, value, most=_QUANTITY_PLACES)
        return value

    def price(self, pointer: str, value: Decimal | None) -> Decimal | None:
        """0 or more, or nothing."""
        if value is not None and value < 0:
            self.add(pointer, "must not be below 0")
        elif value is not None:
            self._places(pointer, value, most=_PRICE_PLACES)
        return value

    def moment(self, pointer: str, value: datetime | None) -> datetime | None:
        """A moment of these centuries, or nothing."""
        if value is None:
            return None
        if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            self.add(pointer, f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
            return value
        return value.astimezone(UTC)

    def number(self, pointer: str, value: str | None) -> str:
        """The number of a lot: one line, not empty."""
        cut = self.line(pointer, value, longest=LONGEST_NUMBER)
        if not cut:
            self.add(pointer, "must not be empty", "required")
        return cut or ""

    def line(self, pointer: str, value: str | None, *, longest: int = LONGEST_NAME) -> str | None:
        """One line of text with its ends cut; empty is nothing."""
        cut = (value or "").strip()
        if _CONTROL.search(cut):
            self.add(pointer, "must not hold line breaks or other control characters")
        return self._short(pointer, cut, longest)

    def notes(self, pointer: str, value: str | None) -> str | None:
        """A text of several lines; empty is nothing."""
        return self._short(pointer, (value or "").strip(), LONGEST_NOTES)

    def _short(self, pointer: str, text: str, longest: int) -> str | None:
        if len(text) > longest:
            self.add(pointer, f"must have at most {longest:,} characters", "too_long")
        return text or None

    def _places(self, pointer: str, value: Decimal, *, most: int) -> None:
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > most:
            self.add(pointer, f"must have at most {most} decimals")
        elif value.adjusted() >= _BEFORE_THE_POINT:
            self.add(pointer, f"must have at most {_BEFORE_THE_POINT} digits before the point")


def refuse(faults: Sequence[FieldError]) -> None:
    """Raises Invalid with all of them."""
    raise Invalid(" ".join(f"{spoken(fault.pointer)} {fault.detail}." for fault in faults), errors=faults)


def spoken(pointer: str) -> str:
    """`/sources/0/quantity` as `sources[0].quantity`."""
    return re.sub(r"/(\d+)(?=/|$)", r"[\1]", pointer.removeprefix("/")).replace("/", ".")
