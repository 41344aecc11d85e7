"""Stock comes in, is counted, or goes to another branch: a form each."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.catalog import service as catalog
from tranche.catalog.domain import StockTracking
from tranche.inventory import service
from tranche.inventory.pages.shared import need_amount, read_amount, read_day, told
from tranche.inventory.service import Receipt
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, NotFound, TrancheError
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.filters import amount
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_NAMES: Final = {
    "batchNumber": "number",
    "expirationDate": "expires",
    "supplierBatchNumber": "supplier",
    "countedQuantity": "counted",
    "toBranchId": "branch",
}


class ReceiptForm(Body, frozen=True):
    """Stock that comes in."""

    number: str = ""
    quantity: str = ""
    expires: str = ""
    cost_price: str = ""
    unit_price: str = ""
    supplier: str = ""
    notes: str = ""


class CountForm(Body, frozen=True):
    """What was counted."""

    counted: str = ""
    notes: str = ""


class SendForm(Body, frozen=True):
    """What goes to another branch."""

    branch: int = 0
    quantity: str = ""
    notes: str = ""


@page("/stock/items/{item_id:int}/receive", role=Role.OPERATOR)
def receive_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], item_id: FromPath[int]
) -> Html:
    """The form; `lot` in the address names the lot."""
    number = request.query_params.get("lot", "").replace("\0", "")
    return _ask_receipt(request, ctx, database, item_id=item_id, data=ReceiptForm(number=number))


@form("/stock/items/{item_id:int}/receive")
def receive(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    item_id: FromPath[int],
    data: URLEncodedBody[ReceiptForm],
) -> Html:
    """Take it in."""
    try:
        receipt = _receipt(data)
        with database.transaction(ctx.organization_id) as conn:
            moved = service.receive(conn, ctx, item_id=item_id, receipt=receipt)
    except (Invalid, NotFound) as error:
        return _ask_receipt(request, ctx, database, item_id=item_id, data=data, error=error)
    into = f" into {moved.to_number}" if moved.to_number else ""
    return redirect(f"/stock/items/{item_id}", say=f"{amount(moved.quantity)} came{into}.")


@page("/stock/lots/{lot_id:int}/count", role=Role.OPERATOR)
def count_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]
) -> Html:
    """The form."""
    return _ask(request, ctx, database, lot_id=lot_id, what="count", data=CountForm())


@form("/stock/lots/{lot_id:int}/count")
def count(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    lot_id: FromPath[int],
    data: URLEncodedBody[CountForm],
) -> Html:
    """Correct the books to what was counted."""
    try:
        counted = need_amount(data.counted, "counted")
        with database.transaction(ctx.organization_id) as conn:
            lot = service.get_lot(conn, ctx, lot_id=lot_id)
            moved = service.adjust(conn, ctx, item_id=lot.item_id, number=lot.number, counted=counted, notes=data.notes)
    except (Invalid, NotFound) as error:
        return _ask(request, ctx, database, lot_id=lot_id, what="count", data=data, error=error)
    said = "The books were right." if moved is None else f"The books now say {amount(counted)}."
    return redirect(f"/stock/lots/{lot_id}", say=said)


@page("/stock/lots/{lot_id:int}/send", role=Role.OPERATOR)
def send_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]
) -> Html:
    """The form."""
    return _ask(request, ctx, database, lot_id=lot_id, what="send", data=SendForm())


@form("/stock/lots/{lot_id:int}/send")
def send(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    lot_id: FromPath[int],
    data: URLEncodedBody[SendForm],
) -> Html:
    """Move it there."""
    try:
        quantity = need_amount(data.quantity, "quantity")
        with database.transaction(ctx.organization_id) as conn:
            lot = service.get_lot(conn, ctx, lot_id=lot_id)
            service.send(
                conn,
                ctx,
                item_id=lot.item_id,
                number=lot.number,
                to_branch_id=data.branch,
                quantity=quantity,
                notes=data.notes,
            )
    except (Invalid, NotFound) as error:
        return _ask(request, ctx, database, lot_id=lot_id, what="send", data=data, error=error)
    return redirect(f"/stock/lots/{lot_id}", say=f"{amount(quantity)} of {lot.number} went to the other branch.")


def _receipt(data: ReceiptForm) -> Receipt:
    return Receipt(
        number=data.number.strip() or None,
        quantity=need_amount(data.quantity, "quantity"),
        expires_at=read_day(data.expires, "expires"),
        cost_price=read_amount(data.cost_price, "costPrice"),
        unit_price=read_amount(data.unit_price, "unitPrice"),
        supplier_number=data.supplier or None,
        notes=data.notes,
    )


def _ask_receipt(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    item_id: int,
    data: ReceiptForm,
    error: TrancheError | None = None,
) -> Html:
    with database.transaction(ctx.organization_id) as conn:
        item = catalog.find(conn, item_id=item_id)
    shown = {
        "item": item,
        "data": data,
        "faults": told(error, _NAMES),
        "in_lots": item.stock_tracking is StockTracking.LOTS,
    }
    return render(request, "inventory/receive.html", shown, status=400 if error else 200)


def _ask(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    lot_id: int,
    what: str,
    data: CountForm | SendForm,
    error: TrancheError | None = None,
) -> Html:
    with database.transaction(ctx.organization_id) as conn:
        lot = service.get_lot(conn, ctx, lot_id=lot_id)
    shown = {"lot": lot, "data": data, "faults": told(error, _NAMES)}
    return render(request, f"inventory/{what}.html", shown, status=400 if error else 200)


PAGES: Final[tuple[Any, ...]] = (receive_page, receive, count_page, count, send_page, send)
