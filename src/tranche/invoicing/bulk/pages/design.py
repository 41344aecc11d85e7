"""Settings, invoice design: colour, logo, footer, beside a sheet that shows them while one chooses."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody, URLEncodedBody

from tranche.invoicing.bulk.design import change_design, change_logo, get_design
from tranche.invoicing.bulk.pages.sheets import draw_sheet
from tranche.invoicing.bulk.sample import sample_document
from tranche.invoicing.domain import InvoiceDocument
from tranche.invoicing.printing.design import MOST_LOGO_BYTES, PAPERS, Design
from tranche.invoicing.printing.figures import list_languages, name_languages
from tranche.invoicing.printing.press import print_document
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid
from tranche.kernel.identity.service import get_organization
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, faults_of, fragment, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_choice

PATH: Final = "/settings/invoice-design"


class DesignForm(Body, frozen=True):
    """What is chosen; boxes that are not ticked are left out by browsers."""

    accent: str = "#1f4ed8"
    footer: str = ""
    paper: str = "a4"
    country: str = ""
    payment_qr: str = ""
    e_invoice: str = ""
    language: str = ""


class LogoForm(Body, frozen=True):
    """A picture to print."""

    logo: UploadFile


@page(PATH, role=Role.ADMIN)
def design_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The design of now."""
    with database.transaction(ctx.organization_id) as conn:
        data = _shown(conn, get_design(conn))
    return render(request, "invoicing/design.html", data)


@form(PATH, role=Role.ADMIN)
def save_design(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[DesignForm],
) -> Html:
    """Keep the design; the logo stays."""
    with database.transaction(ctx.organization_id) as conn:
        before = get_design(conn)
        try:
            change_design(conn, ctx, design=_chosen(before, data))
        except Invalid as error:
            shown = _shown(conn, before, data=data, faults=faults_of(error))
            return render(request, "invoicing/design.html", shown, status=400)
    return redirect(PATH, say="Invoices look so from now on.")


@form(PATH + "/logo", role=Role.ADMIN, opt={UPLOAD: True})
def save_logo(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
    data: MultipartBody[LogoForm],
) -> Html:
    """Keep a logo."""
    with database.transaction(ctx.organization_id) as conn:
        before = get_design(conn)
        try:
            logo = data.logo.file.read(MOST_LOGO_BYTES + 1)
            change_logo(conn, ctx, printer, design=replace(before, logo=logo))
        except Invalid as error:
            shown = _shown(conn, before, faults=faults_of(error))
            return render(request, "invoicing/design.html", shown, status=400)
    return redirect(PATH, say="The logo is printed from now on.")


@form(PATH + "/logo/remove", role=Role.ADMIN)
def remove_logo(ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Print the name instead."""
    with database.transaction(ctx.organization_id) as conn:
        change_design(conn, ctx, design=replace(get_design(conn), logo=None))
    return redirect(PATH, say="The logo is taken away.")


@form(PATH + "/look", role=Role.ADMIN)
def look_design(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[DesignForm],
) -> Html:
    """The sheet with what is chosen, as a piece of the page; nothing is kept."""
    with database.transaction(ctx.organization_id) as conn:
        before, faults = get_design(conn), {}
        try:
            _chosen(before, data)
        except Invalid as error:
            faults = faults_of(error)
        shown = _shown(conn, before, data=data, faults=faults)
    return fragment(request, "invoicing/design.html", "sheet", shown)


@page(PATH + "/sheet.png", role=Role.ADMIN)
def draw_design(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
) -> Response[bytes]:
    """A made-up invoice as a picture, by the design in the address."""
    document, design = _asked(request, ctx, database)
    return draw_sheet(request, printer, document, design)


@page(PATH + "/sheet.pdf", role=Role.ADMIN)
def print_sheet(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
) -> Response[bytes]:
    """The same as the file that a customer would get."""
    document, design = _asked(request, ctx, database)
    return Response(print_document(printer, document, design), media_type="application/pdf")


def _asked(request: AnyRequest, ctx: Context, database: Database) -> tuple[InvoiceDocument, Design]:
    given = {name: text for name, text in request.query_params.items() if name in DesignForm.__struct_fields__}
    language = read_choice(request, "language", choices=("", *list_languages())) or None
    with database.transaction(ctx.organization_id) as conn:
        design = get_design(conn)
        document = sample_document(conn, language=language)
    return document, _chosen(design, DesignForm(**given)) if given else design


def _chosen(before: Design, data: DesignForm) -> Design:
    return replace(
        before,
        accent=data.accent.lower(),
        footer=data.footer.strip(),
        paper=data.paper,
        country=data.country.strip().upper(),
        payment_qr=bool(data.payment_qr),
        e_invoice=bool(data.e_invoice),
    )


def _shown(
    conn: Connection, design: Design, *, data: DesignForm | None = None, faults: dict[str, str] | None = None
) -> dict[str, Any]:
    chosen = data or DesignForm(
        accent=design.accent,
        footer=design.footer,
        paper=design.paper,
        country=design.country,
        payment_qr="true" if design.payment_qr else "",
        e_invoice="true" if design.e_invoice else "",
        language=get_organization(conn).language,
    )
    names = ("accent", "footer", "paper", "country", "payment_qr", "e_invoice", "language")
    address = urlencode({name: getattr(chosen, name) for name in names})
    return {
        "data": chosen,
        "faults": faults or {},
        "has_logo": design.logo is not None,
        "papers": [(paper, paper.upper().replace("US-LETTER", "US Letter")) for paper in PAPERS],
        "languages": name_languages(),
        "picture": f"{PATH}/sheet.png?{address}",
        "pdf": f"{PATH}/sheet.pdf?{address}",
    }


DESIGN_PAGES: Final = (design_page, save_design, save_logo, remove_logo, look_design, draw_design, print_sheet)
