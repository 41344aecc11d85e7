"""A person decides about a message of which nobody knows whether it has arrived."""

from collections.abc import Callable
from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.requests import AnyRequest, allow_query
from tranche.messaging import service
from tranche.messaging.schemas import MessageDetailOut, detail_out

_SCOPE: Final = {SCOPE: "messages"}


@post("/api/messages/{message_id:int}/mark-sent", opt=_SCOPE, status_code=200, sync_to_thread=True)
def mark_message_sent(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], message_id: FromPath[int]
) -> JsonResponse[Envelope[MessageDetailOut]]:
    """The message in doubt has arrived: it counts as sent, and its item as done."""

    def decide(conn: Connection, operation_id: int) -> None:
        service.mark_sent(conn, ctx, operation_id=operation_id, message_id=message_id)

    return _decide(request, ctx, database, message_id, decide, word="Message marked as sent")


@post("/api/messages/{message_id:int}/send-again", opt=_SCOPE, status_code=200, sync_to_thread=True)
def send_message_again(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    message_id: FromPath[int],
) -> JsonResponse[Envelope[MessageDetailOut]]:
    """The message in doubt goes out once more, under the same Message-ID."""

    def decide(conn: Connection, operation_id: int) -> None:
        service.send_again(conn, ctx, operations, operation_id=operation_id, message_id=message_id)

    return _decide(request, ctx, database, message_id, decide, word="Message queued again")


def _decide(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    message_id: int,
    decide: Callable[[Connection, int], None],
    *,
    word: str,
) -> JsonResponse[Any]:
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        operation_id = service.find_sending(conn, message_id=message_id)
        decide(conn, operation_id)
        message = service.get_message(conn, message_id=message_id)
        events = service.list_events(conn, message_id=message_id)
        return Answer(envelope(ctx, detail_out(message, events=events), message=word))

    return act(database, ctx, request, action)


DECIDING_ROUTES: Final = (mark_message_sent, send_message_again)
