"""One message: its words, what happened to it, and what a person decides when nobody knows whether it has arrived."""

from typing import Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.pages.changing import change
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service
from tranche.messaging.domain import Provider
from tranche.messaging.pages.channels import PROVIDER_NAMES
from tranche.messaging.pages.outbox import NAMES

_PATH: Final = "/messages/{message_id:int}"


@page(_PATH)
def message_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], message_id: FromPath[int]
) -> Html:
    """One message with its words and what happened to it."""
    with database.transaction(ctx.organization_id) as conn:
        message = service.get_message(conn, message_id=message_id)
        events = service.list_events(conn, message_id=message_id)
    data = {
        "message": message,
        "events": events,
        "names": NAMES,
        "provider": PROVIDER_NAMES[Provider(message.provider)] if message.provider else "",
        "is_folder": message.provider == Provider.FOLDER,
    }
    return render(request, "messaging/message.html", data)


@form(_PATH + "/mark-sent")
def mark_sent(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    message_id: FromPath[int],
) -> Html:
    """It has arrived."""

    def act(conn: Connection) -> None:
        operation_id = service.find_sending(conn, message_id=message_id)
        service.mark_sent(conn, ctx, operation_id=operation_id, message_id=message_id)

    return change(database, ctx, act, to=f"/messages/{message_id}", said="It counts as sent.")


@form(_PATH + "/send-again")
def send_again(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    message_id: FromPath[int],
) -> Html:
    """It is to go out once more."""

    def act(conn: Connection) -> None:
        operation_id = service.find_sending(conn, message_id=message_id)
        service.send_again(conn, ctx, operations, operation_id=operation_id, message_id=message_id)

    return change(database, ctx, act, to=f"/messages/{message_id}", said="It is sent again.")


MESSAGE_PAGES: Final = (message_page, mark_sent, send_again)
