"""Document 3's kinds of operation, each a row of stages whose failures stand alone."""

from dataclasses import replace
from typing import Final

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.bundle import BundlePhase
from tranche.invoicing.bulk.domain import (
    BUNDLE,
    INVOICE,
    INVOICES_KIND,
    MESSAGES_KIND,
    NOTICES_KIND,
    PDFS_KIND,
    has_stage,
)
from tranche.invoicing.bulk.issuing import CustomersPhase
from tranche.invoicing.bulk.printing import PdfPhase
from tranche.invoicing.bulk.sending import SendPhase, settle
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.handlers import Handler, Retried
from tranche.kernel.operations.items import retry_items
from tranche.kernel.storage.domain import Files
from tranche.messaging import service as messaging
from tranche.messaging.delivery import Delivery

# What the gathering of files ends an operation with; then, and where it was cancelled, it is gathered again, though no
# item failed.
_GATHERING: Final = frozenset({"storage_full", "lost_page"})


def make_handlers(
    run: Handler, *, database: Database, files: Files, printer: Printer, delivery: Delivery
) -> list[Handler]:
    """The kinds of operation of document 3, and `run`, which issues invoices, with their stages behind its own.

    `database` is the pool that their effects are recorded with.
    """
    pdf, send, bundle = PdfPhase(database, files, printer), SendPhase(database, delivery), BundlePhase(files)
    return [
        replace(run, phases=(*run.phases, pdf, send, bundle), has_phase=has_stage, finished=settle, retry=_retry),
        Handler(
            kind=INVOICES_KIND,
            phases=(CustomersPhase(), pdf, send, bundle),
            has_phase=has_stage,
            finished=settle,
            retry=_retry,
            undo=invoicing.start_undo,
            lasting=frozenset({INVOICE}),
        ),
        Handler(kind=PDFS_KIND, phases=(pdf, bundle), has_phase=has_stage, retry=_retry),
        Handler(kind=MESSAGES_KIND, phases=(pdf, send), finished=settle, retry=_retry),
        Handler(kind=NOTICES_KIND, phases=(send,), finished=settle, retry=_retry),
    ]


def _retry(conn: Connection, operation: Operation, code: str | None) -> Retried:
    """A person who retries takes it on themselves that a message of unknown outcome may arrive twice."""
    retried = retry_items(conn, operation, code)
    if retried.unknown:
        messaging.release_unknown(conn, operation_id=operation.id)
    is_cut_short = operation.status is Status.CANCELLED and operation.phase == BUNDLE and code is None
    if is_cut_short or (operation.error_code in _GATHERING and code in {None, operation.error_code}):
        return replace(retried, phases=retried.phases | {BUNDLE})
    return retried
