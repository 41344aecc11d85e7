"""`tranche invoices`: create, list, show, void and credit invoices, by way of a server."""

from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer

from tranche.invoicing.outcome import finish, leave
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.numbers import INVOICES, ORDERS
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table
from tranche.kernel.text import plural

_HOME = "/api/invoices"
_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Number", "number"),
    Column("Kind", "kind"),
    Column("Status", "status"),
    Column("Date", "invoiceDate"),
    Column("Due", "dueDate"),
    Column("Customer", "customerName"),
    Column("Order", "orderNumber"),
    Column("Total", "total", Kind.COUNT),
    Column("Currency", "currency"),
)
_NOTE_COLUMNS = (Column("Credited by", "creditedBy"), Column("Credits", "creditedNumber"))
_LINE_COLUMNS = (
    Column("Line", "lineNumber", Kind.NUMBER),
    Column("Item", "itemCode"),
    Column("Description", "description"),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Unit price", "unitPrice", Kind.COUNT),
    Column("Tax %", "taxRate", Kind.NUMBER),
    Column("Net", "net", Kind.COUNT),
    Column("Tax", "tax", Kind.COUNT),
)
_LOT_COLUMNS = (
    Column("Lot", "batchNumber"),
    Column("Item", "itemId", Kind.NUMBER),
    Column("Branch", "branchId", Kind.NUMBER),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Put back", "isReturned"),
)
_STEP_COLUMNS = (
    Column("Operation", "operationId", Kind.NUMBER),
    Column("Step", "stage"),
    Column("State", "status"),
    Column("When", "updatedAt", Kind.MOMENT),
    Column("Why", "error"),
)
_FINDING_COLUMNS = (
    Column("Orders", "orders", Kind.COUNT),
    Column("Verdict", "status"),
    Column("Why", "message"),
    Column("Such as", "such"),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Create invoices from orders, look at them, void.")

InvoiceArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="INVOICE", help="Its number, such as INV-2026-000011, or its id.")
]
ReasonOption: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; it is kept with the invoice.")]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class InvoiceStatus(StrEnum):
    """What `--status` takes."""

    ISSUED = "issued"
    VOID = "void"
    CREDITED = "credited"


class OrderStatus(StrEnum):
    """What `create --status` takes."""

    OPEN = "open"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"


class Method(StrEnum):
    """What `create --send` takes."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


@app.command()
def create(
    orders: Annotated[
        list[str] | None,
        typer.Argument(metavar="ORDER...", help="Numbers or ids of orders, in the order in which stock is given."),
    ] = None,
    *,
    all_open: Annotated[bool, typer.Option("--all-open", help="All open orders of the organization.")] = False,
    batch: Annotated[int | None, typer.Option(min=1, help="All orders of this batch.", show_default=False)] = None,
    customer: Annotated[
        int | None, typer.Option(min=1, help="All orders of this customer.", show_default=False)
    ] = None,
    search: Annotated[str | None, typer.Option(help="All whose number begins so.", show_default=False)] = None,
    status: Annotated[OrderStatus, typer.Option(help="Of those, only orders of this status.")] = OrderStatus.OPEN,
    due_days: Annotated[int | None, typer.Option(min=0, help="Days until payment is due.", show_default=False)] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Then print them, and gather them in a zip.")] = False,
    send: Annotated[
        Method | None, typer.Option(help="Then send each to its customer by this channel.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    yes: YesOption = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Create invoices from orders: of those that are named, or of all that match; exit code 3 when some failed."""
    narrowed = {"batch_id": batch, "customer_id": customer, "search": search}
    wanted = {name: value for name, value in narrowed.items() if value is not None}
    _require_choice(named=bool(orders), narrowed=bool(wanted), all_open=all_open)
    body: dict[str, Any] = {"due_days": due_days} if due_days is not None else {}
    with open_client() as client:
        if orders:
            body["order_ids"] = _find_orders(client, orders)
        else:
            body["filter"] = {**wanted, "status": status.value}
        seen = client.post(f"{_HOME}/preflight", body=body)["data"]
        _warn_of_unreachable(seen, send=send)
        if dry_run:
            _show_preflight(seen, json=json)
            return
        if not yes:
            _ask_about(seen, json=json)
        started = client.post("/functions/v1/batch-invoice-orders", body={**body, **_afterwards(pdf=pdf, send=send)})
        code = finish(client, started, json=json) if wait else leave(started, json=json)
    raise typer.Exit(code)


