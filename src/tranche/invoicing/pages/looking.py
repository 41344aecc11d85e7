"""The list of invoices and one of them, with what may be done to it: void, credit."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.customers import service as customers
from tranche.customers.domain import UnknownCustomer
from tranche.invoicing import service
from tranche.invoicing.api.invoices import FILTERS
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Invalid
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_COLUMNS: Final = (
    Column(label="Number", sort="number"),
    Column(label="Customer"),
    Column(label="Order"),
    Column(label="Date"),
    Column(label="Due"),
    Column(label="Total", sort="total", is_number=True),
    Column(label="State"),
)
_STATES: Final = chips("status", "State", {"issued": "Issued", "void": "Void", "credited": "Credited"})


class ReasonForm(Body, frozen=True):
    """Why."""

    reason: str = ""


@page("/invoices")
def invoices_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Invoices and credit notes, the newest first; `operationId` narrows them to one run."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request,
            ctx,
            conn,
            service.INVOICES,
            FILTERS,
            columns=_COLUMNS,
            filters=(_STATES,),
            search_label="Invoice number",
            export="/api/invoices/export",
        )
        whose = _name_of(conn, request.query_params.get("customerId"))
    found = [service.invoice_of(row) for row in rows]
    run = request.query_params.get("operationId")
    return render(request, "invoicing/list.html", {"invoices": found, "listing": listing, "run": run, "whose": whose})


def _name_of(conn: Connection, customer_id: str | None) -> str:
    """What the customer is called today; the invoices of the list say what it was called then."""
    try:
        return customers.find(conn, customer_id=int(customer_id)).name if customer_id else ""
    except UnknownCustomer:
        return ""


@page("/invoices/{invoice_id:int}")
def invoice_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], invoice_id: FromPath[int]
) -> Html:
    """Everything that the printed invoice shows, where its goods came from, and what became of it."""
    with database.transaction(ctx.organization_id) as conn:
        data = {
            "invoice": service.get_invoice(conn, invoice_id=invoice_id),
            "document": service.get_invoice_document(conn, invoice_id),
            "taken": service.list_taken(conn, invoice_id=invoice_id),
            "steps": service.list_steps(conn, invoice_id=invoice_id),
        }
    return render(request, "invoicing/show.html", data)


@form("/invoices/{invoice_id:int}/void")
def void_invoice(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_id: FromPath[int],
    data: URLEncodedBody[ReasonForm],
) -> Html:
    """Void it."""

    def act(conn: Connection) -> int:
        service.void_invoice(conn, ctx, invoice_id=invoice_id, reason=data.reason)
        return invoice_id

    return _close(ctx, database, invoice_id, act, said="The invoice is void. Its order may be invoiced again.")


@form("/invoices/{invoice_id:int}/credit")
def credit_invoice(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_id: FromPath[int],
    data: URLEncodedBody[ReasonForm],
) -> Html:
    """Issue a credit note over it, and show that."""

    def act(conn: Connection) -> int:
        return service.credit_invoice(conn, ctx, invoice_id=invoice_id, reason=data.reason, now=datetime.now(UTC))

    return _close(ctx, database, invoice_id, act, said="The credit note is issued. The order may be invoiced again.")


def _close(ctx: Context, database: Database, invoice_id: int, act: Callable[[Connection], int], *, said: str) -> Html:
    try:
        with database.transaction(ctx.organization_id) as conn:
            shown = act(conn)
    except (Invalid, Conflict) as error:
        return redirect(f"/invoices/{invoice_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"/invoices/{shown}", say=said)


LOOKING: Final[tuple[Any, ...]] = (invoices_page, invoice_page, void_invoice, credit_invoice)
