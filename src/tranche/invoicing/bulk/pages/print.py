"""Printing invoices: which ones, how, what that comes to, then the printing; and one invoice as a picture."""

from typing import Any, Final

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.design import get_design
from tranche.invoicing.bulk.pages.choosing import ChoiceForm, list_faults, read_ids, with_ids
from tranche.invoicing.bulk.pages.sheets import draw_sheet
from tranche.invoicing.bulk.previewing import PrintAhead, look_at_print
from tranche.invoicing.printing.figures import name_languages
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.pages.once import begin_once, make_token
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/invoices/print"


class PrintForm(ChoiceForm, frozen=True):
    """Which invoices, and how."""

    language: str = ""
    combined: str = ""


@page(PATH, role=Role.OPERATOR)
def print_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Choose: `run` (an operation's number) or `ids` may stand in the address."""
    data = PrintForm(run=request.query_params.get("run", ""), ids=request.query_params.get("ids", ""), combined="true")
    return _show(request, ctx, database, data, looks=bool(data.run or data.ids))


@form(PATH)
def look_at_printing(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[PrintForm],
) -> Html:
    """What it comes to."""
    return _show(request, ctx, database, data, looks=True)


@form(PATH + "/start")
def start_printing(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    data: URLEncodedBody[PrintForm],
) -> Html:
    """Print."""
    language, combined = data.language or None, bool(data.combined)
    try:
        with database.transaction(ctx.organization_id) as conn:

            def begin() -> str:
                made = service.start_pdfs(
                    conn,
                    ctx,
                    operations,
                    invoice_ids=read_ids(conn, data),
                    language=language,
                    combined=combined,
                    metadata={"language": language, "create_combined_pdf": combined},
                )
                return f"/operations/{made.id}"

            path = begin_once(conn, ctx, token=data.once, begin=begin)
    except Invalid as error:
        return _show(request, ctx, database, data, looks=False, error=error)
    return redirect(path, say="The printing has begun.")


@page("/invoices/{invoice_id:int}/sheet.png")
def draw_invoice(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
    invoice_id: FromPath[int],
) -> Response[bytes]:
    """The first page of an invoice, as it is printed."""
    with database.transaction(ctx.organization_id) as conn:
        document, design = invoicing.get_invoice_document(conn, invoice_id), get_design(conn)
    return draw_sheet(request, printer, document, design)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    data: PrintForm,
    *,
    looks: bool,
    error: Invalid | None = None,
) -> Html:
    ahead: PrintAhead | None = None
    if looks and error is None:
        try:
            with database.transaction(ctx.organization_id) as conn:
                ids = read_ids(conn, data)
                ahead = look_at_print(conn, invoice_ids=ids)
            data = with_ids(data, ids)
        except Invalid as found:
            error = found
    shown: dict[str, Any] = {
        "data": data,
        "ahead": ahead,
        "faults": list_faults(error) if error else {},
        "languages": [("", "Each in its own"), *name_languages()],
        "once": make_token(),
    }
    return render(request, "invoicing/print.html", shown, status=400 if error else 200)


PRINT_PAGES: Final = (print_page, look_at_printing, start_printing, draw_invoice)
