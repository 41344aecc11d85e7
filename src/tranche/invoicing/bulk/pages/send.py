"""Sending invoices: which ones, how, whom it reaches, three real samples, a test to oneself, then the sending."""

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk import service
from tranche.invoicing.bulk.design import get_design
from tranche.invoicing.bulk.domain import SendWish
from tranche.invoicing.bulk.pages.choosing import ChoiceForm, list_faults, read_ids, with_ids
from tranche.invoicing.bulk.previewing import LookAhead, look_ahead
from tranche.invoicing.printing.press import print_document
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, NotFound, TrancheError
from tranche.kernel.identity.service import find_user
from tranche.kernel.notify.mail import MailFile
from tranche.kernel.operations.service import Operations
from tranche.kernel.secrets import SecretBox
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.once import begin_once, make_token
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service as messaging
from tranche.messaging.channels.carrier import Letter
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import Channel
from tranche.messaging.pages.outbox import NAMES

PATH: Final = "/invoices/send"


class SendForm(ChoiceForm, frozen=True):
    """Which invoices, and how."""

    method: Channel = Channel.EMAIL
    template: str = "invoice"
    subject: str = ""
    with_pdf: str = ""
    by_customer: str = ""


@page(PATH, role=Role.OPERATOR)
def send_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Choose: `run` (an operation's number) or `ids` may stand in the address."""
    data = SendForm(run=request.query_params.get("run", ""), ids=request.query_params.get("ids", ""), with_pdf="true")
    return _show(request, ctx, database, data, looks=bool(data.run or data.ids))


@form(PATH)
def look_at_sending(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[SendForm],
) -> Html:
    """Whom it would reach, and what three of them would get."""
    return _show(request, ctx, database, data, looks=True)


@form(PATH + "/test")
def send_test(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    delivery: NamedDependency[Delivery],
    printer: NamedDependency[Printer],
    secret_box: NamedDependency[SecretBox],
    data: URLEncodedBody[SendForm],
) -> Html:
    """The first recipient's mail, to oneself."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            found = look_ahead(conn, invoice_ids=read_ids(conn, data), wish=_wish(data))
            if not found.samples or ctx.user_id is None:
                raise Invalid("Nobody can be reached, so there is nothing to try out.")
            sample = found.samples[0]
            address = find_user(conn, user_id=ctx.user_id).email
            document, design = invoicing.get_invoice_document(conn, sample.invoice_id), get_design(conn)
            account, _ = messaging.open_account(
                conn, secret_box, organization_id=ctx.organization_id, channel=Channel.EMAIL
            )
        pdf = print_document(printer, document, design) if data.with_pdf else None
    except TrancheError as error:
        return _show(request, ctx, database, data, looks=True, word=(error.message, Tone.BAD))
    file = (MailFile(name=f"{sample.number}.pdf", media_type="application/pdf", content=pdf),) if pdf else ()
    letter = Letter(
        mail_id=f"<test-{secrets.token_hex(12)}@{delivery.domain}>",
        address=address,
        recipient=ctx.user_name,
        subject=f"[Test] {sample.subject}",
        body=sample.body,
        written_at=datetime.now(UTC),
        files=file,
    )
    outcome = delivery.test(account, letter)
    words = f"A test went to {address}." if outcome.is_sent else f"The test was not accepted: {outcome.error}"
    return _show(request, ctx, database, data, looks=True, word=(words, Tone.GOOD if outcome.is_sent else Tone.BAD))


@form(PATH + "/start")
def start_sending(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    data: URLEncodedBody[SendForm],
) -> Html:
    """Send."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            metadata = {"method": data.method.value, "include_pdf": bool(data.with_pdf)}

            def begin() -> str:
                ids, wish = read_ids(conn, data), _wish(data)
                made = service.start_messages(conn, ctx, operations, invoice_ids=ids, wish=wish, metadata=metadata)
                return f"/invoices/sendings/{made.id}"

            path = begin_once(conn, ctx, token=data.once, begin=begin)
    except (Invalid, NotFound) as error:
        return _show(request, ctx, database, data, looks=False, error=error)
    return redirect(path, say="The sending has begun.")


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    data: SendForm,
    *,
    looks: bool,
    error: TrancheError | None = None,
    word: tuple[str, Tone] | None = None,
) -> Html:
    ahead: LookAhead | None = None
    with database.transaction(ctx.organization_id) as conn:
        templates = sorted({one.name for one in messaging.list_templates(conn, channel=data.method)})
        if looks and error is None:
            try:
                ids = read_ids(conn, data)
                ahead = look_ahead(conn, invoice_ids=ids, wish=_wish(data))
                data = with_ids(data, ids)
            except (Invalid, NotFound) as found:
                error = found
    shown: dict[str, Any] = {
        "data": data,
        "ahead": ahead,
        "word": word,
        "faults": list_faults(error) if error else {},
        "methods": [(one.value, NAMES[one]) for one in Channel],
        "templates": [(name, name.replace("_", " ").capitalize()) for name in templates],
        "name": NAMES[data.method],
        "once": make_token(),
    }
    return render(request, "invoicing/send.html", shown, status=400 if error else 200)


def _wish(data: SendForm) -> SendWish:
    return SendWish(
        channel=data.method,
        subject=data.subject.strip() or None,
        template=data.template,
        include_pdf=bool(data.with_pdf),
        by_customer=bool(data.by_customer),
    )


SEND_PAGES: Final = (send_page, look_at_sending, send_test, start_sending)
