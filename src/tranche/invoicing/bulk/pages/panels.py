"""What the page of a printing or sending says beside its counts: its files, its messages, what to do about reasons."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.domain import CUSTOMER, INVOICES_KIND, MESSAGES_KIND, NOTICES_KIND, PDFS_KIND
from tranche.invoicing.pages.panels import ADVICE, load_invoices
from tranche.invoicing.service import RUN_KIND
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.panels import OperationPanel, Way
from tranche.messaging import service as messaging

_ADVICE: Final = {
    "no_recipient": "Enter it on the page of the customer, then retry.",
    "bad_address": "Put it right on the page of the customer, then retry.",
    "suppressed": "If it may be written to again, take it off the list under Messages, then retry.",
    "not_live": "It was voided or credited meanwhile; nothing is to be done.",
    "no_pdf": "Retry what could not be printed first; the message goes out afterwards.",
    "no_invoice": "The invoice was not made, so there is nothing to send.",
    "unknown_outcome": "Nobody knows whether the message has left. Ask the recipient: a retry may send it twice.",
    "refused": "The provider has refused it. Look at the channel's settings, then retry.",
    "unreachable": "The provider cannot reach this recipient. Check the address, then retry.",
    "cannot_print": "Look at the invoice and at the design of invoices, then retry.",
    "storage_full": "Make room on the disk, then retry: what is printed already is not printed again.",
}


_CUSTOMER: Final = Way(path="/customers/{}", key=CUSTOMER, label="To the customer")
_WAYS: Final = {"no_recipient": _CUSTOMER, "bad_address": _CUSTOMER}


def load_files(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The files that were made, and how many messages there are."""
    del ctx
    files = [file for file in service.list_files(conn, operation_id=operation.id) if file.kind != "part"]
    messages = sum(messaging.count_by_status(conn, operation_id=operation.id).values())
    return {"files": files, "messages": messages} if files or messages else None


PANELS: Final = (
    OperationPanel(
        kinds=frozenset({INVOICES_KIND}), template="invoicing/run_panel.html", load=load_invoices, item="/customers/{}"
    ),
    OperationPanel(
        kinds=frozenset({INVOICES_KIND, PDFS_KIND, MESSAGES_KIND, NOTICES_KIND}),
        template="invoicing/files_panel.html",
        load=load_files,
        item="/invoices/{}",
        advice={**ADVICE, **_ADVICE},
        ways=_WAYS,
    ),
    OperationPanel(
        kinds=frozenset({RUN_KIND}),
        template="invoicing/files_panel.html",
        load=load_files,
        advice=_ADVICE,
        ways=_WAYS,
    ),
)
