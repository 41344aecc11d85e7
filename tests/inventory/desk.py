"""One organization's stock, moved by the verbs of the inventory, each in a transaction of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Concatenate, ParamSpec, TypeVar

from tests.inventory.factories import balances, make_branch, make_item, sums
from tranche.inventory import service
from tranche.inventory.domain import Lot, LotFilter, Movement
from tranche.inventory.service import Receipt, Share
from tranche.inventory.service.moving import Moved
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """The caller, in a branch; `item` is kept in lots."""

    database: Database
    ctx: Context
    item: int

    @classmethod
    def open(cls, database: Database, ctx: Context) -> "Desk":
        with database.transaction(ctx.organization_id) as conn:
            return cls(database, ctx, make_item(conn))

    @property
    def branch(self) -> int:
        assert self.ctx.branch_id
        return self.ctx.branch_id

    def at(self, branch_id: int | None) -> "Desk":
        """The same caller in another branch, or in none."""
        return replace(self, ctx=replace(self.ctx, branch_id=branch_id))

    def of(self, item: int) -> "Desk":
        """The same desk for another item."""
        return replace(self, item=item)

    def run(self, verb: Callable[Concatenate[Connection, Context, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """One verb in one transaction."""
        with self.database.transaction(self.ctx.organization_id) as conn:
            return verb(conn, self.ctx, *args, **kwargs)

    def branch_named(self, name: str) -> int:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return make_branch(conn, name=name)

    def item_named(self, name: str, *, tracking: str = "lots") -> int:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return make_item(conn, name=name, tracking=tracking)

    def receive(self, number: str | None, quantity: str, **more: Any) -> Movement:
        receipt = Receipt(number=number, quantity=Decimal(quantity), **more)
        return self.run(service.receive, item_id=self.item, receipt=receipt)

    def transfer(self, source: str, destination: str, quantity: str, **more: Any) -> Moved:
        share = Share(number=destination, quantity=Decimal(quantity), **more)
        return self.run(service.transfer, item_id=self.item, source=source, destination=share)

    def consolidate(self, destination: str, *sources: Share) -> list[Moved]:
        return self.run(service.consolidate, item_id=self.item, destination=destination, sources=sources)

    def split(self, source: str, *destinations: Share) -> list[Moved]:
        return self.run(service.split, item_id=self.item, source=source, destinations=destinations)

    def undo(self, movement_id: int) -> list[Movement]:
        return self.run(service.reverse, movement_id=movement_id)

    def lot(self, number: str) -> Lot:
        """The lot as this branch sees it."""
        found, _ = self.run(service.list_lots, wanted=LotFilter(search=number), limit=1000, offset=0)
        (lot,) = (lot for lot in found if lot.number == number)
        return lot

    def has(self, *numbers: str) -> list[str]:
        """What the branch has of these lots, without trailing noughts."""
        return [f"{(self.lot(number).quantity or Decimal(0)).normalize():f}" for number in numbers]

    def settle(self) -> None:
        """The balances are the sums of the movements."""
        organization = self.ctx.organization_id
        assert balances(self.database, organization) == sums(self.database, organization)


def share(number: str, quantity: str | None = None, **more: Any) -> Share:
    return Share(number=number, quantity=None if quantity is None else Decimal(quantity), **more)
