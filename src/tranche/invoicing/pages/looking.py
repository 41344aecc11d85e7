"""The list of invoices and one of them, with what may be done to it: void, credit."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.invoicing import service
from tranche.invoicing.domain import InvoiceFilter, InvoiceStatus
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Invalid
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, page_of
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
_STATES: Final = Filter(
    name="status",
    label="State",
    chips=(
        Chip(label="All", value=""),
        Chip(label="Issued", value="issued"),
        Chip(label="Void", value="void"),
        Chip(label="Credited", value="credited"),
    ),
)
_SORTS: Final = {"number": "number", "-number": "newest", "total": "total", "-total": "-total"}


class ReasonForm(Body, frozen=True):
    """Why."""

    reason: str = ""


@page("/invoices")
def invoices_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Invoices and credit notes, the newest first; `operationId` narrows them to one run."""
    query = dict(request.query_params)
    status = query.get("status") if query.get("status") in set(InvoiceStatus) else None
    run = query.get("operationId", "")
    wanted = InvoiceFilter(
        status=status,
        search=query.get("q") or None,
        operation_id=int(run) if run.isascii() and run.isdigit() and len(run) <= 18 else None,  # noqa: PLR2004  # of a bigint
    )
    sort = query.get("sort", "")
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_invoices(
            conn, wanted=wanted, sort=_SORTS.get(sort, "newest"), limit=window.limit, offset=window.offset
        )
    listing = Listing(
        path="/invoices",
        columns=_COLUMNS,
        query=query,
        total=f"{total:,}",
        sort=sort,
        filters=(_STATES,),
        search=query.get("q", ""),
        search_label="Invoice number",
        previous=window.previous,
        following=window.following(total),
    )
    return render(request, "invoicing/list.html", {"invoices": found, "listing": listing, "run": wanted.operation_id})


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
