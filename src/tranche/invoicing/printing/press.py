"""From an invoice to its file: the one door of printing."""

from dataclasses import dataclass
from typing import Any, Final

from tranche.invoicing.domain import InvoiceDocument
from tranche.invoicing.printing.design import TEMPLATE_ID, TEMPLATE_VERSION, Design
from tranche.invoicing.printing.electronic import NotElectronic, make_xml
from tranche.invoicing.printing.page import draw, hash_page, make_page
from tranche.invoicing.printing.printer import Job, Printer

PREVIEW_PPI: Final = 96.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is to be printed, and what the file will be known by; `not_electronic` says why no XML goes with it."""

    page: dict[str, Any]
    logo: bytes | None
    data_hash: str
    template_id: str = TEMPLATE_ID
    template_version: int = TEMPLATE_VERSION
    not_electronic: str | None = None

    @property
    def job(self) -> Job:
        """The printer's work; what is known by its hash already need not ask for it."""
        return Job(page=draw(self.page), logo=self.logo)


def prepare(document: InvoiceDocument, design: Design) -> Proof:
    """Everything that the file will hold; nothing is printed yet, and equal proofs give equal bytes."""
    xml, reason = None, None
    if design.e_invoice:
        try:
            xml = make_xml(document, country=design.country)
        except NotElectronic as error:
            reason = error.reason
    page = make_page(document, design, xml=xml)
    return Proof(page=page, logo=design.logo, data_hash=hash_page(page), not_electronic=reason)


def print_document(printer: Printer, document: InvoiceDocument, design: Design) -> bytes:
    """The invoice as PDF; see Printer.print for what is raised."""
    return printer.print(prepare(document, design).job)


def preview(printer: Printer, document: InvoiceDocument, design: Design, *, ppi: float = PREVIEW_PPI) -> bytes:
    """The first page as PNG."""
    job = prepare(document, design).job
    return printer.print(Job(page=job.page, logo=job.logo, ppi=ppi))
