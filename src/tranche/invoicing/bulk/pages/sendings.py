"""One sending or printing: how far it is, what became of each message, its files, and what bounced sent again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.domain import RESENDABLE, NothingToSend
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations, list_items
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.browsing import browse
from tranche.kernel.web.pages.changing import change
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column, address
from tranche.kernel.web.pages.once import begin_once, make_token
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service as messaging
from tranche.messaging.api.outbox import FILTERS
from tranche.messaging.domain import Channel
from tranche.messaging.pages.outbox import NAMES, list_folders, state_chips

PATH: Final = "/invoices/sendings/{batch_id:int}"
_PER_PAGE: Final = 50
_COLUMNS: Final = (
    Column(label="Recipient"),
    Column(label="Subject"),
    Column(label="State"),
    Column(label="What was said"),
)


class OnceForm(Body, frozen=True):
    """A button that begins something, with its token."""

    once: str = ""


@page(PATH)
def sending_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Html:
    """The operation with its messages, newest first, and the items that failed before they became one."""
    readers = {"status": FILTERS["status"]}
    with database.transaction(ctx.organization_id) as conn:
        operation = service.get_sender(conn, operation_id=batch_id)
        counts = messaging.count_by_status(conn, operation_id=batch_id)
        rows, listing = browse(
            request,
            ctx,
            conn,
            messaging.MESSAGES,
            readers,
            columns=_COLUMNS,
            filters=(state_chips(counts),),
            fixed={"operation_id": batch_id},
        )
        failed = list_items(conn, operation_id=batch_id, statuses=["failed"], code=None, limit=_PER_PAGE)
        files, folders = service.list_files(conn, operation_id=batch_id), list_folders(conn)
    send = operation.payload.get("send")
    data: dict[str, Any] = {
        "operation": operation,
        "counts": counts,
        "messages": [messaging.message_of(row) for row in rows],
        "failed": failed,
        "files": files,
        "is_folder": send is not None and NAMES[Channel(send["channel"])] in folders,
        "listing": replace(listing, exports=_exports(request, batch_id)),
        "names": NAMES,
        "lost": sum(counts[state] for state in RESENDABLE),
        "once": make_token(),
    }
    return render(request, "invoicing/sending.html", data)


def _exports(request: AnyRequest, batch_id: int) -> list[tuple[str, str]]:
    """The addresses of files with what the list shows."""
    wanted = {"operationId": batch_id, "status": request.query_params.get("status")}
    return [(word.upper(), address("/api/messages/export", {**wanted, "format": word})) for word in ("csv", "xlsx")]


@form(PATH + "/resend")
def resend(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
    data: URLEncodedBody[OnceForm],
) -> Html:
    """What bounced or failed once more, to the addresses of now."""
    try:
        with database.transaction(ctx.organization_id) as conn:

            def begin() -> str:
                again = service.resend(conn, ctx, operations, operation_id=batch_id, states=RESENDABLE)
                return f"/invoices/sendings/{again.id}"

            path = begin_once(conn, ctx, token=data.once, begin=begin)
    except NothingToSend as error:
        return redirect(f"/invoices/sendings/{batch_id}", say=error.message, tone=Tone.BAD)
    return redirect(path, say="They are sent again.")


@form(PATH + "/retry")
def retry(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> Html:
    """The failed stages once more."""
    return _change(
        database,
        ctx,
        batch_id,
        lambda conn: operations.retry(conn, ctx, operation_id=batch_id, code=None),
        said="What failed is tried again.",
    )


@form(PATH + "/mark-sent")
def mark_sent(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    batch_id: FromPath[int],
) -> Html:
    """All that is in doubt has arrived."""
    return _change(
        database,
        ctx,
        batch_id,
        lambda conn: messaging.mark_sent(conn, ctx, operation_id=batch_id),
        said="They count as sent.",
    )


@form(PATH + "/send-again")
def send_again(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> Html:
    """All that is in doubt once more."""
    return _change(
        database,
        ctx,
        batch_id,
        lambda conn: messaging.send_again(conn, ctx, operations, operation_id=batch_id),
        said="They are sent again.",
    )


def _change(database: Database, ctx: Context, batch_id: int, act: Callable[[Connection], object], *, said: str) -> Html:
    def checked(conn: Connection) -> None:
        service.get_sender(conn, operation_id=batch_id)
        act(conn)

    return change(database, ctx, checked, to=f"/invoices/sendings/{batch_id}", said=said)


SENDING_PAGES: Final = (sending_page, resend, retry, mark_sent, send_again)
