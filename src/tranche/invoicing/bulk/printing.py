"""The stage that prints: each position's invoices become kept files; printing twice gives the same file."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.design import get_design
from tranche.invoicing.bulk.domain import PDF, SEND
from tranche.invoicing.bulk.queries import members
from tranche.invoicing.bulk.queries.members import Kept
from tranche.invoicing.domain import InvoiceDocument
from tranche.invoicing.printing.archive import count_pages
from tranche.invoicing.printing.press import Proof, prepare
from tranche.invoicing.printing.printer import CannotPrint, Printer, PrinterGone
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.operations.domain import ItemStatus, Operation
from tranche.kernel.operations.handlers import Following, Group, Outcome, OutsideItem
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import Files, StorageFull, StoredFile

MOST_PDF_BYTES: Final = 50_000_000
_LEASE: Final = 300.0
_RETRY_AFTER: Final = 2.0
_AT_ONCE: Final = 16
_PROOFS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    position: int
    invoice_id: int
    number: str
    proof: Proof
    is_printed: bool

    @property
    def data_hash(self) -> bytes:
        return bytes.fromhex(self.proof.data_hash)


@dataclass(slots=True)
class _Done:
    """What a group has printed so far, and by position and invoice which file is meant."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    links: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def note(self, conn: Connection, operation: Operation) -> None:
        """Register the files; they are on the disk already."""
        for one in sorted(self.kept, key=lambda one: one.sha256):
            storage.register(conn, stored=StoredFile(sha256=one.sha256, size=one.size))
        if self.kept:
            members.keep_files(conn, kept=self.kept)
        if self.links:
            members.link_files(conn, operation_id=operation.id, hashes=self.links)


class PdfPhase:
    """Outside, repeatable: a file that was printed from the same data before is taken as it is."""

    name = PDF
    unit = "invoices"
    parallel = True
    lease_seconds = _LEASE
    batch = 50
    most_at_once = _AT_ONCE
    repeatable = True

    def __init__(self, database: Database, files: Files, printer: Printer) -> None:
        self.following: Following = after_pdf
        self._db = database
        self._files = files
        self._printer = printer

    def perform_all(self, operation: Operation, items: Sequence[OutsideItem], *, is_over: Callable[[], bool]) -> Group:
        """Print what is not printed yet, position by position."""
        positions = [item.position for item in items]
        with self._db.transaction(operation.organization_id) as conn:
            parcels = members.list_parcels(conn, operation_id=operation.id, positions=positions)
        done = _Done()
        for position, wanted in groupby(self._prove(operation, parcels), key=lambda one: one.position):
            if done.outcomes and is_over():
                break
            done.outcomes[position] = self._print_all(operation, wanted, done)
        else:
            for position in positions:
                done.outcomes.setdefault(position, Outcome(status=ItemStatus.SUCCEEDED, result={"invoices": []}))
        return Group(outcomes=done.outcomes, note=lambda conn: done.note(conn, operation))

    def _prove(self, operation: Operation, parcels: Sequence[Row]) -> Iterator[_Wanted]:
        """The proofs of the parcels' invoices, a few at a time."""
        for start in range(0, len(parcels), _PROOFS):
            rows = parcels[start : start + _PROOFS]
            with self._db.transaction(operation.organization_id) as conn:
                design = get_design(conn)
                documents = invoicing.list_invoice_documents(conn, invoice_ids=[row["invoice_id"] for row in rows])
            proofs = {key: prepare(_translate(one, operation), design) for key, one in documents.items()}
            hashes = {key: bytes.fromhex(proof.data_hash) for key, proof in proofs.items()}
            with self._db.transaction(operation.organization_id) as conn:
                files = members.list_files(conn, hashes=hashes)
            for row in rows:
                invoice_id, organization_id = row["invoice_id"], operation.organization_id
                yield _Wanted(
                    position=row["position"],
                    invoice_id=invoice_id,
                    number=documents[invoice_id].number,
                    proof=proofs[invoice_id],
                    is_printed=invoice_id in files and self._files.exists(organization_id, files[invoice_id]),
                )

    def _print_all(self, operation: Operation, wanted: Iterator[_Wanted], done: _Done) -> Outcome:
        numbers: list[str] = []
        try:
            for one in wanted:
                if not one.is_printed:
                    done.kept.append(self._print(operation, one))
                done.links[one.position, one.invoice_id] = one.data_hash
                numbers.append(one.number)
        except CannotPrint as error:
            return Outcome(status=ItemStatus.FAILED, error_code=error.error_code, error=error.message)
        except (PrinterGone, StorageFull) as error:
            return Outcome(
                status=ItemStatus.FAILED, error_code=error.error_code, error=error.message, retry_after=_RETRY_AFTER
            )
        return Outcome(status=ItemStatus.SUCCEEDED, result={"invoices": numbers[:100]})

    def _print(self, operation: Operation, wanted: _Wanted) -> Kept:
        pdf = self._printer.print(wanted.proof.job)
        stored = self._files.put(operation.organization_id, io.BytesIO(pdf), limit=MOST_PDF_BYTES)
        return Kept(
            invoice_id=wanted.invoice_id,
            data_hash=wanted.data_hash,
            template_id=wanted.proof.template_id,
            template_version=wanted.proof.template_version,
            sha256=stored.sha256,
            size=stored.size,
            pages=count_pages(io.BytesIO(pdf)),
            not_electronic=wanted.proof.not_electronic,
        )


def after_pdf(operation: Operation) -> str | None:
    """A printed invoice is sent where that was asked for."""
    return SEND if operation.payload.get("send") else None


def _translate(document: InvoiceDocument, operation: Operation) -> InvoiceDocument:
    language = operation.payload.get("language")
    return replace(document, language=language) if language else document
