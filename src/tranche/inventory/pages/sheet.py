"""The one sheet for transfer, split and consolidation, with what it would make of the lots while it is filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.catalog import service as catalog
from tranche.inventory import service
from tranche.inventory.domain import LotFilter
from tranche.inventory.pages.shared import need_amount, read_amount, told
from tranche.inventory.service import Rehearsal, Share
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Invalid, NotFound, TrancheError
from tranche.kernel.text import plural
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.filters import amount
from tranche.kernel.web.pages.render import Html, fragment, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

KINDS: Final = {"transfer": "Transfer", "split": "Split", "consolidation": "Consolidate"}
_ROWS: Final = {"transfer": 1, "split": 3, "consolidation": 3}
_MOST_ROWS: Final = 50
_OFFERED: Final = 200


class SheetForm(Body, frozen=True):
    """One lot on one side, rows of lots on the other; `more` asks for another row."""

    kind: str = "transfer"
    one: str = ""
    lot: tuple[str, ...] = ()
    amount: tuple[str, ...] = ()
    notes: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet as it was typed, and where it stands."""

    place: int
    lot: str
    amount: str

    @property
    def field(self) -> str:
        """The name under which its quantity is at fault."""
        return f"amount-{self.place}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.lot or self.amount)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was typed, read."""

    kind: str
    one: str
    rows: Sequence[Row]
    notes: str

    @classmethod
    def read(cls, data: SheetForm) -> "Sheet":
        """Rows without anything are left out; an unknown kind is a transfer."""
        kind = data.kind if data.kind in KINDS else "transfer"
        amounts = (*data.amount, *[""] * len(data.lot))
        rows = [Row(place, lot.strip(), amounts[place].strip()) for place, lot in enumerate(data.lot[:_MOST_ROWS])]
        filled = [row for row in rows if not row.is_empty]
        return cls(kind, data.one.strip(), filled[:1] if kind == "transfer" else filled, data.notes)

    @property
    def is_complete(self) -> bool:
        """Whether it can be tried."""
        needs_amounts = self.kind != "consolidation"
        return bool(self.one and self.rows) and all(row.lot and (row.amount or not needs_amounts) for row in self.rows)

    @property
    def numbers(self) -> list[str]:
        """All lots, those that stock leaves first."""
        others = [row.lot for row in self.rows]
        return [*others, self.one] if self.kind == "consolidation" else [self.one, *others]

    @property
    def names(self) -> dict[str, str]:
        """What the fields of the verb are called here."""
        first = self.rows[0].place if self.rows else 0
        names = {"sourceBatchNumber": "one", "destinationBatchNumber": f"lot-{first}", "quantity": f"amount-{first}"}
        if self.kind == "consolidation":
            names = {"destinationBatchNumber": "one"}
        side = "sources" if self.kind == "consolidation" else "destinations"
        for index, row in enumerate(self.rows):
            names[f"{side}/{index}/batchNumber"] = f"lot-{row.place}"
            names[f"{side}/{index}/quantity"] = f"amount-{row.place}"
        return {**names, side: ""}

    def act(self, conn: Connection, ctx: Context, *, item_id: int) -> str:
        """Do it; returns a sentence that says what was done.

        Raises:
            Invalid, NotFound: as the verbs do.
        """
        if not self.rows:
            raise Invalid("Say which lot and how much.", errors=[FieldError("/lot-0", "is missing", "required")])
        if self.kind == "consolidation":
            sources = [
                Share(number=row.lot, quantity=read_amount(row.amount, f"amount-{row.place}")) for row in self.rows
            ]
            moved = service.consolidate(
                conn, ctx, item_id=item_id, destination=self.one, sources=sources, notes=self.notes
            )
            return f"{_sum([one.quantity for one in moved])} of {plural(len(moved), 'lot')} are now in {self.one}."
        shares = [Share(number=row.lot, quantity=need_amount(row.amount, row.field)) for row in self.rows]
        if self.kind == "transfer":
            one = service.transfer(conn, ctx, item_id=item_id, source=self.one, destination=shares[0], notes=self.notes)
            return f"{_sum([one.quantity])} moved from {one.source_number} to {one.destination_number}."
        moved = service.split(conn, ctx, item_id=item_id, source=self.one, destinations=shares, notes=self.notes)
        return f"{_sum([one.quantity for one in moved])} of {self.one} are now in {plural(len(moved), 'lot')}."


