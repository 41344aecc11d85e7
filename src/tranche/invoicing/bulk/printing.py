"""The stage that prints: each position's invoices become kept files; printing twice gives the same file."""

import io
from dataclasses import dataclass, replace
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.design import get_design
from tranche.invoicing.bulk.domain import PDF, SEND
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.printing.archive import count_pages
from tranche.invoicing.printing.press import Proof, prepare
from tranche.invoicing.printing.printer import CannotPrint, Printer, PrinterGone
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import ItemStatus, Operation
from tranche.kernel.operations.handlers import Following, Outcome, OutsideItem
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import Files, StorageFull

MOST_PDF_BYTES: Final = 50_000_000
_LEASE: Final = 300.0
_RETRY_AFTER: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    invoice_id: int
    number: str
    proof: Proof
    is_printed: bool


class PdfPhase:
    """Outside, repeatable: a file that was printed from the same data before is taken as it is."""

    name = PDF
    unit = "invoices"
    parallel = True
    lease_seconds = _LEASE
    batch = 50
    repeatable = True

    def __init__(self, database: Database, files: Files, printer: Printer) -> None:
        self.following: Following = after_pdf
        self._db = database
        self._files = files
        self._printer = printer

    def perform(self, operation: Operation, item: OutsideItem) -> Outcome:
        """Print what is not printed yet."""
        with self._db.transaction(operation.organization_id) as conn:
            wanted = self._collect(conn, operation, item)
        try:
            for one in wanted:
                if not one.is_printed:
                    self._print(operation, item, one)
        except CannotPrint as error:
            return Outcome(status=ItemStatus.FAILED, error_code=error.error_code, error=error.message)
        except (PrinterGone, StorageFull) as error:
            return Outcome(
                status=ItemStatus.FAILED, error_code=error.error_code, error=error.message, retry_after=_RETRY_AFTER
            )
        return Outcome(status=ItemStatus.SUCCEEDED, result={"invoices": [one.number for one in wanted][:100]})

    def _collect(self, conn: Connection, operation: Operation, item: OutsideItem) -> list[_Wanted]:
        design, found = get_design(conn), []
        for invoice_id in members.list_members(conn, operation_id=operation.id, position=item.position):
            document = invoicing.get_invoice_document(conn, invoice_id)
            if language := operation.payload.get("language"):
                document = replace(document, language=language)
            proof = prepare(document, design)
            row = members.find_file(conn, invoice_id=invoice_id, data_hash=bytes.fromhex(proof.data_hash))
            is_printed = row is not None and self._files.exists(operation.organization_id, bytes(row["sha256"]))
            if is_printed:
                _link(conn, operation, item, invoice_id=invoice_id, proof=proof)
            found.append(_Wanted(invoice_id=invoice_id, number=document.number, proof=proof, is_printed=is_printed))
        return found

    def _print(self, operation: Operation, item: OutsideItem, wanted: _Wanted) -> None:
        pdf = self._printer.print(wanted.proof.job)
        stored = self._files.put(operation.organization_id, io.BytesIO(pdf), limit=MOST_PDF_BYTES)
        pages = count_pages(io.BytesIO(pdf))
        with self._db.transaction(operation.organization_id) as conn:
            storage.register(conn, stored=stored)
            members.keep_file(
                conn,
                invoice_id=wanted.invoice_id,
                data_hash=bytes.fromhex(wanted.proof.data_hash),
                template_id=wanted.proof.template_id,
                template_version=wanted.proof.template_version,
                sha256=stored.sha256,
                size=stored.size,
                pages=pages,
                not_electronic=wanted.proof.not_electronic,
            )
            _link(conn, operation, item, invoice_id=wanted.invoice_id, proof=wanted.proof)


def after_pdf(operation: Operation) -> str | None:
    """A printed invoice is sent where that was asked for."""
    return SEND if operation.payload.get("send") else None


def _link(conn: Connection, operation: Operation, item: OutsideItem, *, invoice_id: int, proof: Proof) -> None:
    members.link_file(
        conn,
        operation_id=operation.id,
        position=item.position,
        invoice_id=invoice_id,
        data_hash=bytes.fromhex(proof.data_hash),
    )
