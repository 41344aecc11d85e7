"""The three operations of document 5: transfer, consolidate, split."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tranche.inventory.domain import Kind
from tranche.inventory.merging import Values
from tranche.inventory.service.moving import Leg, Moved, Places, move
from tranche.inventory.wishes import MOST_LEGS, Faults
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One source of a consolidation or one destination of a split; what is None is not said."""

    number: str
    quantity: Decimal | None = None
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expires_at: datetime | None = None


def transfer(
    conn: Connection, ctx: Context, *, item_id: int, source: str, destination: Share, notes: str | None = None
) -> Moved:
    """Move a quantity from one lot into another of the same item, which is made if it is not there.

    Raises:
        Invalid: a field cannot be taken, or there is less than is wanted (NotEnough).
        LotNotInBranch: the source has never been in this branch.
    """
    faults = Faults()
    places = Places(source="/sourceBatchNumber", destination="/destinationBatchNumber", quantity="/quantity")
    faults.quantity("/quantity", destination.quantity)
    leg = Leg(
        source=faults.number(places.source, source),
        destination=faults.number(places.destination, destination.number),
        quantity=destination.quantity,
        given=_values(faults, "", destination),
        at=places,
    )
    _refuse_circles(faults, [leg])
    notes = faults.notes("/notes", notes)
    faults.settle()
    return move(conn, ctx, kind=Kind.TRANSFER, item_id=item_id, legs=[leg], notes=notes)[0]


def consolidate(
    conn: Connection,
    ctx: Context,
    *,
    item_id: int,
    destination: str,
    sources: Sequence[Share],
    notes: str | None = None,
) -> list[Moved]:
    """Move from several lots into one; a source without quantity gives all that it has in the branch.

    Prices and expiry become what the same transfers, one after another, would make of them.

    Raises:
        Invalid, LotNotInBranch: as for `transfer`.
    """
    faults = Faults()
    target = faults.number("/destinationBatchNumber", destination)
    legs = [
        Leg(
            source=faults.number(f"/sources/{index}/batchNumber", share.number),
            destination=target,
            quantity=share.quantity
            if share.quantity is None
            else faults.quantity(f"/sources/{index}/quantity", share.quantity),
            given=_values(faults, f"/sources/{index}", share),
            at=Places(
                source=f"/sources/{index}/batchNumber",
                destination="/destinationBatchNumber",
                quantity=f"/sources/{index}/quantity",
            ),
        )
        for index, share in enumerate(sources)
    ]
    _bound(faults, "/sources", len(legs))
    _refuse_repeats(faults, [(leg.source, leg.at.source) for leg in legs])
    _refuse_circles(faults, legs)
    notes = faults.notes("/notes", notes)
    faults.settle()
    return move(conn, ctx, kind=Kind.CONSOLIDATION, item_id=item_id, legs=legs, notes=notes)


def split(
    conn: Connection,
    ctx: Context,
    *,
    item_id: int,
    source: str,
    destinations: Sequence[Share],
    notes: str | None = None,
) -> list[Moved]:
    """Move from one lot into several.

    Raises:
        Invalid, LotNotInBranch: as for `transfer`.
    """
    faults = Faults()
    origin = faults.number("/sourceBatchNumber", source)
    legs = [
        Leg(
            source=origin,
            destination=faults.number(f"/destinations/{index}/batchNumber", share.number),
            quantity=faults.quantity(f"/destinations/{index}/quantity", share.quantity),
            given=_values(faults, f"/destinations/{index}", share),
            at=Places(
                source="/sourceBatchNumber",
                destination=f"/destinations/{index}/batchNumber",
                quantity=f"/destinations/{index}/quantity",
            ),
        )
        for index, share in enumerate(destinations)
    ]
    _bound(faults, "/destinations", len(legs))
    _refuse_repeats(faults, [(leg.destination, leg.at.destination) for leg in legs])
    _refuse_circles(faults, legs)
    notes = faults.notes("/notes", notes)
    faults.settle()
    return move(conn, ctx, kind=Kind.SPLIT, item_id=item_id, legs=legs, notes=notes)


def _values(faults: Faults, at: str, share: Share) -> Values:
    return Values(
        cost_price=faults.price(f"{at}/costPrice", share.cost_price),
        unit_price=faults.price(f"{at}/unitPrice", share.unit_price),
        expires_at=faults.moment(f"{at}/expirationDate", share.expires_at),
    )


def _bound(faults: Faults, at: str, count: int) -> None:
    if not 1 <= count <= MOST_LEGS:
        faults.add(at, f"must have 1 to {MOST_LEGS:,} entries")


def _refuse_repeats(faults: Faults, named: Sequence[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for number, pointer in named:
        if number and number in seen:
            faults.add(pointer, f"names lot {number} a second time", "duplicate")
        seen.add(number)


def _refuse_circles(faults: Faults, legs: Sequence[Leg]) -> None:
    for leg in legs:
        if leg.source and leg.source == leg.destination:
            pointer = leg.at.destination if leg.at.source == "/sourceBatchNumber" else leg.at.source
            faults.add(pointer, "must be another lot than the one that stock comes from or goes to", "same_batch")
