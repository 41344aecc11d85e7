"""Invoices: list, one, void, credit note."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.invoicing import service
from tranche.invoicing.domain import InvoiceKind, InvoiceStatus
from tranche.invoicing.schemas.invoices import InvoiceDetailOut, InvoiceOut, ReasonBody, detail_out, invoice_out
from tranche.invoicing.service import INVOICES, invoice_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    Readers,
    day,
    exports_of,
    lists,
    look,
    prefix,
    read_filters,
    whole,
    word,
)
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "invoices"}
FILTERS: Final[Readers] = {
    "kind": ("kind", word(*InvoiceKind)),
    "status": ("status", word(*InvoiceStatus)),
    "customerId": ("customer_id", whole),
    "orderId": ("order_id", whole),
    "operationId": ("operation_id", whole),
    "search": ("search", prefix()),
    "from": ("since", day),
    "to": ("until", day),
}


@get("/api/invoices", opt=_SCOPE, operation_class=lists(INVOICES, FILTERS), sync_to_thread=True)
def list_invoices(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[InvoiceOut]]:
    """Invoices and credit notes, the newest first; `search` begins a number, `from` and `to` are invoice dates."""
    choice = read_filters(request, INVOICES, FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, INVOICES, choice)
    out = [invoice_out(invoice_of(row)) for row in found.rows]
    return envelope(ctx, out, message="Invoices fetched", links=found.links)


@get("/api/invoices/export", opt=_SCOPE, operation_class=exports_of(INVOICES, FILTERS), sync_to_thread=False)
def export_invoices(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The invoices under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, INVOICES, read_filters(request, INVOICES, FILTERS, besides=EXPORTING))


@get("/api/invoices/{invoice_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_invoice(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], invoice_id: FromPath[int]
) -> Envelope[InvoiceDetailOut]:
    """One invoice with everything that its document shows, and the lots that its goods came from."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        out = _detail(conn, invoice_id)
    return envelope(ctx, out, message="Invoice fetched")


@post("/api/invoices/{invoice_id:int}/void", opt=_SCOPE, status_code=200, sync_to_thread=True)
def void_invoice(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_id: FromPath[int],
    data: JSONBody[ReasonBody],
) -> JsonResponse[Envelope[InvoiceDetailOut]]:
    """Void a live invoice: it keeps its number, its order may be invoiced again, its stock goes back."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            service.void_invoice(conn, ctx, invoice_id=invoice_id, reason=data.data.reason)
        return Answer(envelope(ctx, _detail(conn, invoice_id), message="Invoice voided"))

    return act(database, ctx, request, action, given=data)


@post("/api/invoices/{invoice_id:int}/credit-note", opt=_SCOPE, status_code=201, sync_to_thread=True)
def credit_invoice(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    invoice_id: FromPath[int],
    data: JSONBody[ReasonBody],
) -> JsonResponse[Envelope[InvoiceDetailOut]]:
    """Issue a credit note over the whole of a live invoice, with the next number of its series."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            note_id = service.credit_invoice(
                conn, ctx, invoice_id=invoice_id, reason=data.data.reason, now=datetime.now(UTC)
            )
        headers = {"Location": f"/api/invoices/{note_id}"}
        body = envelope(ctx, _detail(conn, note_id), message="Credit note issued")
        return Answer(body, status=HTTPStatus.CREATED, headers=headers)

    return act(database, ctx, request, action, given=data)


def _detail(conn: Connection, invoice_id: int) -> InvoiceDetailOut:
    invoice = service.get_invoice(conn, invoice_id=invoice_id)
    document = service.get_invoice_document(conn, invoice_id)
    taken, steps = service.list_taken(conn, invoice_id=invoice_id), service.list_steps(conn, invoice_id=invoice_id)
    return detail_out(invoice, document, taken=taken, steps=steps)


INVOICE_ROUTES: Final = (list_invoices, export_invoices, find_invoice, void_invoice, credit_invoice)