@app.command("list")
def list_invoices(
    *,
    status: Annotated[InvoiceStatus | None, typer.Option(help="Only of this status.", show_default=False)] = None,
    customer: Annotated[int | None, typer.Option(min=1, help="Only of this customer.", show_default=False)] = None,
    operation: Annotated[int | None, typer.Option(min=1, help="Only of this run.", show_default=False)] = None,
    search: Annotated[str | None, typer.Option(help="The beginning of a number.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List invoices and credit notes, the newest first."""
    params = {
        "status": status.value if status else None,
        "customerId": customer,
        "operationId": operation,
        "search": search,
        "page": page,
        "limit": limit,
    }
    with open_client() as client:
        answer = client.get(_HOME, params=params)
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="invoices")


@app.command()
def show(invoice: InvoiceArgument, *, json: JsonOption = False) -> None:
    """Show one invoice with its lines, the lots that its goods came from, and how its printing and sending went."""
    with open_client() as client:
        answer = client.get(f"{_HOME}/{INVOICES.find_id(client, invoice)}")
    if json:
        show_json(answer)
        return
    found = answer["data"]
    notes = [column for column in _NOTE_COLUMNS if found[column.key]]
    show_fields((*_COLUMNS, *notes, Column("Why closed", "closeReason")), {**found, **found["invoice"]})
    show_table(_LINE_COLUMNS, found["lines"])
    if found["allocations"]:
        show_table(_LOT_COLUMNS, found["allocations"])
    if found["steps"]:
        show_table(_STEP_COLUMNS, found["steps"])


@app.command()
def void(invoice: InvoiceArgument, *, reason: ReasonOption, yes: YesOption = False, json: JsonOption = False) -> None:
    """Void an invoice: it keeps its number, its order may be invoiced again, its stock goes back."""
    _close(invoice, "void", verb="Void", reason=reason, yes=yes, json=json)


@app.command()
def credit(invoice: InvoiceArgument, *, reason: ReasonOption, yes: YesOption = False, json: JsonOption = False) -> None:
    """Issue a credit note over the whole of an invoice."""
    _close(invoice, "credit-note", verb="Credit", reason=reason, yes=yes, json=json)


def _close(invoice: str, path: str, *, verb: str, reason: str, yes: bool, json: bool) -> None:
    with open_client() as client:
        found = client.get(f"{_HOME}/{INVOICES.find_id(client, invoice)}")["data"]["invoice"]
        what = f"{found['number']} ({found['total']} {found['currency']}, {found['customerName']})"
        if not (yes or ask(f"{verb} {what}?")):
            say("Nothing was changed. (--yes does not ask.)")
            raise typer.Exit(ExitCode.FAILURE)
        answer = client.post(f"{_HOME}/{found['id']}/{path}", body={"data": {"reason": reason}})
    if json:
        show_json(answer)
    else:
        say(f"{answer['message']}: {answer['data']['invoice']['number']}.")


def _require_choice(*, named: bool, narrowed: bool, all_open: bool) -> None:
    """Nobody invoices the whole company by pressing enter: which orders are meant is said, and in one way."""
    if not (named or narrowed or all_open):
        raise typer.BadParameter(
            "say which orders: by their numbers or ids, by --batch, --customer or --search, or --all-open for all"
        )
    if named + narrowed + all_open > 1:
        raise typer.BadParameter("name orders, or narrow them by --batch, --customer and --search, or say --all-open")


def _find_orders(client: Client, orders: list[str]) -> list[int]:
    """Their ids, in the order in which they were named; none may be named twice."""
    found: dict[int, str] = {}
    for order in orders:
        id_ = ORDERS.find_id(client, order)
        if id_ in found:
            before = "is named twice" if found[id_] == order else f"is the same order as {found[id_]}"
            raise typer.BadParameter(f"{order} {before}")
        found[id_] = order
    return list(found)


def _afterwards(*, pdf: bool, send: Method | None) -> dict[str, Any]:
    options: dict[str, Any] = {"generate_pdf": True} if pdf else {}
    return {**options, "send_immediately": True, "communication_method": send.value} if send else options


def _ask_about(seen: Json, *, json: bool) -> None:
    """End here without a yes, or where there is nothing that could be created."""
    if not json or not seen["ready"]:
        _show_preflight(seen, json=json)
    if not seen["ready"]:
        say(f"None of {plural(seen['total_items'], 'order')} is ready, so there is nothing to create.")
        raise typer.Exit(ExitCode.FAILURE)
    if not ask(f"Create {plural(seen['ready'], 'invoice')} ({plural(seen['total_items'], 'order')})?"):
        if json:
            show_json(seen)
        say("Nothing was created. (--yes creates without asking.)")
        raise typer.Exit(ExitCode.FAILURE)


def _warn_of_unreachable(seen: Json, *, send: Method | None) -> None:
    name, what = ("email", "e-mail address") if send is Method.EMAIL else ("phone", "phone number")
    count = seen[f"customers_without_{name}"]
    if send and count:
        say(f"Customers without {what}, to whom nothing can be sent: {count:,}.")


def _show_preflight(seen: Json, *, json: bool) -> None:
    if json:
        show_json(seen)
        return
    show_table(_FINDING_COLUMNS, [{**found, "such": ", ".join(found["examples"])} for found in seen["findings"]])
    for total in seen["sums"]:
        say(f"Orders that are ready: {total['orders']:,}, together {total['total']} {total['currency']}.")
