"""Document 3's endpoints that change something: three ways to begin, then the verbs on one that has begun."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.api import SCOPED
from tranche.invoicing.bulk.domain import RESENDABLE, Afterwards, SendWish
from tranche.invoicing.bulk.schemas import (
    BatchOut,
    InvoicesBody,
    MessagesBody,
    PdfsBody,
    ResendBody,
    batch_out,
    lines_of,
    send_wish,
)
from tranche.invoicing.bulk.service import InvoicesWish
from tranche.invoicing.domain import Wishes, invalid_field
from tranche.invoicing.service import freeze_terms
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.schemas import OperationOut, operation_out
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import Body, JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_text
from tranche.messaging import service as messaging
from tranche.messaging.domain import State


@post("/api/batch-operations/invoices", opt=SCOPED, status_code=202, sync_to_thread=True)
def create_invoices(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    data: JSONBody[InvoicesBody],
) -> JsonResponse[BatchOut]:
    """Invoice every customer with the same lines; print and send them where the options say so."""
    options = data.options

    def start(conn: Connection) -> Operation:
        wishes = Wishes(due_days=options.due_days, language=options.language)
        with under("/options"):
            terms = freeze_terms(conn, ctx, wishes=wishes, now=datetime.now(UTC))
        wanted = InvoicesWish(
            customer_ids=data.customer_ids,
            lines=lines_of(options),
            terms=terms,
            afterwards=Afterwards(pdf=options.generate_pdf, send=send_wish(options)),
            metadata=_metadata(options),
        )
        return service.start_invoices(conn, ctx, operations, wanted=wanted)

    return _begin(request, ctx, database, start, given=data)


@post("/api/batch-operations/pdfs", opt=SCOPED, status_code=202, sync_to_thread=True)
def create_pdfs(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    data: JSONBody[PdfsBody],
) -> JsonResponse[BatchOut]:
    """Print invoices: a file each, a zip with a manifest, and one combined file where that is wanted."""

    def start(conn: Connection) -> Operation:
        return service.start_pdfs(
            conn,
            ctx,
            operations,
            invoice_ids=data.invoice_ids,
            language=data.options.language,
            combined=data.options.create_combined_pdf,
            metadata=_metadata(data.options),
        )

    return _begin(request, ctx, database, start, given=data)


@post("/api/batch-operations/communications", opt=SCOPED, status_code=202, sync_to_thread=True)
def create_messages(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    data: JSONBody[MessagesBody],
) -> JsonResponse[BatchOut]:
    """Send invoices by e-mail, SMS or WhatsApp."""

    def start(conn: Connection) -> Operation:
        metadata = {"method": data.method.value, **_metadata(data.options)}
        return service.start_messages(
            conn, ctx, operations, invoice_ids=data.invoice_ids, wish=wish_of(data), metadata=metadata
        )

    return _begin(request, ctx, database, start, given=data)


@post("/api/batch-operations/{batch_id:int}/resend", opt=SCOPED, status_code=202, sync_to_thread=True)
def resend_messages(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
    data: JSONBody[ResendBody],
) -> JsonResponse[BatchOut]:
    """Send what bounced or failed again, to the addresses that the customers have now."""
    strange = [word for word in data.states if word not in RESENDABLE]
    if strange or not data.states:
        raise invalid_field("/states", f"must hold some of {', '.join(RESENDABLE)}")
    states = [State(word) for word in data.states]

    def start(conn: Connection) -> Operation:
        return service.resend(conn, ctx, operations, operation_id=batch_id, states=states)

    return _begin(request, ctx, database, start, given=data)


@post("/api/batch-operations/{batch_id:int}/cancel", opt=SCOPED, status_code=200, sync_to_thread=True)
def cancel_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """End it between two items; what is done stays done."""
    allow_query(request, ())
    return _change(request, ctx, database, batch_id, lambda conn: operations.cancel(conn, ctx, operation_id=batch_id))


@post("/api/batch-operations/{batch_id:int}/pause", opt=SCOPED, status_code=200, sync_to_thread=True)
def pause_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """Hand out nothing more until it is resumed."""
    allow_query(request, ())
    return _change(request, ctx, database, batch_id, lambda conn: operations.pause(conn, ctx, operation_id=batch_id))


@post("/api/batch-operations/{batch_id:int}/resume", opt=SCOPED, status_code=200, sync_to_thread=True)
def resume_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """Go on with a paused one."""
    allow_query(request, ())
    return _change(request, ctx, database, batch_id, lambda conn: operations.resume(conn, ctx, operation_id=batch_id))


@post(
    "/api/batch-operations/{batch_id:int}/retry",
    opt=SCOPED,
    status_code=200,
    sync_to_thread=True,
    operation_class=takes(*usual("code")),
)
def retry_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """Work again on the failed stages, all or by `code`; an invoice that was issued is not issued again."""
    allow_query(request, {"code"})
    code = read_text(request, "code")
    return _change(
        request, ctx, database, batch_id, lambda conn: operations.retry(conn, ctx, operation_id=batch_id, code=code)
    )


@post("/api/batch-operations/{batch_id:int}/mark-sent", opt=SCOPED, status_code=200, sync_to_thread=True)
def mark_batch_sent(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    batch_id: FromPath[int],
) -> JsonResponse[BatchOut]:
    """Every message in doubt has arrived; to send them again instead, retry the code unknown_outcome."""
    allow_query(request, ())
    return _change(request, ctx, database, batch_id, lambda conn: messaging.mark_sent(conn, ctx, operation_id=batch_id))


@post("/api/batch-operations/{batch_id:int}/undo", opt=SCOPED, status_code=202, sync_to_thread=True)
def undo_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> JsonResponse[Envelope[OperationOut]]:
    """Void every invoice of the operation that is still live; 202 with the operation that does it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        service.get_batch(conn, operation_id=batch_id)
        undo = operations.undo(conn, ctx, operation_id=batch_id)
        out = envelope(ctx, operation_out(undo, units=operations.units_of(undo)), message="Undo started")
        headers = {"Location": f"/api/operations/{undo.id}", "Retry-After": "1"}
        return Answer(out, status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action)


def wish_of(data: MessagesBody) -> SendWish:
    """How the invoices of a request are sent."""
    return SendWish(
        channel=data.method,
        subject=data.options.subject,
        template=data.options.template,
        include_pdf=data.options.include_pdf,
        by_customer=data.options.group_by_customer,
    )


def _metadata(options: Body) -> dict[str, Any]:
    found = msgspec.to_builtins(options, enc_hook=str, builtin_types=())
    return dict(found) if isinstance(found, dict) else {}


def _begin(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    start: Callable[[Connection], Operation],
    *,
    given: Body,
) -> JsonResponse[Any]:
    """202 with the operation as document 3 shows it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        batch = service.get_batch(conn, operation_id=start(conn).id)
        headers = {"Location": f"/api/batch-operations/{batch.id}", "Retry-After": "1"}
        return Answer(batch_out(batch), status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action, given=given)


def _change(
    request: AnyRequest, ctx: Context, database: Database, batch_id: int, verb: Callable[[Connection], object]
) -> JsonResponse[Any]:
    def action(conn: Connection) -> Answer:
        service.get_batch(conn, operation_id=batch_id)
        verb(conn)
        return Answer(batch_out(service.get_batch(conn, operation_id=batch_id)))

    return act(database, ctx, request, action)


CHANGING: Final = (
    create_invoices,
    create_pdfs,
    create_messages,
    resend_messages,
    cancel_batch,
    pause_batch,
    resume_batch,
    retry_batch,
    mark_batch_sent,
    undo_batch,
)
