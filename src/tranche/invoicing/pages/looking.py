"""The list of invoices and one of them, with what may be done to it: void, credit."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.invoicing import service
from tranche.invoicing.domain import InvoiceFilter, InvoiceStatus
from tranche.invoicing.service import INVOICES
from tranche.kernel.context import Context
from tranche.kernel.db.listing import CAP, Choice, Place, count, fetch_slice
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Invalid
from tranche.kernel.web.cursors import read_cursor, write_cursor
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, address
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
_SORTS: Final = frozenset({"number", "-number", "total", "-total"})
_PAGE: Final = 50
_MOST_DIGITS: Final = 18  # of a bigint


class ReasonForm(Body, frozen=True):
    """Why."""

    reason: str = ""


@page("/invoices")
def invoices_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Invoices and credit notes, the newest first; `operationId` narrows them to one run."""
    query = dict(request.query_params)
    run, status = query.get("operationId", ""), query.get("status")
    wanted = InvoiceFilter(
        status=InvoiceStatus(status) if status in set(InvoiceStatus) else None,
        search=query.get("q") or None,
        operation_id=int(run) if run.isascii() and run.isdigit() and len(run) <= _MOST_DIGITS else None,
    )
    sort = query["sort"] if query.get("sort") in _SORTS else ""
    choice = service.choose(wanted, sort=sort)
    with database.transaction(ctx.organization_id) as conn:
        part = fetch_slice(conn, INVOICES, choice, limit=_PAGE, place=_place(query, ctx, choice))
        counted = count(conn, INVOICES, choice, cap=CAP)
    listing = Listing(
        path="/invoices",
        columns=_COLUMNS,
        query=query,
        total=f"{CAP:,}+" if counted > CAP else f"{counted:,}",
        sort=sort,
        filters=(_STATES,),
        search=query.get("q", ""),
        search_label="Invoice number",
        previous=write_cursor(ctx, INVOICES, choice, part.previous),
        following=write_cursor(ctx, INVOICES, choice, part.following),
        exports=[(word.upper(), _export(wanted, sort, word)) for word in ("csv", "xlsx")],
    )
    found = [service.invoice_of(row) for row in part.rows]
    return render(request, "invoicing/list.html", {"invoices": found, "listing": listing, "run": wanted.operation_id})


def _place(query: dict[str, str], ctx: Context, choice: Choice) -> Place | None:
    text = query.get("after") or query.get("before")
    return read_cursor(text, ctx, INVOICES, choice) if text else None


def _export(wanted: InvoiceFilter, sort: str, form: str) -> str:
    """The address of a file with what the list shows."""
    given = {"status": wanted.status, "search": wanted.search, "operationId": wanted.operation_id, "sort": sort}
    return address("/api/invoices/export", {"format": form, **given})


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
