"""The first page of a document as a picture for a page; of what cannot be printed the picture says why."""

from http import HTTPStatus
from textwrap import wrap
from typing import Final

from litestar import Response

from tranche.invoicing.domain import InvoiceDocument
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.press import preview
from tranche.invoicing.printing.printer import CannotPrint, Printer
from tranche.kernel.web.pages.render import shell_of
from tranche.kernel.web.requests import AnyRequest

_PPI: Final = 110.0
_LETTERS_IN_A_LINE: Final = 52


def draw_sheet(request: AnyRequest, printer: Printer, document: InvoiceDocument, design: Design) -> Response[bytes]:
    """PNG, or SVG with the reason; browsers show both, whatever the status."""
    try:
        return Response(preview(printer, document, design, ppi=_PPI), media_type="image/png")
    except CannotPrint as error:
        lines = wrap(error.message, _LETTERS_IN_A_LINE)
        picture = shell_of(request).render(request, "invoicing/no_sheet.svg", {"lines": lines})
        return Response(picture.encode(), media_type="image/svg+xml", status_code=HTTPStatus.BAD_REQUEST)
