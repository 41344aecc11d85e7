"""Invoices as answers to the search in the top bar: by the beginning of their number."""

from collections.abc import Sequence

from tranche.invoicing import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.web.pages.ports import Hit


def find_invoices(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first invoices whose number begins so."""
    del ctx
    return [
        Hit(
            kind="Invoice" if invoice.kind == "invoice" else "Credit note",
            label=invoice.number,
            path=f"/invoices/{invoice.id}",
            detail=invoice.buyer_name,
        )
        for invoice in service.list_first(conn, beginning=text, limit=limit)
    ]
