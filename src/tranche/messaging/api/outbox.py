"""The outbox to look at, its report, and the list of suppressed addresses."""

from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

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
    exports_of,
    lists,
    look,
    prefix,
    read_filters,
    whole,
    word,
)
from tranche.kernel.web.openapi import choice, takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_text, read_whole
from tranche.messaging import service
from tranche.messaging.domain import Channel, State, clean_address
from tranche.messaging.schemas import (
    MessageDetailOut,
    MessageOut,
    ReportOut,
    SuppressionBody,
    SuppressionOut,
    detail_out,
    message_out,
    suppression_out,
)

_SCOPE: Final = {SCOPE: "messages"}
FILTERS: Final[Readers] = {
    "channel": ("channel", word(*Channel)),
    "status": ("status", word(*State)),
    "operationId": ("operation_id", whole),
    "search": ("address", prefix()),
}


@get("/api/messages", opt=_SCOPE, operation_class=lists(service.MESSAGES, FILTERS), sync_to_thread=True)
def list_messages(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[MessageOut]]:
    """Messages, newest first, by `channel`, `status`, `operationId` and the address's beginning `search`."""
    choice = read_filters(request, service.MESSAGES, FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, service.MESSAGES, choice)
    out = [message_out(service.message_of(row)) for row in found.rows]
    return envelope(ctx, out, message="Messages fetched", links=found.links)


@get("/api/messages/export", opt=_SCOPE, operation_class=exports_of(service.MESSAGES, FILTERS), sync_to_thread=False)
def export_messages(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The messages under the same filters as a file: `format=csv` or `format=xlsx`."""
    choice = read_filters(request, service.MESSAGES, FILTERS, besides=EXPORTING)
    return exports.answer(ctx, request, service.MESSAGES, choice)


@get("/api/messages/report", opt=_SCOPE, sync_to_thread=True, operation_class=takes(*usual("operationId")))
def get_report(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[ReportOut]:
    """How many messages stand in each state, of one operation or of all."""
    allow_query(request, {"operationId"})
    operation_id = read_whole(request, "operationId")
    with database.transaction(ctx.organization_id) as conn:
        found = service.count_by_status(conn, operation_id=operation_id)
    out = ReportOut(total=sum(found.values()), by_status={state.value: count for state, count in found.items()})
    return envelope(ctx, out, message="Report fetched")


@get("/api/messages/{message_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_message(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], message_id: FromPath[int]
) -> Envelope[MessageDetailOut]:
    """One message with its words and what happened to it."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        message = service.get_message(conn, message_id=message_id)
        events = service.list_events(conn, message_id=message_id)
    return envelope(ctx, detail_out(message, events=events), message="Message fetched")


@get(
    "/api/message-suppressions",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(
        choice("channel", "Only this channel.", choices=list(Channel)), *usual("page", "limit", "search")
    ),
)
def list_suppressions(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[SuppressionOut]]:
    """Suppressed addresses by channel and address, by `channel` and the address's beginning `search`."""
    allow_query(request, {"page", "limit", "channel", "search"})
    page = read_page(request)
    channel = read_choice(request, "channel", choices=list(Channel))
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_suppressions(
            conn,
            channel=Channel(channel) if channel else None,
            search=read_text(request, "search"),
            limit=page.limit,
            offset=page.offset,
        )
    out = [suppression_out(one) for one in found]
    return envelope(ctx, out, message="Suppressions fetched", links=page_links(page, total=total))


@post("/api/message-suppressions", opt=_SCOPE, sync_to_thread=True)
def create_suppression(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[SuppressionBody],
) -> JsonResponse[Envelope[SuppressionOut]]:
    """Send nothing more to an address."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            made = service.suppress(
                conn, ctx, channel=wanted.channel, address=wanted.address, reason=wanted.reason.strip() or "by hand"
            )
        return Answer(envelope(ctx, suppression_out(made), message="Address suppressed"), status=HTTPStatus.CREATED)

    return act(database, ctx, request, action, given=data)


@post("/api/message-suppressions/remove", opt=_SCOPE, status_code=200, sync_to_thread=True)
def remove_suppression(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[SuppressionBody],
) -> JsonResponse[Envelope[None]]:
    """Take an address off the list; addresses stay out of the URL, which is logged."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            address = clean_address(wanted.channel, wanted.address)
        service.unsuppress(conn, ctx, channel=wanted.channel, address=address)
        return Answer(envelope(ctx, None, message="Address taken off the list"))

    return act(database, ctx, request, action, given=data)


OUTBOX_ROUTES: Final = (
    list_messages,
    export_messages,
    get_report,
    find_message,
    list_suppressions,
    create_suppression,
    remove_suppression,
)
