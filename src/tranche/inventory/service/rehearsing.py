"""What an operation would make of its lots: it is done, looked at, and taken back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tranche.inventory.domain import Lot
from tranche.inventory.queries import lots
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, taken_back

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One lot before and after, in the caller's branch."""

    number: str
    before: Decimal
    after: Decimal
    is_new: bool
    cost_price: Decimal | None
    unit_price: Decimal | None
    expires_on: date | None

    @property
    def change(self) -> Decimal:
        """What comes in, or below 0 what goes out."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The lots in the order in which they were named."""

    lines: Sequence[Line]

    @property
    def before(self) -> Decimal:
        """What there was in all."""
        return sum((line.before for line in self.lines), _NOTHING)

    @property
    def after(self) -> Decimal:
        """What there would be in all."""
        return sum((line.after for line in self.lines), _NOTHING)

    @property
    def balance(self) -> Decimal:
        """What would appear or get lost: 0, as long as the ledger is right."""
        return self.after - self.before


def rehearse(conn: Connection, ctx: Context, *, numbers: Sequence[str], act: Callable[[], object] | None) -> Rehearsal:
    """Do `act` in a savepoint and take it back; without it the lots are as they are.

    Raises:
        Invalid, NotFound: whatever `act` refuses.
    """
    wanted = list(dict.fromkeys(number for number in numbers if number))
    before = _read(conn, ctx, wanted)
    after = before
    if act is not None:
        with taken_back(conn):
            act()
            after = _read(conn, ctx, wanted)
    return Rehearsal([_line(number, before.get(number), after[number]) for number in wanted if number in after])


def _read(conn: Connection, ctx: Context, numbers: Sequence[str]) -> dict[str, Lot]:
    found = lots.list_named(conn, numbers=numbers, branch_id=ctx.branch_id)
    return {lot.number: lot for lot in found}


def _line(number: str, before: Lot | None, after: Lot) -> Line:
    return Line(
        number=number,
        before=(before.quantity if before else None) or _NOTHING,
        after=after.quantity or _NOTHING,
        is_new=before is None,
        cost_price=after.cost_price,
        unit_price=after.unit_price,
        expires_on=after.expires_on,
    )