@page("/stock/items/{item_id:int}/move", role=Role.OPERATOR)
def sheet_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Html:
    """The empty sheet; `kind` and `lot` in the address fill it in."""
    given = request.query_params
    data = SheetForm(kind=given.get("kind", "transfer"), one=given.get("lot", "").replace("\0", ""))
    return _show(request, ctx, database, item_id=item_id, data=data)


@form("/stock/items/{item_id:int}/move/look")
def look(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    item_id: FromPath[int],
    data: URLEncodedBody[SheetForm],
) -> Html:
    """The table of before and after alone, while somebody types."""
    sheet = Sheet.read(data)
    with database.transaction(ctx.organization_id) as conn:
        catalog.find(conn, item_id=item_id)
        rehearsal, error = _rehearse(conn, ctx, sheet, item_id=item_id)
    shown = {"rehearsal": rehearsal, "refusal": error.message if error else "", "sheet": sheet}
    return fragment(request, "inventory/sheet.html", "balance", shown)


@form("/stock/items/{item_id:int}/move")
def move(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    item_id: FromPath[int],
    data: URLEncodedBody[SheetForm],
) -> Html:
    """Do what the sheet says."""
    if data.more:
        return _show(request, ctx, database, item_id=item_id, data=data)
    try:
        with database.transaction(ctx.organization_id) as conn:
            said = Sheet.read(data).act(conn, ctx, item_id=item_id)
    except (Invalid, NotFound) as error:
        return _show(request, ctx, database, item_id=item_id, data=data, error=error)
    return redirect(f"/stock/items/{item_id}", say=said)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    item_id: int,
    data: SheetForm,
    error: TrancheError | None = None,
) -> Html:
    sheet = Sheet.read(data)
    with database.transaction(ctx.organization_id) as conn:
        item = catalog.find(conn, item_id=item_id)
        offered, _ = service.list_lots(conn, ctx, wanted=LotFilter(item_id=item_id), limit=_OFFERED, offset=0)
        rehearsal, refusal = _rehearse(conn, ctx, sheet, item_id=item_id)
    wanted = max(_ROWS[sheet.kind], len(data.lot) + bool(data.more))
    amounts = (*data.amount, *[""] * _MOST_ROWS)
    lots = (*data.lot, *[""] * _MOST_ROWS)
    count = 1 if sheet.kind == "transfer" else min(wanted, _MOST_ROWS)
    refusal = error or refusal
    shown = {
        "item": item,
        "offered": offered,
        "sheet": sheet,
        "rows": [Row(place, lots[place], amounts[place]) for place in range(count)],
        "kinds": KINDS,
        "rehearsal": rehearsal,
        "refusal": refusal.message if refusal else "",
        "faults": told(error, sheet.names),
    }
    return render(request, "inventory/sheet.html", shown, status=400 if error else 200)


def _rehearse(conn: Connection, ctx: Context, sheet: Sheet, *, item_id: int) -> tuple[Rehearsal, TrancheError | None]:
    numbers = sheet.numbers
    if sheet.is_complete:
        try:
            tried = service.rehearse(conn, ctx, numbers=numbers, act=lambda: sheet.act(conn, ctx, item_id=item_id))
        except (Invalid, NotFound) as error:
            return service.rehearse(conn, ctx, numbers=numbers, act=None), error
        return tried, None
    return service.rehearse(conn, ctx, numbers=numbers, act=None), None


def _sum(quantities: Sequence[Decimal]) -> str:
    return amount(sum(quantities, Decimal(0)))


PAGES: Final[tuple[Any, ...]] = (sheet_page, look, move)
