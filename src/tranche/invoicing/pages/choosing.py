"""From orders to invoices: choose by a filter or by hand, look at what would happen, create."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.invoicing import service
from tranche.invoicing.bulk.domain import Afterwards, SendWish
from tranche.invoicing.domain import OrderFilter, Preflight, Selection, Wishes
from tranche.invoicing.service import Choice
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import FieldError, Invalid, TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.text import camel
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.filters import words
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging.domain import Channel
from tranche.messaging.pages.outbox import NAMES, list_folders

_NEW: Final = "/invoices/new"
_MOST_DIGITS: Final = 18
_SHOWN: Final = 50
_GROUPS: Final = {
    "already_invoiced": "already invoiced",
    "insufficient_stock": "short of stock",
    "no_branch": "without a branch",
    "order_cancelled": "cancelled",
    "order_is_return": "returns",
    "order_not_found": "gone",
    "no_lines": "without lines",
    "bad_quantity": "with a bad quantity",
    "bad_price": "with a bad price",
    "amount_too_large": "too large",
}


class ChooseForm(Body, frozen=True):
    """A filter as the list of orders has it, or `orderIds` ticked by hand."""

    status: str = "open"
    search: str = ""
    batch_id: str = ""
    customer_id: str = ""
    order_ids: tuple[str, ...] = ()


class CreateForm(Body, frozen=True):
    """What the invoices shall say; what is left empty is as the settings have it."""

    invoice_date: str = ""
    due_days: str = ""
    language: str = ""
    notes: str = ""
    pdf: str = ""
    send: str = ""
    method: Channel = Channel.EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Orders of a selection that share a verdict, as a chip; `tone` is the verdict's state."""

    code: str
    label: str
    orders: int
    tone: str


@page(_NEW)
def choose_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The filter; parameters of the list of orders fill it."""
    del ctx, database
    given = request.query_params
    data = ChooseForm(
        status=given.get("status", "open"),
        search=given.get("search", given.get("q", "")),
        batch_id=given.get("batchId", ""),
        customer_id=given.get("customerId", ""),
    )
    return render(request, "invoicing/choose.html", {"data": data, "faults": {}})


@form(_NEW)
def choose(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[ChooseForm],
) -> Html:
    """Freeze what matches now, and go on to look at it. The list of orders sends its selection here too."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            if data.order_ids:
                ids = [_whole(text, "/orderIds") or 0 for text in data.order_ids]
                selection = service.freeze_listed(conn, ctx, order_ids=ids)
            else:
                selection = service.freeze_selection(conn, ctx, wanted=_filter(data))
    except Invalid as error:
        return render(request, "invoicing/choose.html", {"data": data, "faults": _faults(error)}, status=400)
    return redirect(f"{_NEW}/{selection.id}")


@page(_NEW + "/{selection_id:int}")
def look_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    selection_id: FromPath[int],
) -> Html:
    """What would become of the selection now, the first orders of one `group`, and what the invoices shall say."""
    return _look(request, ctx, database, selection_id, CreateForm())


@form(_NEW + "/{selection_id:int}")
def create(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    selection_id: FromPath[int],
    data: URLEncodedBody[CreateForm],
) -> Html:
    """Start the run, and go to its page."""
    try:
        wishes = _wishes(data)
        with database.transaction(ctx.organization_id) as conn:
            operation = service.start_run(
                conn,
                ctx,
                operations,
                choice=Choice(selection_id=selection_id),
                wishes=wishes,
                urgency=0,
                now=datetime.now(UTC),
                afterwards=_afterwards(data).dump(),
            )
    except Invalid as error:
        return _look(request, ctx, database, selection_id, data, error=error)
    return redirect(f"/operations/{operation.id}", say="Batch job started. You can close this page.")


def _look(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    selection_id: int,
    data: CreateForm,
    *,
    error: TrancheError | None = None,
) -> Html:
    with database.transaction(ctx.organization_id) as conn:
        selection = service.get_selection(conn, selection_id=selection_id)
        group = request.query_params.get("group", service.READY)
        choice = Choice(selection_id=selection_id)
        seen = service.preflight(conn, ctx, choice=choice, wishes=Wishes(), group=group, shown=_SHOWN)
        settings, folders = service.get_settings(conn), list_folders(conn)
    shown = {
        "selection": selection,
        "words": _words(selection),
        "seen": seen,
        "groups": _groups(seen),
        "group": group,
        "settings": settings,
        "methods": [(one.value, NAMES[one]) for one in Channel],
        "folders": folders,
        "data": data,
        "faults": _faults(error) if error else {},
    }
    return render(request, "invoicing/look.html", shown, status=400 if error else 200)


def _groups(seen: Preflight) -> list[Group]:
    """Those ready first, whatever their number, then what stands in the way, the commonest first."""
    others = [
        Group(code=found.code, label=_GROUPS.get(found.code, words(found.code)), orders=found.orders, tone=found.status)
        for found in seen.findings
        if found.code
    ]
    return [Group(code=service.READY, label="ready", orders=seen.ready, tone="succeeded"), *others]


def _faults(error: TrancheError) -> dict[str, str]:
    """By the names of the form's fields: verbs point at `due_days`, forms call it `dueDays`."""
    return {camel(name): text for name, text in faults_of(error).items()}


def _words(selection: Selection) -> str:
    wanted = selection.filter
    parts = [
        wanted.status or "any state",
        f"numbered {wanted.search}…" if wanted.search else "",
        f"of upload {wanted.batch_id}" if wanted.batch_id else "",
        f"of customer {wanted.customer_id}" if wanted.customer_id else "",
    ]
    return ", ".join(part for part in parts if part)


def _filter(data: ChooseForm) -> OrderFilter:
    return OrderFilter(
        status=data.status or None,
        search=data.search.strip() or None,
        batch_id=_whole(data.batch_id, "/batchId"),
        customer_id=_whole(data.customer_id, "/customerId"),
    )


def _wishes(data: CreateForm) -> Wishes:
    return Wishes(
        invoice_date=_day(data.invoice_date, "/invoiceDate"),
        due_days=_whole(data.due_days, "/dueDays"),
        language=data.language.strip() or None,
        notes=data.notes.strip() or None,
    )


def _afterwards(data: CreateForm) -> Afterwards:
    send = SendWish(channel=data.method, include_pdf=bool(data.pdf))
    return Afterwards(pdf=bool(data.pdf), send=send if data.send else None)


def _whole(text: str, pointer: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Invalid("That is no whole number.", errors=[FieldError(pointer, "must be a whole number")])
    return int(text)


def _day(text: str, pointer: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("That is no day.", errors=[FieldError(pointer, "must be a day such as 2026-11-28")]) from None


CHOOSING: Final[tuple[Any, ...]] = (choose_page, choose, look_page, create)
